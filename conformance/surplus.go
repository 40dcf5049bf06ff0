package conformance

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// waitForEnd is the time for which a connection may stay open after the API was asked
// to close it.
const waitForEnd = 300 * time.Millisecond

// surplusCase looks for bytes after the end of an answer, at one endpoint of the API.
// The next reader of the connection takes these bytes for the beginning of the next
// answer.
func (s *Suite) surplusCase(e endpoint) []Case {
	if first, ok := s.lifecycleEndpoint(); !ok || first.id != e.id {
		return nil
	}
	c := Case{
		ID: e.id + ": answer-end", Endpoint: e.id, key: e.key(), Name: "answer-end", Means: CauseSurplus, Group: Answers, Severity: Medium,
		Sends:  "requests on connections of their own, without a token, with a forged token and with the valid one, and reads what comes after the answer",
		Gain:   "behind a proxy that uses a connection for several callers, the next caller gets these bytes as the answer",
		Flaw:   CauseSurplus.Title(),
		Source: "RFC 9112, section 6.3; CWE-444",
		Expect: e.expect, stage: stageRest,
	}
	c.try = func(ctx context.Context, r *runner, c Case) (Result, error) {
		result := Result{Case: c, Outcome: Pass}
		g, err := r.state.baselineTokenFor(e)
		if err != nil {
			return result, err
		}
		for _, sent := range []credential{{}, bearer(g.token.WithFlippedSignature().String()), bearer(g.raw)} {
			went, surplus, err := r.state.readSurplus(ctx, e, sent)
			if err != nil {
				return result, skip("", "the API does not answer a request on a separate connection: %v", plain(maskError(err, sent.secrets)))
			}
			result.Exchange, result.Status = went.exchange(), went.status
			if surplus != "" {
				result.Outcome, result.Cause, result.cause = Fail, c.Flaw, c.Means
				result.Reason = fmt.Sprintf("after the end of the answer came %d bytes: %s", len(surplus), short(newMasker(sent.secrets).text(surplus), maxQuoted))
				return result, nil
			}
		}
		return result, nil
	}
	return []Case{c}
}

// avoidSurplus uses a new connection for each request of the run if the API sends bytes after the
// end of an answer, because they would be read as the answer to another case.
func (r *runner) avoidSurplus(ctx context.Context) {
	e, ok := r.state.lifecycleEndpoint()
	if !ok || r.state.client == r.state.anew {
		return
	}
	c := credential{}
	if g, err := r.state.baselineTokenFor(e); err == nil {
		c = bearer(g.raw)
	}
	if _, surplus, err := r.state.readSurplus(ctx, e, c); err == nil && surplus != "" {
		r.state.client = r.state.anew
	}
}

// readSurplus sends the request of an endpoint on a connection of its own, and returns what comes
// after the answer. An endpoint that needs a setup, or that changes something, is not requested
// itself.
func (s *runState) readSurplus(ctx context.Context, e endpoint, c credential) (*record, string, error) {
	method, path, _ := strings.Cut(e.request, " ")
	if method != http.MethodGet || strings.ContainsAny(path, "{$") {
		path = noSuchRoute
	}
	if err := s.pace.wait(ctx); err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	r, err := s.newRequest(ctx, request{method: http.MethodGet, path: path}, c)
	if err != nil {
		return nil, "", err
	}
	r.Close = true
	went := &record{request: r, header: r.Header, secrets: slices.Concat(s.hidden, c.secrets), credential: c}
	conn, err := s.dial(ctx, r)
	if conn == nil || err != nil {
		return went, "", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := r.Write(conn); err != nil {
		return went, "", fmt.Errorf("send the request: %w", err)
	}
	from := bufio.NewReader(conn)
	answer, err := http.ReadResponse(from, r)
	if err != nil {
		return went, "", fmt.Errorf("read the answer: %w", err)
	}
	defer answer.Body.Close()
	went.status, went.answerHeader = answer.StatusCode, answer.Header
	if went.answer, err = io.ReadAll(io.LimitReader(answer.Body, maxBody)); err != nil {
		return went, "", fmt.Errorf("read the answer: %w", err)
	}
	if answer.ContentLength > maxBody || answer.ContentLength < 0 && len(answer.TransferEncoding) == 0 {
		return went, "", nil // the end is not known, or the connection ends
	}
	_ = conn.SetReadDeadline(time.Now().Add(waitForEnd))
	rest, _ := io.ReadAll(io.LimitReader(from, maxShown))
	return went, strings.TrimLeft(string(rest), "\r\n"), nil // RFC 9112, section 2.2, tolerates these bytes
}

// dial connects to the target. It returns nil if a proxy is between.
func (s *runState) dial(ctx context.Context, r *http.Request) (net.Conn, error) {
	transport, ok := s.anew.Transport.(*http.Transport)
	if !ok {
		return nil, nil
	}
	if transport.Proxy != nil {
		if proxy, err := transport.Proxy(r); proxy != nil || err != nil {
			return nil, err
		}
	}
	address := net.JoinHostPort(r.URL.Hostname(), cmp.Or(r.URL.Port(), map[string]string{"http": "80", "https": "443"}[r.URL.Scheme]))
	dialer := net.Dialer{}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil || r.URL.Scheme != "https" {
		return conn, err
	}
	config := &tls.Config{}
	if transport.TLSClientConfig != nil {
		config = transport.TLSClientConfig.Clone()
	}
	config.NextProtos, config.ServerName = []string{"http/1.1"}, cmp.Or(config.ServerName, r.URL.Hostname())
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return secured, nil
}
