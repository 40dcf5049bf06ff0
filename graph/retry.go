package graph

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// maxRetries and maxRetryAfter bound how long one request waits for a service
// that is busy or away.
const (
	maxRetries    = 6
	maxRetryAfter = 2 * time.Minute
)

// retrier counts requests and repeats those that were throttled or met a
// service that is away, after the pause that the answer asks for. The SDK's
// own handler cannot be trusted with writes: it compresses the body once and
// has none left to send again.
// Source: learn.microsoft.com/graph/throttling.
type retrier struct {
	next http.RoundTripper
	n    atomic.Int64
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
	for attempt := 0; ; attempt++ {
		again := r.Clone(r.Context()) // a RoundTripper must not change the request
		if r.Body != nil {
			again.Body = io.NopCloser(bytes.NewReader(body))
			again.ContentLength = int64(len(body))
		}
		t.n.Add(1)
		answer, err := t.next.RoundTrip(again)
		if err != nil || !retryable(answer.StatusCode) || attempt == maxRetries {
			return answer, err
		}
		pause := retryAfter(answer.Header.Get("Retry-After"), attempt)
		if pause > maxRetryAfter {
			return answer, nil
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
		answer.Body.Close()
		if err := sleep(r.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// retryAfter is the pause that a Retry-After header asks for (RFC 9110,
// 10.2.3), else one that grows.
func retryAfter(header string, attempt int) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds >= 0 {
		return time.Duration(max(seconds, 1)) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(time.Until(date), time.Second)
	}
	return time.Duration(1<<attempt) * 250 * time.Millisecond
}

func retryable(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusFailedDependency ||
		status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}
