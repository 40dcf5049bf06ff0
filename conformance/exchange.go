package conformance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	maxBody  = 1 << 20 // of an answer is read
	maxShown = 2 << 10 // of it is kept in the result
)

// unreachable is an exchange that got no answer at all.
type unreachable struct{ err error }

func (u *unreachable) Error() string { return u.err.Error() }
func (u *unreachable) Unwrap() error { return u.err }

// reply is what the target said.
type reply struct {
	status int
	header http.Header
	body   []byte
	sent   []string // the secrets of the request
}

// send sends one request and returns what was said and the answer.
func (t Target) send(ctx context.Context, request string, c credential) (*Exchange, reply, time.Duration, error) {
	method, path, _ := strings.Cut(request, " ")
	method, path = cmp.Or(c.method, method), cmp.Or(c.path, path)
	if c.query != "" {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + c.query
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(t.URL, "/")+path, strings.NewReader(c.body))
	if err != nil {
		return nil, reply{}, 0, fmt.Errorf("request %s: %w", request, err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "provision-verify")
	for name, values := range c.header {
		r.Header[name] = values
	}
	for _, value := range c.authorization {
		r.Header.Add("Authorization", value)
	}
	exchange := &Exchange{
		Method: method, URL: mask(r.URL.Redacted(), c.secrets),
		RequestHeader: maskHeader(r.Header, c.secrets), Token: decoded(c),
	}
	begin := time.Now()
	response, err := t.client().Do(r)
	if err != nil {
		return exchange, reply{}, time.Since(begin), &unreachable{plain(err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	elapsed := time.Since(begin)
	exchange.Status = response.StatusCode
	exchange.ResponseHeader = maskHeader(response.Header, c.secrets)
	exchange.Body, exchange.Truncated = shown(body, c.secrets)
	if err != nil {
		return exchange, reply{}, elapsed, &unreachable{fmt.Errorf("%s %s: the answer breaks off: %w", method, exchange.URL, plain(err))}
	}
	return exchange, reply{response.StatusCode, response.Header, body, c.secrets}, elapsed, nil
}

func (t Target) client() *http.Client {
	client := http.DefaultClient
	if t.HTTPClient != nil {
		client = t.HTTPClient
	}
	same := *client
	same.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &same
}

// plain is the error without line breaks, which a broken server may cause.
func plain(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }

func shown(body []byte, secrets []string) (string, bool) {
	text := mask(strings.ToValidUTF8(string(body), "\uFFFD"), secrets)
	if len(text) <= maxShown {
		return text, false
	}
	return strings.ToValidUTF8(text[:maxShown], ""), true
}

func decoded(c credential) *Decoded {
	if len(c.secrets) == 0 {
		return nil
	}
	token, _, err := decode(c.secrets[0])
	if err != nil {
		return nil
	}
	return &Decoded{Header: json.RawMessage(token.Header), Claims: json.RawMessage(token.Payload)}
}
