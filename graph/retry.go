package graph

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// These limit the time that one request waits for a service that is busy or
// unavailable.
const (
	maxRetries = 6
	maxDrops   = 3

	// maxRetryAfter limits a Retry-After. Graph's windows are 10 and 150 seconds; a
	// longer pause is the error of a system between this program and Graph.
	maxRetryAfter = time.Minute
)

// retrier counts requests. It repeats a request after a pause if Graph throttled it or
// was unavailable, or if the connection was lost. The SDK's own handler is not suitable
// for writes: it compresses the body once and cannot send it a second time. Source:
// learn.microsoft.com/graph/throttling.
type retrier struct {
	next    http.RoundTripper
	waiting func(pause time.Duration, why string)
	n       atomic.Int64
}

func (t *retrier) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	drops := 0
	for attempt := 0; ; attempt++ {
		again := r.Clone(r.Context()) // a RoundTripper must not change the request
		if r.Body != nil {
			again.Body = io.NopCloser(bytes.NewReader(body))
			again.ContentLength = int64(len(body))
		}
		t.n.Add(1)
		answer, err := t.send(again)
		var pause time.Duration
		switch {
		case err != nil:
			if drops++; drops > maxDrops || r.Context().Err() != nil || !dropped(err) || !repeatable(r) {
				return nil, err
			}
			pause = retryAfter("", drops-1)
		case !retryable(answer.StatusCode) || attempt >= maxRetries || uncertain(answer.StatusCode) && !repeatable(r):
			return answer, nil
		default:
			pause = retryAfter(answer.Header.Get("Retry-After"), attempt)
		}
		if err := t.pause(r, pause, answer); err != nil {
			return nil, err
		}
	}
}

// send makes one attempt and reads the whole answer, so that a connection that is lost
// during the answer also counts as lost.
func (t *retrier) send(r *http.Request) (*http.Response, error) {
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil {
		return nil, err
	}
	switch valid := json.Valid(raw); {
	case answer.StatusCode >= 300 && answer.StatusCode < 400:
		// The target of a redirect is not Graph, and the answer of another host must
		// not look like the tenant's.
		return nil, &unreadable{answer.Status, answer.Header.Get("Content-Type")}
	case answer.StatusCode < 300 && len(raw) > 0 && !valid:
		return nil, &unreadable{answer.Status, answer.Header.Get("Content-Type")}
	case answer.StatusCode >= 400 && !valid:
		// The SDK reads errors only as JSON, and would lose the status of a gateway's
		// page.
		raw, _ = json.Marshal(map[string]any{"error": map[string]string{"message": (&unreadable{answer.Status, answer.Header.Get("Content-Type")}).Error()}})
		answer.Header.Set("Content-Type", "application/json")
		answer.ContentLength = int64(len(raw))
	}
	answer.Body = io.NopCloser(bytes.NewReader(raw))
	return answer, nil
}

// unreadable is an answer that is not Graph's JSON, for example the page of a proxy or a
// redirect to a login portal. The operation may not have been carried out.
type unreadable struct{ status, contentType string }

func (e *unreadable) Error() string {
	return fmt.Sprintf("the answer is %s, but not JSON (%q): a proxy or gateway may have answered instead of Graph", e.status, e.contentType)
}

func (t *retrier) pause(r *http.Request, pause time.Duration, answer *http.Response) error {
	why := "the connection was lost"
	if answer != nil {
		why = "Graph answered " + answer.Status
	}
	t.say(pause, why)
	done, _ := r.Context().Value(interrupted{}).(<-chan struct{})
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return r.Context().Err()
	case <-done:
		return context.Canceled
	case <-timer.C:
		return nil
	}
}

// say reports a pause of a second or more.
func (t *retrier) say(pause time.Duration, why string) {
	if t.waiting != nil && pause >= time.Second {
		t.waiting(pause, why)
	}
}

// dropped reports whether a request may succeed on another connection. It is false if
// the certificate was refused or the host does not exist.
func dropped(err error) bool {
	var dns *net.DNSError
	var final interface{ NonRetriable() } // the errors of azidentity: the sign-in has failed
	return !errors.As(err, &final) && !errors.As(err, new(*unreadable)) && !errors.As(err, new(*tls.CertificateVerificationError)) &&
		!(errors.As(err, &dns) && dns.IsNotFound)
}

// repeatable reports whether a request may be sent again when its answer was lost. Every
// write of this package has a natural key that makes a repeated write recognizable,
// except a new client secret: the text of the first secret would be lost.
func repeatable(r *http.Request) bool { return r.Context().Value(onceOnly{}) == nil }

// onceOnly is the context key of batches with a write that must not be repeated.
type onceOnly struct{}

// retryAfter returns the pause of a Retry-After header (RFC 9110, 10.2.3), at most
// maxRetryAfter, or else a pause that grows with each attempt.
func retryAfter(header string, attempt int) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds >= 0 {
		return time.Duration(min(max(seconds, 1), int(maxRetryAfter/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return min(max(time.Until(date), time.Second), maxRetryAfter)
	}
	return time.Duration(1<<attempt) * 250 * time.Millisecond
}

// uncertain reports whether a status leaves open whether the request was executed.
func uncertain(status int) bool {
	return status == http.StatusInternalServerError || status == http.StatusBadGateway || status == http.StatusGatewayTimeout
}

func retryable(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusFailedDependency ||
		status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}
