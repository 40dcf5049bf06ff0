package odata

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// book is a resource that is not part of a directory.
type book struct {
	ID       string     `json:"id"`
	Title    string     `json:"title"`
	ISBN     *string    `json:"isbn"`
	Pages    int        `json:"pages"`
	Lent     bool       `json:"lent"`
	Printed  *time.Time `json:"printed"`
	Tags     []string   `json:"tags"`
	Authors  []author   `json:"authors"`
	Place    *place     `json:"place"`
	Internal string     `json:"-"`
}

type author struct {
	Name string `json:"name"`
	Born int    `json:"born"`
}

type place struct {
	Shelf string `json:"shelf"`
}

var books = Resource{Type: "library.book", Name: "Book", Structs: []reflect.Type{reflect.TypeFor[book]()},
	Filters: map[string]Rule{
		"id":           {ByDefault: []string{"eq", "in"}, GUID: true},
		"title":        {ByDefault: []string{"eq", "in", "ge", "le", "startswith"}, Advanced: []string{"ne", "null", "endswith"}},
		"isbn":         {Advanced: []string{"eq", "ne", "null"}},
		"pages":        {ByDefault: []string{"eq", "ge", "le"}},
		"lent":         {ByDefault: []string{"eq"}, Advanced: []string{"ne"}},
		"printed":      {ByDefault: []string{"eq", "ge", "le"}, Advanced: []string{"null"}},
		"tags":         {ByDefault: []string{"eq", "startswith"}},
		"authors/name": {ByDefault: []string{"eq"}},
		"place/shelf":  {ByDefault: []string{"eq"}},
	},
	Sortable: map[string]bool{"title": true, "pages": false}}

func library() []any {
	isbn, printed := "978-0", time.Date(1999, 5, 1, 0, 0, 0, 0, time.UTC)
	return []any{
		&book{ID: "1", Title: "Dune", Pages: 412, Tags: []string{"sand", "worms"}, Authors: []author{{"Herbert", 1920}}, Place: &place{"A"}},
		&book{ID: "2", Title: "emma", Pages: 474, Lent: true, ISBN: &isbn, Printed: &printed},
		&book{ID: "3", Title: "Emil's day", Pages: 160, Tags: []string{"sand"}, Authors: []author{{"Kästner", 1899}, {"Trier", 1890}}},
	}
}

func titles(objects []any) string {
	var all []string
	for _, o := range objects {
		all = append(all, o.(*book).Title)
	}
	return strings.Join(all, ", ")
}

