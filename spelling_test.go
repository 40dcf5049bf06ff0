package provision_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const wordList = "testdata/words.txt"

var (
	// notProse matches code, links and ids.
	notProse = regexp.MustCompile("(?s)```.*?```|~~~.*?~~~|<!--.*?-->|(?m)^ {4}[^\n]*$|`[^`]*`|\\]\\([^)]*\\)|https?://\\S+|\\$\\{[^}]*\\}")
	oneWord  = regexp.MustCompile(`[A-Za-z][A-Za-z'’]*[A-Za-z]|[A-Za-z]`)
)

// TestSpelling compares the words of the documentation with a word list. UPDATE=1 adds words: a
// mistake is then visible in the diff of the list, between similar words. Generated pages are
// included, so that the texts in the code are also checked.
func TestSpelling(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(wordList)
	if err != nil && os.Getenv("UPDATE") == "" {
		t.Fatal(err)
	}
	known := strings.Fields(string(raw))
	if !slices.IsSorted(known) {
		t.Errorf("%s is not sorted", wordList)
	}
	var missing []string
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words(string(text)) {
			if _, found := slices.BinarySearch(known, word); found || slices.Contains(missing, word) {
				continue
			}
			missing = append(missing, word)
			if os.Getenv("UPDATE") == "" {
				t.Errorf("%s: %q is not in %s; correct it, or add it with UPDATE=1 go test -run TestSpelling .", page, word, wordList)
			}
		}
	}
	if os.Getenv("UPDATE") != "" && len(missing) > 0 {
		all := append(known, missing...)
		slices.Sort(all)
		if err := os.WriteFile(wordList, []byte(strings.Join(all, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// words returns the English words of a page in lower case. A word that contains a capital letter
// or a digit after its first letter is a name.
func words(page string) (all []string) {
	for _, field := range strings.Fields(notProse.ReplaceAllString(page, " ")) {
		if strings.ContainsAny(field, "0123456789_$/@\\{}<>=") {
			continue
		}
		for _, word := range oneWord.FindAllString(strings.ReplaceAll(field, "’", "'"), -1) {
			if len(word) > 1 && strings.ToLower(word[1:]) == word[1:] {
				all = append(all, strings.ToLower(strings.TrimSuffix(word, "'s")))
			}
		}
	}
	return all
}

func TestWords(t *testing.T) {
	t.Parallel()
	const page = "The tenant's `kodes`, MSAL and\n```sh\nprovison\n```\n    indnted\nsee [Pages](pags.md) of https://exmple.org/x\n"
	if got, want := strings.Join(words(page), " "), "the tenant and see pages of"; got != want {
		t.Errorf("words %q, want %q", got, want)
	}
}

// phrases are expressions that the documentation does not use, with what to write instead.
var phrases = map[string]string{
	`\b[Tt]hose that\b`:          "repeat the noun",
	`\bso long as\b`:             "while, if",
	`\bwhat is none\b`:           "name it",
	`\boftener\b`:                "more often",
	`\b[Ww]hoever\b`:             "anyone who",
	`\bputs? up with\b`:          "tolerates",
	`\bof ours\b`:                "of provision",
	`\bstrangers?\b`:             "unmanaged object, other user",
	`\bweather\b`:                "fault injection",
	`\bThere is:`:                "name the list",
	`\b(he|him|his|himself)\b`:   "they",
	`\bthe tenant's own\b`:       "the tenant's",
	`\bmade anew\b`:              "created again",
	`\bIt goes without saying\b`: "leave it out",
}

// TestPlainEnglish: pages do not contain the phrases above, and each page of docs begins with
// its purpose and readers.
func TestPlainEnglish(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := notProse.ReplaceAllString(string(raw), " ")
		for phrase, instead := range phrases {
			if found := regexp.MustCompile(phrase).FindString(text); found != "" {
				t.Errorf("%s: %q: %s", page, found, instead)
			}
		}
		if dir := filepath.ToSlash(filepath.Dir(page)); dir != "docs" && dir != "docs/clients" {
			continue
		}
		_, body, _ := strings.Cut(text, "\n")
		first, _, _ := strings.Cut(strings.TrimSpace(body), "\n\n")
		if !regexp.MustCompile(`(?i)\bth(is|ese) pages?\b`).MatchString(first) {
			t.Errorf("%s: the first paragraph does not say what the page is for and who needs it: %q", page, first)
		}
	}
}
