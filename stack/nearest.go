package stack

import "strings"

// Nearest returns the known name that name probably means, or "" if more than a third
// of the letters of each known name differ.
func Nearest(name string, known []string) string {
	best, distance := "", (len(name)+2)/3+1
	for _, k := range known {
		if d := Distance(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// Distance is the smallest number of insertions, deletions and substitutions that
// change a to b.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j]+1, row[j+1]+1, cost)
		}
	}
	return row[len(b)]
}