// TestFilters: how a filter is parsed, whether it requires advanced query capabilities, and which
// objects it selects.
func TestFilters(t *testing.T) {
	t.Parallel()
	for filter, c := range map[string]struct {
		advanced bool
		want     string
	}{
		"title eq 'dune'":                                     {false, "Dune"},
		"title eq 'Emil''s day'":                              {false, "Emil's day"},
		"TITLE eq 'dune'":                                     {true, "refused"},
		"title EQ 'dune'":                                     {false, "Dune"},
		"title in ('Dune', 'emma', 'x')":                      {false, "Dune, emma"},
		"startswith(title,'em')":                              {false, "emma, Emil's day"},
		"startswith(title,'em') eq false":                     {true, "Dune"},
		"startswith(title,'em') ne true":                      {true, "Dune"},
		"endswith(title,'a')":                                 {true, "emma"},
		"title ge 'e' and title le 'emj'":                     {false, "Emil's day"},
		"title eq 'Dune' or lent eq true":                     {false, "Dune, emma"},
		"title eq 'x' or title eq 'Dune' and lent eq true":    {false, ""},
		"(title eq 'x' or title eq 'Dune') and lent eq false": {false, "Dune"},
		"not (title eq 'Dune')":                               {true, "emma, Emil's day"},
		"not not (title eq 'Dune')":                           {false, "Dune"},
		"title ne 'Dune'":                                     {true, "emma, Emil's day"},
		"isbn eq null":                                        {true, "Dune, Emil's day"},
		"isbn ne null":                                        {true, "emma"},
		"isbn eq '978-0'":                                     {true, "emma"},
		"pages ge 412":                                        {false, "Dune, emma"},
		"pages eq 160":                                        {false, "Emil's day"},
		"printed ge 1999-01-01":                               {false, "emma"},
		"printed le 1998-12-31T23:59:59Z":                     {false, ""},
		"printed eq 1999-05-01T02:00:00+02:00":                {false, "emma"},
		"tags/any(t:t eq 'SAND')":                             {false, "Dune, Emil's day"},
		"tags/any(t:startswith(t,'w'))":                       {false, "Dune"},
		"tags/any()":                                          {true, "Dune, Emil's day"},
		"tags/$count eq 0":                                    {true, "emma"},
		"tags/$count ge 2":                                    {true, "Dune"},
		"authors/any(a:a/name eq 'trier')":                    {false, "Emil's day"},
		"place/shelf eq 'A'":                                  {false, "Dune"},
		"id eq '2'":                                           {false, "emma"},
		"id eq 11111111-1111-1111-1111-111111111111":          {false, ""},
		"title eq 11111111-1111-1111-1111-111111111111":       {true, "refused"},
		"pages eq '412'":                                      {true, "refused"},
		"pages ne 412":                                        {true, "refused"},
		"pages gt 412":                                        {true, "refused"},
		"contains(title,'u')":                                 {true, "refused"},
		"authors/any(a:a/born eq 1920)":                       {true, "refused"},
		"authors/any(a:b/name eq 'x')":                        {true, "refused"},
		"authors/any(a:a/x eq 'x')":                           {true, "refused"},
		"title/any(t:t eq 'x')":                               {true, "refused"},
		"tags/all(t:t eq 'x')":                                {true, "refused"},
		"authors/any(a:authors/any(b:b/name eq 'x'))":         {true, "refused"},
		"tags eq 'x'":                                         {true, "refused"},
		"internal eq 'x'":                                     {true, "refused"},
		"title/x eq 'x'":                                      {true, "refused"},
		"tags/$count eq 'x'":                                  {true, "refused"},
		"title/$count eq 1":                                   {true, "refused"},
		"":                                                    {true, "refused"},
		"title":                                               {true, "refused"},
		"title eq":                                            {true, "refused"},
		"title eq title":                                      {true, "refused"},
		"title eq 'x":                                         {true, "refused"},
		"title eq 'x' and":                                    {true, "refused"},
		"title eq 'x')":                                       {true, "refused"},
		"(title eq 'x'":                                       {true, "refused"},
		"title in ()":                                         {true, "refused"},
		"title in ('x'":                                       {true, "refused"},
		"startswith(title 'x')":                               {true, "refused"},
		"title eq ~":                                          {true, "refused"},
		strings.Repeat("(", 70) + "lent eq true" + strings.Repeat(")", 70): {true, "refused"},
		"title in ('" + strings.Repeat("x','", 15) + "y')":                 {true, "refused"},
		"title in ('" + strings.Repeat("x','", 14) + "Dune')":              {false, "Dune"},
		strings.Repeat("lent eq true or ", 15) + "lent eq true":            {true, "refused"},
		strings.Repeat("lent eq true and ", 15) + "lent eq true":           {false, "emma"},
	} {
		for _, advanced := range []bool{false, true} {
			parsed, err := ParseFilter(filter)
			if err == nil {
				err = books.CheckFilter(parsed, advanced)
			}
			if refused := c.want == "refused" || c.advanced && !advanced; refused != (err != nil) {
				t.Errorf("%s (advanced: %t): %v", filter, advanced, err)
			}
			var refusal *Error
			if err != nil && !errors.As(err, &refusal) {
				t.Errorf("%s: %T is no refusal", filter, err)
			}
			if err != nil {
				continue
			}
			left := slices.DeleteFunc(library(), func(o any) bool { return !Matches(parsed, o) })
			if got := titles(left); got != c.want {
				t.Errorf("%s leaves %q, want %q", filter, got, c.want)
			}
		}
	}
}

// TestPages: a list is split into pages, each of which begins after the previous one.
func TestPages(t *testing.T) {
	t.Parallel()
	filter, err := ParseFilter("startswith(title,'em')")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query Query
		want  []string
		total int
	}{
		"by id":             {Query{Top: 2}, []string{"Dune, emma", "Emil's day"}, 0},
		"in one page":       {Query{Top: 3}, []string{"Dune, emma, Emil's day"}, 0},
		"one by one":        {Query{Top: 1, Filter: filter}, []string{"emma", "Emil's day"}, 0},
		"counted":           {Query{Top: 2, Count: true}, []string{"Dune, emma", "Emil's day"}, 3},
		"counted and found": {Query{Top: 5, Count: true, Filter: filter}, []string{"emma, Emil's day"}, 2},
		"sorted by text":    {Query{Top: 2, OrderBy: []SortKey{{"title", false}}}, []string{"Dune, Emil's day", "emma"}, 3},
		"the other way":     {Query{Top: 2, OrderBy: []SortKey{{"title", true}}}, []string{"emma, Emil's day", "Dune"}, 3},
		"by two keys":       {Query{Top: 3, OrderBy: []SortKey{{"lent", true}, {"title", true}}}, []string{"emma, Emil's day, Dune"}, 3},
	} {
		objects := library()
		slices.Reverse(objects) // an index returns them in any order
		var pages []string
		for {
			page, total, next := c.query.Page(objects)
			pages = append(pages, titles(page))
			if total != c.total {
				t.Errorf("%s: %d in all, want %d", name, total, c.total)
			}
			if next == nil || len(pages) > 3 {
				break
			}
			if c.query.After, err = ParsePosition(next.Token()); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(pages, c.want) {
			t.Errorf("%s: %q, want %q", name, pages, c.want)
		}
	}
	if _, err := ParsePosition("!"); err == nil {
		t.Error("a token of no position is taken")
	}
}

