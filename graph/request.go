package graph

import (
	"context"
	"time"
)

// Request is a Read or a Write, with a function for its answer.
type Request struct {
	begin     func(c *Client) request
	notBefore time.Time
}

// Answer is Graph's answer to a Write.
type Answer struct {
	Body []byte // a JSON object; empty if Graph answered without one
	Err  error  // an *Error for a refusal
}

// Then returns a request that passes Graph's answer to take, and then sends the
// requests that take returns.
func (w Write) Then(take func(Answer) []Request) Request {
	return Request{begin: func(c *Client) request {
		endpoint := c.endpoint
		if w.beta {
			endpoint = c.beta()
		}
		return w.request(endpoint, func(a answer) ([]request, error) {
			return c.begin(take(Answer{Body: a.body, Err: a.err})), nil
		})
	}}
}

// Then returns a request that passes the result of the read, with all pages, to take,
// and then sends the requests that take returns. An error is an *Error, or says that
// the answer did not come from Graph.
func (r Read) Then(take func(Result, error) []Request) Request {
	return Request{begin: func(c *Client) request {
		return c.reading(r, func(result Result, err error) ([]request, error) {
			return c.begin(take(result, err)), nil
		})
	}}
}

// After returns the request with a delay.
func (r Request) After(pause time.Duration) Request {
	r.notBefore = time.Now().Add(pause)
	return r
}

// Do sends requests, and the requests that follow from their answers, until none is
// left. The requests of one call may be carried out in any order and side by side: a
// request that needs another one must follow from its answer. One goroutine at a time
// calls the functions that take the answers.
//
// Do returns an error if the context ends, or if the service cannot be reached or is
// not Graph. Before that, it passes on the answers of requests in progress. When the
// context ends, the writes in progress are completed.
func (c *Client) Do(ctx context.Context, requests ...Request) error {
	return c.do(ctx, c.begin(requests))
}

func (c *Client) begin(requests []Request) []request {
	begun := make([]request, len(requests))
	for i, r := range requests {
		begun[i] = r.begin(c)
		begun[i].notBefore = r.notBefore
	}
	return begun
}

// Send sends one write and returns Graph's answer.
func (c *Client) Send(ctx context.Context, w Write) Answer {
	var answer Answer
	err := c.Do(ctx, w.Then(func(a Answer) []Request {
		answer = a
		return nil
	}))
	if err != nil && answer.Err == nil {
		answer.Err = err
	}
	return answer
}
