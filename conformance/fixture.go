package conformance

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"provision/stack"
)

// scene is a case's request, ready to be sent, and what was made for it.
type scene struct {
	request
	known known
	made  bool // by setup
}

// known are the values of the references in a document's requests.
type known struct {
	unique          string // a word for one request
	setup, response any    // what was answered, as JSON
}

// prepare sends the endpoint's setup, where it has one, and fills in the case's
// request.
func (s *session) prepare(ctx context.Context, c Case) (scene, error) {
	e := s.endpoints[c.Endpoint].stated // a written case may be of no endpoint
	var made scene
	if f := e.Setup; f != nil {
		got, err := s.fixture(ctx, c, f, known{unique: unique()})
		if err != nil {
			return made, fmt.Errorf("setup: %w", err)
		}
		if !success(got.status) {
			return made, fmt.Errorf("setup: %s answered %d: %s", f.Request, got.status, s.brief(got))
		}
		made.made, made.known.setup = true, parse(got.body)
	}
	made.known.unique = unique()
	body, contentType := e.Body, e.ContentType
	if c.body != nil {
		body, contentType = c.body, c.contentType
	}
	var err error
	made.request, err = made.known.request(c.Endpoint, e.Parameters, body, contentType)
	return made, err
}

// cleanUp takes away what the case has made; what it says is for people.
func (s *session) cleanUp(ctx context.Context, c Case, made scene, got reply) string {
	f := s.endpoints[c.Endpoint].stated.Cleanup
	letIn := success(got.status)
	if f == nil || !made.made && !letIn || !letIn && mentionsResponse(f) {
		return ""
	}
	// Also where the run is being interrupted: nobody else will.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Timeout)
	defer cancel()
	made.known.response = parse(got.body)
	answer, err := s.fixture(ctx, c, f, made.known)
	switch {
	case err != nil:
		return "what it made was not taken away: " + plain(err).Error()
	case success(answer.status), answer.status == http.StatusNotFound, answer.status == http.StatusGone:
		return ""
	}
	return fmt.Sprintf("what it made was not taken away: %s answered %d", f.Request, answer.status)
}

func mentionsResponse(f *stack.Fixture) bool {
	body, _ := json.Marshal(f.Body)
	for _, expression := range stack.References(f.Request + string(body)) {
		if strings.HasPrefix(expression, "response.") {
			return true
		}
	}
	return false
}

// fixture sends a request beside the case's own, with the token of whoever it
// names, or of whom the endpoint lets in.
func (s *session) fixture(ctx context.Context, c Case, f *stack.Fixture, k known) (reply, error) {
	r, err := k.request(f.Request, nil, f.Body, f.ContentType)
	if err != nil {
		return reply{}, err
	}
	sent, err := s.entitledToken(ctx, c, f.As)
	if err != nil {
		return reply{}, err
	}
	_, got, _, err := s.send(ctx, r, sent)
	return got, err
}

func (s *session) entitledToken(ctx context.Context, c Case, as stack.As) (credential, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	who, cannot, err := s.writtenSubject(as.User, as.Application)
	admit := s.entitled[c.Endpoint]
	var g *good
	switch {
	case err != nil:
		return credential{}, err
	case cannot != nil:
		return credential{}, cannot
	case who != subject{}:
		g, err = s.access(ctx, who)
	case s.endpoints[c.Endpoint].public:
		return credential{}, nil
	case admit == nil:
		return credential{}, skip("", "there is no token for its setup or cleanup: see %s: valid", c.Endpoint)
	default:
		g, err = admit(ctx, s)
	}
	if err != nil {
		return credential{}, err
	}
	return bearer(g.raw), nil
}

// brief is the beginning of an answer, for an error.
func (s *session) brief(got reply) string {
	text, _ := shown(got.body[:min(len(got.body), 200)], append(got.sent, s.hidden...))
	return cmp.Or(strings.Join(strings.Fields(text), " "), "an empty answer")
}

func (s *session) spoken(r request) spoken {
	base := ""
	if u, err := url.Parse(s.Target.URL); err == nil {
		base = strings.TrimSuffix(u.EscapedPath(), "/")
	}
	path, _, _ := strings.Cut(r.path, "?")
	return spoken{r.method, base, path}
}

// request fills in what a document states.
func (k known) request(stated string, parameters map[string]any, body any, contentType string) (request, error) {
	var problem error
	text := func(v any) string {
		filled, err := k.fill(v)
		if err != nil {
			problem = cmp.Or(problem, err)
		}
		return fmt.Sprint(filled)
	}
	escaped := func(escape func(string) string) func(string) (string, bool) {
		return func(name string) (string, bool) { return escape(text(parameters[name])), true }
	}
	method, path, _ := strings.Cut(stack.Fill(stated, escaped(url.PathEscape), escaped(url.QueryEscape)), " ")
	path = stack.Expand(path, func(expression string) (string, bool) {
		return url.PathEscape(text("${" + expression + "}")), true
	})
	r := request{method: method, path: path}
	if body != nil {
		filled, err := k.fill(body)
		problem = cmp.Or(problem, err)
		r.contentType = cmp.Or(contentType, "application/json")
		if plain, ok := filled.(string); ok && !stack.IsJSON(contentType) {
			r.body = []byte(plain)
		} else if r.body, err = json.Marshal(filled); err != nil {
			return r, err
		}
	}
	return r, problem
}

// fill puts the values of references into a value and all below it. A text
// that is nothing but a reference becomes the value as it is.
func (k known) fill(v any) (any, error) {
	var problem error
	switch v := v.(type) {
	case string:
		if expressions := stack.References(v); len(expressions) == 1 && v == "${"+expressions[0]+"}" {
			return k.value(expressions[0])
		}
		filled := stack.Expand(v, func(expression string) (string, bool) {
			value, err := k.value(expression)
			problem = cmp.Or(problem, err)
			return fmt.Sprint(value), true
		})
		return filled, problem
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			filled, err := k.fill(one)
			list[i], problem = filled, cmp.Or(problem, err)
		}
		return list, problem
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, one := range v {
			filled, err := k.fill(one)
			members[name], problem = filled, cmp.Or(problem, err)
		}
		return members, problem
	case float64: // as a number without a point is written, however large
		return json.Number(strings.TrimSuffix(fmt.Sprintf("%.15g", v), ".0")), nil
	}
	return v, nil
}

// value is what a reference stands for.
func (k known) value(expression string) (any, error) {
	if expression == "unique" {
		return k.unique, nil
	}
	whose, path, _ := strings.Cut(expression, ".")
	here := map[string]any{"setup": k.setup, "response": k.response}[whose]
	for name := range strings.SplitSeq(path, ".") {
		members, _ := here.(map[string]any)
		if here = members[name]; here == nil {
			return "", fmt.Errorf("${%s}: the answer has no such member", expression)
		}
	}
	return here, nil
}

// parse reads a JSON answer; nil is none. Large numbers stay exact.
func parse(body []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}

func unique() string { return strings.ToLower(rand.Text()[:12]) }