// TestOrderBySelectAndSearch: the options that a resource supports, and the options that it
// refuses.
func TestOrderBySelectAndSearch(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string][3]bool{ // by default, with a filter, with advanced query capabilities
		"title": {true, false, true}, "title desc": {true, false, true}, "pages": {false, false, true}, "title asc,pages desc": {false, false, true},
		"isbn": {}, "x": {}, "": {}, "title up": {}, "title desc x": {},
	} {
		for i, want := range ok {
			if _, err := books.ParseOrderBy(value, i == 2, i == 1); (err == nil) != want {
				t.Errorf("$orderby=%s (%d): %v", value, i, err)
			}
		}
	}
	for value, want := range map[string]string{"title,pages": "title,pages", "place/shelf": "place", " id ": "id", "*": "", "x": "refused", "isbn": "refused", "internal": "refused"} {
		selected, err := books.ParseSelect(value, []string{"isbn"})
		if got := strings.Join(selected, ","); (err != nil) != (want == "refused") || err == nil && got != want {
			t.Errorf("$select=%s: %q, %v", value, got, err)
		}
	}
	people := Resource{Type: "t", Structs: []reflect.Type{reflect.TypeFor[person]()}}
	ada := &person{DisplayName: "AdaLovelace-Byron", Mail: nil}
	for value, want := range map[string]string{
		`"displayName:ada"`: "found", `"displayName:love by"`: "found", `"displayName:ovelace"`: "", `"displayName:adalovelace"`: "found",
		`"displayName:x" OR "displayName:byron"`: "found", `"displayName:x" AND "displayName:byron"`: "", `"mail:ada"`: "",
		`"job:x"`: "refused", `displayName:ada`: "refused", `"displayName:ada`: "refused", `"displayName"`: "refused", `"displayName: "`: "refused",
		`"displayName:a" XOR "displayName:b"`: "refused", `"displayName:a" OR`: "refused", "": "refused",
	} {
		s, err := people.ParseSearch(value)
		if (err != nil) != (want == "refused") || err == nil && s.Matches(ada) != (want == "found") {
			t.Errorf("$search=%s: %v, found %t", value, err, err == nil && s.Matches(ada))
		}
	}
}

type person struct {
	DisplayName string  `json:"displayName"`
	Mail        *string `json:"mail"`
	Job         string  `json:"job"`
}

// TestCandidates: which filters an index can answer.
func TestCandidates(t *testing.T) {
	t.Parallel()
	all := library()
	find := func(property, value string) ([]any, bool) {
		if property != "title" && property != "tags" {
			return nil, false
		}
		return slices.DeleteFunc(slices.Clone(all), func(o any) bool {
			b := o.(*book)
			return property == "title" && !strings.EqualFold(b.Title, value) || property == "tags" && !slices.Contains(b.Tags, value)
		}), true
	}
	for filter, want := range map[string]string{
		"title eq 'dune'":                                   "Dune",
		"title eq 'x'":                                      "",
		"title in ('dune','emma','dune')":                   "Dune, emma",
		"tags/any(t:t eq 'sand')":                           "Dune, Emil's day",
		"title eq 'dune' and pages ge 1000":                 "Dune",
		"pages ge 1000 and title eq 'dune'":                 "Dune",
		"title eq 'dune' or tags/any(t:t eq 'sand')":        "Dune, Emil's day",
		"title eq 'dune' or pages ge 1":                     "none",
		"pages ge 1 and lent eq true":                       "none",
		"not (title eq 'dune')":                             "none",
		"title ne 'dune'":                                   "none",
		"lent eq true":                                      "none",
		"tags/any(t:startswith(t,'s'))":                     "none",
		"tags/any()":                                        "none",
		"title in ('dune') or authors/any(a:a/name eq 'x')": "none",
	} {
		parsed, err := ParseFilter(filter)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		found, ok := Candidates(parsed, find)
		if got := titles(found); ok == (want == "none") || ok && got != want {
			t.Errorf("%s: %q (%t), want %q", filter, got, ok, want)
		}
	}
	if _, ok := Candidates(comparison{}, nil); ok {
		t.Error("without an index there are candidates")
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"title eq 'x'", "not (tags/any(t:t eq 'a') and id in ('1','2'))", "startswith(title,'O''H') or id ne null",
		"printed ge 2026-01-01T00:00:00Z", "tags/$count gt 1", "a/b/c eq 11111111-1111-1111-1111-111111111111", "((((", "'", "any(", "x/any()",
	} {
		f.Add(seed)
	}
	objects := append(library(), &book{})
	f.Fuzz(func(t *testing.T, filter string) {
		n, err := ParseFilter(filter)
		if err == nil {
			err = books.CheckFilter(n, true)
		}
		var refusal *Error
		switch {
		case err == nil:
			for _, o := range objects {
				Matches(n, o)
			}
		case !errors.As(err, &refusal):
			t.Errorf("%q: %v is no refusal", filter, err)
		}
	})
}
