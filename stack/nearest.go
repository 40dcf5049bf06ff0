package stack

import "strings"

// Nearest returns the known name that name probably means, or "" if more than a third
// of the letters of the longer name differ.
func Nearest(name string, known []string) string {
	best, distance := "", len(name)+1
	for _, k := range known {
		if d := Distance(strings.ToLower(name), strings.ToLower(k)); d < distance && d <= max(len(name), len(k))/3 {
			best, distance = k, d
		}
	}
	return best
}

// Distance returns the smallest number of insertions, deletions and substitutions of letters, and
// of exchanges of two adjacent letters, that change a to b.
func Distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1) // for the first letters of a, two and one less than in next
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := row[j]
			if a[i] != b[j] {
				cost++
			}
			next[j+1] = min(next[j]+1, row[j+1]+1, cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
