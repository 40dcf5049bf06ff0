package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestReading: the result of a read for each sequence of answers.
func TestReading(t *testing.T) {
	t.Parallel()
	page := func(next, items string) answer {
		return answer{body: json.RawMessage(`{"value":[` + items + `],"@odata.nextLink":"` + next + `"}`)}
	}
	last := func(items string) answer { return answer{body: json.RawMessage(`{"value":[` + items + `]}`)} }
	refused := func(status int, code string) answer {
		return answer{err: &Error{Status: status, Code: code, Operation: "read /users"}}
	}
	const base = "https://graph.example/v1.0"
	list := Read{Path: "/users", List: true}
	optional := list
	optional.Optional = true
	absent := refused(404, "Request_ResourceNotFound")
	for name, c := range map[string]struct {
		read    Read
		answers []answer
		asked   []string // after the first request
		items   string
		object  string
		err     string
	}{
		"an object":                      {Read{Path: "/me"}, []answer{{body: json.RawMessage(`{"id":"1"}`)}}, nil, "", `{"id":"1"}`, ""},
		"an object that is a collection": {Read{Path: "/me"}, []answer{last("1")}, nil, "", `{"value":[1]}`, ""},
		"an object that does not exist":  {Read{Path: "/me"}, []answer{absent}, nil, "", "", ""},
		"an object that is refused":      {Read{Path: "/me"}, []answer{refused(403, "x")}, nil, "", "", "read /users: Graph answered 403 x"},
		"an object without a body":       {Read{Path: "/me"}, []answer{{}}, nil, "", "", "read /me: the answer is not a JSON object"},
		"an object that is a list":       {Read{Path: "/me"}, []answer{{body: json.RawMessage(`[1]`)}}, nil, "", "", "read /me: the answer is not a JSON object"},
		"an object that ends early":      {Read{Path: "/me"}, []answer{{body: json.RawMessage(`{"id":`)}}, nil, "", "", "read /me: unexpected end of JSON input"},
		"an object with blanks before":   {Read{Path: "/me"}, []answer{{body: json.RawMessage("\r\n\t {}")}}, nil, "", "\r\n\t {}", ""},
		"an empty list":                  {list, []answer{last("")}, nil, "", "", ""},
		"one page":                       {list, []answer{last("1,2")}, nil, "1 2", "", ""},
		"three pages":                    {list, []answer{page(base+"/users?a", "1"), page(base+"/users?b", "2"), last("3")}, []string{"/users?a", "/users?b"}, "1 2 3", "", ""},
		"an empty page among them":       {list, []answer{page(base+"/users?a", ""), last("3")}, []string{"/users?a"}, "3", "", ""},
		"a page that is refused":         {list, []answer{page(base+"/users?a", "1"), refused(400, "x")}, []string{"/users?a"}, "1", "", "read /users: Graph answered 400 x"},
		"a page that nobody may read":    {optional, []answer{page(base+"/users?a", "1"), refused(403, "x")}, []string{"/users?a"}, "1", "", ""},
		"a list that nobody may read":    {optional, []answer{refused(403, "x")}, nil, "", "", ""},
		"a list that is refused":         {list, []answer{refused(403, "x")}, nil, "", "", "read /users: Graph answered 403 x"},
		"a page of another host":         {list, []answer{page("https://evil.example/v1.0/users", "1")}, nil, "1", "", `read /users: its next page is not below https://graph.example/v1.0: "https://evil.example/v1.0/users"`},
		"a page of a longer host":        {list, []answer{page(base+".evil.example/users", "1")}, nil, "1", "", `read /users: its next page is not below https://graph.example/v1.0: "https://graph.example/v1.0.evil.example/users"`},
		"a page of the other version":    {list, []answer{page("https://graph.example/beta/users?a", "1")}, nil, "1", "", `read /users: its next page is not below https://graph.example/v1.0: "https://graph.example/beta/users?a"`},
		"a page that is its own next":    {list, []answer{page(base+"/users?a", "1"), page(base+"/users?a", "2")}, []string{"/users?a"}, "1 2", "", `read /users?a: its pages form a loop: "/users?a" appeared twice`},
		"an answer without a value":      {list, []answer{{body: json.RawMessage(`{"id":"1"}`)}}, nil, "", "", "read /users: the answer is not a collection"},
		"a value that is null":           {list, []answer{{body: json.RawMessage(`{"value":null}`)}}, nil, "", "", "read /users: the answer is not a collection"},
		"a value that is an object":      {list, []answer{{body: json.RawMessage(`{"value":{}}`)}}, nil, "", "", "read /users: json: cannot unmarshal object into Go struct field .value of type []json.RawMessage"},
		"a list that does not exist yet": {list, []answer{absent, absent, last("1")}, []string{"/users", "/users"}, "1", "", ""},
		"a list that is never there":     {list, []answer{absent, absent, absent, absent, absent}, []string{"/users", "/users", "/users", "/users"}, "", "", "read /users: Graph answered 404 Request_ResourceNotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got Result
			var failed error
			done := 0
			r := &reading{Read: c.read, base: base, pages: map[string]bool{}, done: func(result Result, err error) ([]request, error) {
				got, failed, done = result, err, done+1
				return nil, nil
			}}
			next := []request{r.request(c.read.url())}
			var asked []string
			for i, a := range c.answers {
				if len(next) != 1 {
					t.Fatalf("after %d answers %d requests follow", i, len(next))
				}
				var err error
				if next, err = next[0].take(a); err != nil {
					t.Fatal(err)
				}
				for _, q := range next {
					asked = append(asked, q.path)
					if wait := time.Until(q.notBefore); status(a.err) == 404 && (wait <= 0 || wait > time.Duration(1<<i)*250*time.Millisecond) {
						t.Errorf("it waits %s before it asks again", wait)
					}
				}
			}
			if len(next) > 0 || done != 1 {
				t.Errorf("%d requests follow, and %d results were handed out", len(next), done)
			}
			if diff := cmp.Diff(c.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if items := strings.Trim(fmt.Sprintf("%s", got.Items), "[]"); items != c.items || string(got.Object) != c.object {
				t.Errorf("items %s and object %s, want %s and %s", items, got.Object, c.items, c.object)
			}
			if text := errorText(failed); text != c.err {
				t.Errorf("%q, want %q", text, c.err)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestItems: how the answer to an item of a batch is interpreted.
func TestItems(t *testing.T) {
	t.Parallel()
	body := func(s string) json.RawMessage { return json.RawMessage(s) }
	for name, c := range map[string]struct {
		item batchAnswer
		body string
		err  string
	}{
		"an object":                 {batchAnswer{Status: 200, Body: body(`{"id":"1"}`)}, `{"id":"1"}`, ""},
		"nothing":                   {batchAnswer{Status: 204}, "", ""},
		"null":                      {batchAnswer{Status: 204, Body: body(`null`)}, "null", ""},
		"a list":                    {batchAnswer{Status: 200, Body: body(`[1]`)}, "", `op: the answer is 200, but not JSON (""): a proxy or gateway may have answered instead of Graph`},
		"a page":                    {batchAnswer{Status: 201, Body: body(`"<html>"`), Headers: map[string]string{"content-type": "text/html"}}, "", `op: the answer is 201, but not JSON ("text/html"): a proxy or gateway may have answered instead of Graph`},
		"no status":                 {batchAnswer{Body: body(`{}`)}, "", "op: Graph answered with status 0, which is neither a success nor an error"},
		"a status below success":    {batchAnswer{Status: 199, Body: body(`{}`)}, "", "op: Graph answered with status 199, which is neither a success nor an error"},
		"a redirect":                {batchAnswer{Status: 300, Body: body(`{}`)}, "", "op: Graph answered with status 300, which is neither a success nor an error"},
		"the last success":          {batchAnswer{Status: 299, Body: body(`{}`)}, "{}", ""},
		"a refusal":                 {batchAnswer{Status: 400, Body: body(`{"error":{"code":"Request_BadRequest","message":"no"}}`)}, "", "op: Graph answered 400 Request_BadRequest: no"},
		"a refusal that is no JSON": {batchAnswer{Status: 502, Body: body(`"<html>"`)}, "", "op: Graph answered 502"},
	} {
		a := c.item.answer("op")
		if string(a.body) != c.body || errorText(a.err) != c.err {
			t.Errorf("%s: %s, %v; want %s, %s", name, a.body, a.err, c.body, c.err)
		}
	}
}

// TestUsedQuota: the used share of a quota that an item reports.
func TestUsedQuota(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]float64{"": 0, "0": 0, "-1": 0, "NaN": 0, "much": 0, "0.8x": 0, "0.8": 0.8, "1": 1, "1.8": 1.8, "1.9": 1.8, "+Inf": 1.8, "1e999": 0} {
		if got := (batchAnswer{Headers: map[string]string{"X-MS-Throttle-Limit-Percentage": header}}).used(); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	if got := (batchAnswer{Headers: map[string]string{"retry-after": "3"}}).retryAfter(0); got != 3*time.Second {
		t.Errorf("Retry-After in small letters: %s", got)
	}
}

// TestNotVisible: provision waits for an existing object that a read does not find.
func TestNotVisible(t *testing.T) {
	t.Parallel()
	err := NotVisible(errors.New("the list does not show it"))
	if !Lag(err) || !NotFound(err) || err.Error() != "find it again: Graph answered 404 Request_ResourceNotFound: it exists, but the list does not show it" {
		t.Errorf("%v", err)
	}
}

// TestPagesOfBeta: the pages of a read of the beta version have the path of that version.
func TestPagesOfBeta(t *testing.T) {
	t.Parallel()
	c := &Client{endpoint: "https://graph.example/v1.0"}
	var failed error
	q := c.reading(Read{Path: "/users", List: true, Beta: true}, func(_ Result, err error) ([]request, error) {
		failed = err
		return nil, nil
	})
	next, err := q.take(answer{body: json.RawMessage(`{"value":[],"@odata.nextLink":"https://graph.example/beta/users?a"}`)})
	if err != nil || failed != nil || len(next) != 1 || next[0].path != "/users?a" || !next[0].beta {
		t.Errorf("%+v, %v, %v", next, err, failed)
	}
}

// TestMessagesOfPauses: the message about a pause states whether Graph refused the request or the
// connection was lost.
func TestMessagesOfPauses(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		pause  time.Duration
		answer *http.Response
	}{
		"Graph answered 429 Too Many Requests": {2 * time.Second, &http.Response{Status: "429 Too Many Requests"}},
		"the connection was lost":              {time.Second, nil},
		"":                                     {999 * time.Millisecond, nil}, // too short to report
	} {
		said := ""
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://graph.example", nil)
		if err != nil {
			t.Fatal(err)
		}
		err = (&retrier{waiting: func(_ time.Duration, why string) { said = why }}).pause(r, c.pause, c.answer)
		if said != want || !errors.Is(err, context.Canceled) {
			t.Errorf("%q, %v; want %q", said, err, want)
		}
	}
}
