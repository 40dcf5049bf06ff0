package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"provision/stack"
)

const (
	maxBody     = 1 << 20   // the part of an answer that is read
	maxSearched = 64 << 10  // the part that is searched for patterns, such as stack traces
	maxShown    = 2 << 10   // the part that the result stores
	maxHeader   = 128 << 10 // an answer with more bytes is not read at all
)

// searched is the part of a body that is searched for patterns, which is slow.
func searched(body []byte) []byte { return body[:min(len(body), maxSearched)] }

// cutNote is the note for an answer that was not read completely.
const cutNote = "the answer is longer than 1 MiB; the rest of it was not read"

// unreachable is an exchange that got no answer at all.
type unreachable struct{ err error }

func (u *unreachable) Error() string { return u.err.Error() }
func (u *unreachable) Unwrap() error { return u.err }

// request is the request to the target, without the credential.
type request struct {
	method, path string // path is appended to the target's URL
	contentType  string
	body         []byte
	meaning      *meaning    // meaning of the answers; nil: their status
	next         *stack.Next // of a listing: where its pages name the next one
	base         string      // the path of the target's URL, where next is set
	finish       bool        // the run waits for its answer even if it is interrupted
}

func (r request) String() string { return r.method + " " + r.path }

// reply is the answer of the target.
type reply struct {
	status int
	header http.Header
	body   []byte
	sent   []string // the secrets of the request
	cut    bool     // body is not all of the answer

	elapsed time.Duration

	// The meaning of the answer at this endpoint: reply.status is the usual status for it.
	stated int   // the status that the target sent
	kinds  []int // the refusals whose forms match the answer, by their usual status
	shows  bool  // the answer has another status, and content for admitted requests only
	// unclear is set if only the content distinguishes an admitted request from a refusal, and the answer
	// has the content of neither.
	unclear bool
}

// send sends one request and returns the exchange and the answer. It limits the rate,
// repeats requests that the target was too busy for, and uses a new connection after a
// failure that an earlier request may have caused.
func (s *runState) send(ctx context.Context, r request, c credential) (*record, reply, time.Duration, error) {
	for n, again := 0, 0; ; {
		if err := s.pace.wait(ctx); err != nil {
			return nil, reply{}, 0, err
		}
		went, got, elapsed, err := s.once(ctx, r, c, again > 0)
		if spoilt(got, err) && again < maxResends(err) && ctx.Err() == nil {
			again++
			continue
		}
		if err == nil && got.status != http.StatusTooManyRequests {
			s.pace.speedUp()
		}
		if err != nil || got.status != http.StatusTooManyRequests || c.may429 {
			return went, r.meaning.read(got, cmp.Or(c.method, r.method)), elapsed, err
		}
		if err := s.pace.slowDown(n, got.header); err != nil {
			return went, got, elapsed, err
		}
		n++
	}
}

// spoilt reports whether an earlier request may have caused the failure of an exchange:
// a server that answers before it has read the body closes the connection, and a
// server that crashes may close other connections.
func spoilt(got reply, err error) bool {
	return err != nil && wasCut(err) || err == nil && got.status >= http.StatusInternalServerError && got.status != http.StatusNotImplemented
}

// maxResends returns the maximum number of repetitions of such a request.
func maxResends(err error) int {
	if err != nil {
		return 4
	}
	return 1
}

