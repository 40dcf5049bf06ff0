package odata

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Search is a parsed $search: alternatives of terms that all have to match.
// Source: learn.microsoft.com/graph/search-query-parameter#using-search-on-directory-object-collections.
type Search [][]term

// term requires a property in which every word of a text is the beginning of a word.
type term struct {
	property string
	words    []string
}

// searchable are the properties that $search knows; others match as startsWith.
var searchable = []string{"displayName", "description", "mail", "mailNickname", "userPrincipalName"}

// ParseSearch reads "property:text", joined by AND and OR.
func (r Resource) ParseSearch(value string) (Search, error) {
	malformed := badSyntax("Invalid $search clause: '%s'. Expected \"property:value\", joined by AND or OR.", value)
	all := Search{nil}
	rest := strings.TrimSpace(value)
	for {
		if !strings.HasPrefix(rest, `"`) {
			return nil, malformed
		}
		end := strings.Index(rest[1:], `"`)
		if end < 0 {
			return nil, malformed
		}
		property, text, found := strings.Cut(rest[1:end+1], ":")
		if !found || strings.TrimSpace(text) == "" {
			return nil, malformed
		}
		if !r.has(property) || !slices.Contains(searchable, property) {
			return nil, unsupportedQuery("The property '%s' cannot be searched.", property)
		}
		all[len(all)-1] = append(all[len(all)-1], term{property, words(text)})
		rest = strings.TrimSpace(rest[end+2:])
		if rest == "" {
			return all, nil
		}
		operator, after, _ := strings.Cut(rest, " ")
		switch operator {
		case "AND":
		case "OR":
			all = append(all, nil)
		default:
			return nil, malformed
		}
		rest = strings.TrimSpace(after)
	}
}

// words splits a text like Entra: at blanks and symbols, and between a small letter and
// a capital.
func words(text string) []string {
	var all []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			all = append(all, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	small := false
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			small = false
			continue
		}
		if small && unicode.IsUpper(r) {
			flush()
		}
		small = unicode.IsLower(r)
		word.WriteRune(r)
	}
	flush()
	return all
}

// Matches reports whether an object matches the search. Every object matches an empty
// search.
func (s Search) Matches(object any) bool {
	if s == nil {
		return true
	}
	v := reflect.Indirect(reflect.ValueOf(object))
	return slices.ContainsFunc(s, func(terms []term) bool {
		return !slices.ContainsFunc(terms, func(t term) bool { return !t.matches(v) })
	})
}

func (t term) matches(v reflect.Value) bool {
	at, ok := ValueAt(v, []string{t.property})
	if at = reflect.Indirect(at); !ok || !at.IsValid() {
		return false
	}
	held := append(words(at.String()), strings.ToLower(at.String()))
	return !slices.ContainsFunc(t.words, func(word string) bool {
		return !slices.ContainsFunc(held, func(h string) bool { return strings.HasPrefix(h, word) })
	})
}
