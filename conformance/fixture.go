package conformance

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"provision/stack"
)

// scene is the request of a case, ready to be sent, together with the results of its
// setup.
type scene struct {
	request
	known known
	made  bool // by setup

	mark  string // a word that the object has, if its setup states one
	setup reply  // the answer to the setup
}

// prepare sends the endpoint's setup, where it has one, and fills in the case's
// request.
func (s *runState) prepare(ctx context.Context, c Case) (made scene, err error) {
	defer func() {
		if err != nil && made.made { // delete the object that setup created
			s.cleanUp(ctx, c, made, reply{})
		}
	}()
	of := s.endpoints[c.Endpoint] // none, for a written case of another request
	e := of.stated
	if f := e.Setup; f != nil {
		if err := ctx.Err(); err != nil {
			return made, err
		}
		// Only its answer identifies the object that it creates, so fixture waits for the
		// answer even if the run is interrupted.
		making, cancel := s.uninterrupted(ctx)
		defer cancel()
		mark := unique()
		got, err := s.fixture(making, c, f, known{unique: mark})
		if err != nil {
			return made, fmt.Errorf("setup: %w", err)
		}
		if !success(got.status) {
			return made, fmt.Errorf("setup: %s answered %d: %s", f.Request, got.status, s.brief(got))
		}
		made.made, made.setup = true, got
		if body, _ := json.Marshal(f.Body); strings.Contains(string(body), "${unique}") {
			made.mark = mark
		}
		if made.known.setup, err = captured(f.Capture, got); err != nil {
			return made, fmt.Errorf("setup: %s: %w", f.Request, err)
		}
	}
	made.known.unique = unique()
	body, contentType := e.Body, e.ContentType
	if c.body != nil {
		body, contentType = c.body, c.contentType
	}
	made.request, err = made.known.request(cmp.Or(c.request, of.request, c.Endpoint), e.Parameters, body, contentType)
	made.request.finish = e.Cleanup != nil // the cleanup needs the answer, which names the object
	if err == nil && of.meaning != nil {
		made.request.meaning, err = of.meaning.knowing(made.known)
		if e.Next != nil {
			made.request = s.paged(made.request, e.Next)
		}
	}
	return made, err
}

// maxCleanUps is how often a cleanup that failed is repeated.
const maxCleanUps = 2

// cleanUp deletes the objects that the case has created. It returns a message if this
// fails.
func (s *runState) cleanUp(ctx context.Context, c Case, made scene, got reply) string {
	f := s.endpoints[c.Endpoint].stated.Cleanup
	created := success(got.status)
	if f == nil || !made.made && !created || !created && mentionsResponse(f) {
		return ""
	}
	// The cleanup also runs if the run is interrupted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Timeout)
	defer cancel()
	made.known.response = parse(got.body)
	answer, err := s.fixture(ctx, c, f, made.known)
	for n := 0; n < maxCleanUps && (err != nil || answer.status >= http.StatusInternalServerError) && ctx.Err() == nil; n++ {
		_ = sleep(ctx, (1<<n)*50*time.Millisecond)
		answer, err = s.fixture(ctx, c, f, made.known)
	}
	switch {
	case err != nil:
		return "the created object was not deleted: " + plain(err).Error()
	case success(answer.status), answer.status == http.StatusNotFound, answer.status == http.StatusGone:
		return ""
	}
	return fmt.Sprintf("the resource that it created was not deleted: %s answered %d", f.Request, answer.status)
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

// fixture sends a request of a setup or teardown. It uses the token of the caller that
// the fixture names, or else of a caller that the endpoint admits.
func (s *runState) fixture(ctx context.Context, c Case, f *stack.Fixture, k known) (reply, error) {
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

func (s *runState) entitledToken(ctx context.Context, c Case, as stack.As) (credential, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	who, cannot, err := s.writtenSubject(as.User, as.Application)
	admit := s.entitled[c.Endpoint]
	var g *baselineToken
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
		return credential{}, skip("", "no token is available for its setup or cleanup: see %s: valid", c.Endpoint)
	default:
		g, err = admit(ctx, s)
	}
	if err != nil {
		return credential{}, err
	}
	return bearer(g.raw), nil
}

// brief returns the beginning of an answer, for an error.
func (s *runState) brief(got reply) string {
	text, _ := newMasker(append(got.sent, s.hidden...)).shown(got.body)
	return cmp.Or(short(strings.Join(strings.Fields(text), " "), 200), "an empty answer")
}

func (s *runState) spoken(r request) spoken {
	base := ""
	if u, err := url.Parse(s.Target.URL); err == nil {
		base = strings.TrimSuffix(u.EscapedPath(), "/")
	}
	path, query, _ := strings.Cut(r.path, "?")
	return spoken{r.method, base, path, query, r.body}
}