// once sends a request a single time. With anew it uses a new connection and sends the
// body only when the target asks for it (RFC 9110, section 10.1.1), so that an early
// answer is not lost.
func (s *runState) once(ctx context.Context, sent request, c credential, anew bool) (*record, reply, time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return nil, reply{}, 0, err
	}
	if sent.finish {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	r, err := s.newRequest(ctx, sent, c)
	if err != nil {
		return nil, reply{}, 0, err
	}
	went := &record{request: r, body: bodyOf(sent, c), secrets: slices.Concat(s.hidden, c.secrets), credential: c}
	went.header = r.Header
	s.sends.Add(1)
	begin := time.Now()
	client := s.client
	if anew {
		client = s.anew
		if r.ContentLength > 0 {
			r.Header = r.Header.Clone()
			r.Header.Set("Expect", "100-continue")
		}
	}
	if r.URL.Opaque != "" {
		client = s.http1
	}
	response, err := client.Do(r)
	if err != nil {
		return went, reply{}, time.Since(begin), &unreachable{maskError(err, went.secrets)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	elapsed := time.Since(begin)
	cut := len(body) > maxBody
	body = body[:min(len(body), maxBody)]
	went.status, went.answerHeader, went.answer = response.StatusCode, response.Header, body
	if err != nil {
		return went, reply{}, elapsed, &unreachable{fmt.Errorf("%s %s: the answer breaks off: %w", r.Method, mask(address(r.URL), went.secrets), maskError(err, went.secrets))}
	}
	return went, reply{status: response.StatusCode, header: response.Header, body: body, sent: c.secrets, elapsed: elapsed, cut: cut}, elapsed, nil
}

func (s *runState) newRequest(ctx context.Context, sent request, c credential) (*http.Request, error) {
	method, path := cmp.Or(c.method, sent.method), cmp.Or(c.path, sent.path)
	if c.query != "" {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + c.query
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.Target.URL, "/")+path, bytes.NewReader(bodyOf(sent, c)))
	if err != nil {
		return nil, fmt.Errorf("request %s: %w", sent, maskError(err, slices.Concat(s.hidden, c.secrets)))
	}
	if c.target != "" {
		r.URL = targeted(r.URL, c.target)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "provision-verify")
	if len(sent.body) > 0 {
		r.Header.Set("Content-Type", sent.contentType)
	}
	for name, values := range s.Target.Header {
		if name == "Host" {
			r.Host = values[0]
			continue
		}
		r.Header[name] = append([]string(nil), values...)
	}
	for name, values := range c.header {
		if name == "Host" {
			r.Host = values[0]
			continue
		}
		if own := r.Header.Get(name); name == "Cookie" && own != "" {
			values = []string{own + "; " + values[0]}
		}
		r.Header[name] = values
	}
	for _, value := range c.authorization {
		r.Header.Add("Authorization", value)
	}
	return r, nil
}

// targeted returns the URL whose request line contains the target unchanged, even if the
// target is no URL.
func targeted(u *url.URL, target string) *url.URL {
	same, err := url.Parse(u.Scheme + "://" + u.Host + target)
	if err == nil && same.RequestURI() == target {
		return same
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Opaque: "/" + strings.TrimLeft(target, "/")}
}

// address returns a URL in a readable form.
func address(u *url.URL) string {
	if u.Opaque != "" {
		return u.Scheme + "://" + u.Host + u.Opaque
	}
	return u.Redacted()
}

// bodyOf returns the body of a request: the body of the credential, or else the body of the
// endpoint if the request has the endpoint's method.
func bodyOf(sent request, c credential) []byte {
	switch {
	case c.body != "":
		return []byte(c.body)
	case c.method != "" && c.method != sent.method:
		return nil
	}
	return sent.body
}

// client never follows redirects, and keeps one connection for each parallel request. With 0
// requests, each request uses a new connection.
func (t Target) client(concurrency int) *http.Client {
	client := http.DefaultClient
	if t.HTTPClient != nil {
		client = t.HTTPClient
	}
	same := *client
	if transport, ok := cmp.Or(client.Transport, http.DefaultTransport).(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxIdleConnsPerHost, transport.DisableKeepAlives = concurrency, concurrency == 0
		transport.MaxResponseHeaderBytes = maxHeader
		same.Transport = transport
	}
	same.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &same
}

// http1 returns the client that uses HTTP/1.1 and a new connection for each request. A server of HTTP/2
// resets a request whose target is no URL, and net/http repeats it for half a minute.
func (t Target) http1() *http.Client {
	client := t.client(0)
	if transport, ok := client.Transport.(*http.Transport); ok {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetHTTP1(true)
		transport.ForceAttemptHTTP2 = false
	}
	return client
}

// plain returns the text of an error without line breaks, which a faulty server may cause.
func plain(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }
