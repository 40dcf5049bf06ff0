package login

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTroubleshootingListsEveryCode compares the table of docs/troubleshooting.md with
// errorTable: each code has one row with a cause and an action, and no row names a code that
// the authorization server never returns.
func TestTroubleshootingListsEveryCode(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(raw), "## By AADSTS code")
	if !found {
		t.Fatal("docs/troubleshooting.md has no section By AADSTS code")
	}
	rows := map[int]int{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([0-9, ]+) \| ([^|]+) \| ([^|]+) \|$`).FindAllStringSubmatch(table, -1) {
		for code := range strings.SplitSeq(m[1], ", ") {
			n, err := strconv.Atoi(code)
			if err != nil {
				t.Fatalf("%q is not a code", code)
			}
			rows[n]++
			if _, known := errorTable[n]; !known {
				t.Errorf("docs/troubleshooting.md explains AADSTS%d, which the local tenant never returns", n)
			}
		}
	}
	for code := range errorTable {
		if rows[code] != 1 {
			t.Errorf("docs/troubleshooting.md has %d rows for AADSTS%d, want one with a cause and an action", rows[code], code)
		}
	}
}
