package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
)

// outcome records the results of the requests of a batch.
type outcome struct {
	Handed, Again []string
	Err           string
}

// arrive passes the answer to a batch to a dispatcher.
func arrive(t *testing.T, requests []request, answers map[string]batchAnswer, err error) (outcome, *dispatcher) {
	t.Helper()
	var o outcome
	for i := range requests {
		r := &requests[i]
		if r.take == nil {
			r.take = func(a answer) ([]request, error) {
				o.Handed = append(o.Handed, fmt.Sprintf("%s: %s%s", r.operation, a.body, errorText(a.err)))
				return nil, nil
			}
		}
	}
	d := &dispatcher{client: &Client{limit: newLimiter(0), requests: &retrier{}}, ctx: t.Context(), sending: t.Context(), inFlight: 1}
	o.Err = errorText(d.take(arrival{requests, answers, err}))
	for _, r := range append(d.ready, d.delayed...) {
		o.Again = append(o.Again, fmt.Sprintf("%s %d", r.operation, r.attempts))
	}
	return o, d
}

// TestAnswersOfABatch: each item is passed on, sent again alone, or ends the run.
func TestAnswersOfABatch(t *testing.T) {
	t.Parallel()
	read, write, secret := request{operation: "read", method: "GET"}, request{operation: "write", method: "PATCH"}, request{operation: "secret", method: "POST", once: true}
	tried := func(r request, n int) request {
		r.attempts = n
		return r
	}
	ok := batchAnswer{Status: 200, Body: json.RawMessage(`{}`)}
	status := func(n int) batchAnswer { return batchAnswer{Status: n} }
	broken := errors.New("connection reset")
	stops := read
	stops.take = func(answer) ([]request, error) { return nil, errors.New("enough") }
	follows := read
	follows.take = func(answer) ([]request, error) { return []request{write}, nil }
	invalid := write
	invalid.invalid = errors.New("json: unsupported value")
	invalid.take = func(a answer) ([]request, error) { return nil, a.err }
	followedByInvalid := read
	followedByInvalid.take = func(answer) ([]request, error) { return []request{invalid}, nil }
	for name, c := range map[string]struct {
		requests []request
		answers  []batchAnswer
		err      error
		want     outcome
	}{
		"two successes":      {[]request{read, write}, []batchAnswer{ok, ok}, nil, outcome{Handed: []string{"read: {}", "write: {}"}}},
		"one is missing":     {[]request{read, write}, []batchAnswer{ok}, nil, outcome{Handed: []string{"read: {}"}, Err: "write: the answer to the batch does not contain it"}},
		"one is throttled":   {[]request{read, write}, []batchAnswer{ok, status(429)}, nil, outcome{Handed: []string{"read: {}"}, Again: []string{"write 1"}}},
		"both are throttled": {[]request{read, write}, []batchAnswer{status(429), status(503)}, nil, outcome{Again: []string{"read 1", "write 1"}}},
		"a request that depends on a failed request": {[]request{read}, []batchAnswer{status(424)}, nil, outcome{Again: []string{"read 1"}}},
		"throttled for the eighth time":              {[]request{tried(read, 7)}, []batchAnswer{status(429)}, nil, outcome{Again: []string{"read 8"}}},
		"throttled for the ninth time":               {[]request{tried(read, 8)}, []batchAnswer{status(429)}, nil, outcome{Handed: []string{"read: read: Graph answered 429"}}},
		"a gateway gave up":                          {[]request{read, write, secret}, []batchAnswer{status(504), status(502), status(504)}, nil, outcome{Handed: []string{"secret: secret: Graph answered 504"}, Again: []string{"read 1", "write 1"}}},
		"a secret is throttled":                      {[]request{secret}, []batchAnswer{status(429)}, nil, outcome{Again: []string{"secret 1"}}},
		"the service is broken":                      {[]request{read, write}, []batchAnswer{status(500), status(501)}, nil, outcome{Handed: []string{"read: read: Graph answered 500", "write: write: Graph answered 501"}}},
		"a refusal":                                  {[]request{write}, []batchAnswer{status(400)}, nil, outcome{Handed: []string{"write: write: Graph answered 400"}}},
		"the caller has enough":                      {[]request{stops, write}, []batchAnswer{ok, ok}, nil, outcome{Err: "enough"}},
		"another request follows":                    {[]request{follows}, []batchAnswer{ok}, nil, outcome{Again: []string{"write 0"}}},
		"a request that cannot be sent follows":      {[]request{followedByInvalid}, []batchAnswer{ok}, nil, outcome{Err: "write: json: unsupported value"}},
		"the connection was lost":                    {[]request{read, write}, nil, broken, outcome{Err: "connection reset"}},
		"it was lost with a secret":                  {[]request{read, secret, write}, nil, broken, outcome{Handed: []string{"secret: secret: connection reset"}, Again: []string{"read 1", "write 1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := map[string]batchAnswer{}
			for i, a := range c.answers {
				answers[itemID(i)] = a
			}
			got, _ := arrive(t, c.requests, answers, c.err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPauseAfterARefusal: refused items are sent again together after the longest Retry-After,
// and no other request is sent before.
func TestPauseAfterARefusal(t *testing.T) {
	t.Parallel()
	after := func(seconds string) batchAnswer {
		return batchAnswer{Status: 429, Headers: map[string]string{"Retry-After": seconds}}
	}
	read, write := request{operation: "read", method: "GET"}, request{operation: "write", method: "PATCH"}
	for name, c := range map[string]struct {
		requests []request
		answers  []batchAnswer
		pause    time.Duration
		metered  bool // a write was refused because of the quota
		width    int  // the number of concurrent batches
	}{
		"the longest counts":        {[]request{read, read}, []batchAnswer{after("3"), after("7")}, 7 * time.Second, false, 1},
		"whatever stands first":     {[]request{read, read}, []batchAnswer{after("7"), after("3")}, 7 * time.Second, false, 1},
		"without a header":          {[]request{read}, []batchAnswer{{Status: 503}}, 250 * time.Millisecond, false, 1},
		"a write is out of quota":   {[]request{write}, []batchAnswer{after("1")}, time.Second, true, 1},
		"a write that is not ready": {[]request{write}, []batchAnswer{{Status: 503}}, 250 * time.Millisecond, false, 1},
		"no refusal":                {[]request{write}, []batchAnswer{{Status: 204}}, 0, false, 3},
	} {
		answers := map[string]batchAnswer{}
		for i, a := range c.answers {
			answers[itemID(i)] = a
		}
		began := time.Now()
		_, d := arrive(t, c.requests, answers, nil)
		if c.pause == 0 {
			if !d.gate.IsZero() || len(d.delayed) > 0 {
				t.Errorf("%s: a pause until %s", name, d.gate)
			}
		} else if pause := d.gate.Sub(began); pause < c.pause || pause > c.pause+c.pause/10+time.Second {
			t.Errorf("%s: a pause of %s, want %s", name, pause, c.pause)
		}
		for _, r := range d.delayed {
			if r.notBefore.After(d.gate.Add(time.Millisecond)) || d.gate.Sub(r.notBefore) > time.Second {
				t.Errorf("%s: an item is due at %s, and the pause ends at %s", name, r.notBefore, d.gate)
			}
		}
		if d.client.limit.metered != c.metered || d.client.limit.width() != c.width {
			t.Errorf("%s: metered %t and %d side by side, want %t and %d", name, d.client.limit.metered, d.client.limit.width(), c.metered, c.width)
		}
	}
}

// TestMayDispatch: the moment at which a batch is sent.
func TestMayDispatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ready, inFlight int
		gate            time.Duration // from now
		want            bool
	}{
		"nothing is ready":                 {0, 0, 0, false},
		"one is ready":                     {1, 0, 0, true},
		"one is ready, another under way":  {1, 1, 0, false},
		"a whole batch, another under way": {20, 1, 0, true},
		"almost a whole batch":             {19, 1, 0, false},
		"as many under way as may be":      {20, 2, 0, false},
		"the gate is closed":               {20, 0, time.Hour, false},
		"the gate was closed":              {20, 0, -time.Second, true},
	} {
		d := &dispatcher{client: &Client{limit: newLimiter(0)}, ready: make([]request, c.ready), inFlight: c.inFlight}
		if c.gate != 0 {
			d.gate = time.Now().Add(c.gate)
		}
		if got := d.mayDispatch(); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

// TestRequestsThatCannotBeSent end with an error that names them, and nothing is sent.
func TestRequestsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	client := newClient(t, func(w http.ResponseWriter, _ *http.Request) { t.Error("a request was sent") })
	for name, body := range map[string]Object{"a function": {"f": func() {}}, "a channel": {"c": make(chan int)}} {
		if err := client.Send(t.Context(), UpdateUser("u", body)).Err; err == nil || err.Error()[:len("update user: json: unsupported type: ")] != "update user: json: unsupported type: " {
			t.Errorf("%s: %v", name, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Read(ended, Organization()); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if _, err := client.Tenant(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the tenant, with a context that has ended: %v", err)
	}
}

// TestInvalidBatchAnswers name the operation.
func TestInvalidBatchAnswers(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                 "read the tenant: Graph answered the batch without a body",
		`{"responses":[]}`: "read /users/ada: the answer to the batch does not contain it",
		`{"responses":{}}`: "read the tenant: the batch's answer: json: cannot unmarshal object into Go struct field .responses of type []graph.batchAnswer",
		`{"responses":[{"id":"0","status":200,"body":{}},{"id":"0","status":200,"body":{}}]}`: `read the tenant: the batch's answer has two results for request "0"`,
	} {
		client := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		})
		if _, err := client.Read(t.Context(), Read{Path: "/users/ada"}); errorText(err) != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

// TestRefusedBatches: the error for a refused batch contains Graph's message.
func TestRefusedBatches(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"error":{"code":"Authorization_RequestDenied","message":"no"}}`: "read the tenant: Graph answered 403 Authorization_RequestDenied: no",
		`{"error":{"message":"no"}}`:                                      "read the tenant: Graph answered 403: no",
		`{"error":{"code":1,"message":"no"}}`:                             "read the tenant: Graph answered 403: no",
		`{"error":{}}`:                                                    "read the tenant: Graph answered 403",
		`{"error":null}`:                                                  "read the tenant: Graph answered 403",
		`{}`:                                                              "read the tenant: Graph answered 403",
	} {
		client := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(body))
		})
		if _, err := client.Read(t.Context(), Read{Path: "/users/ada"}); errorText(err) != want || !Denied(err) {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

// TestWritesOfBeta: writes to the beta version of Graph are sent to it, and reads in the same run
// are not.
func TestWritesOfBeta(t *testing.T) {
	t.Parallel()
	paths := make(chan string, 2)
	client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		paths <- r.URL.Path
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"responses":[{"id":"0","status":204}]}`))
	})
	w := UpdateUser("u", Object{})
	w.beta = true
	if err := client.Send(t.Context(), w).Err; err != nil {
		t.Fatal(err)
	}
	if err := client.Send(t.Context(), UpdateUser("u", Object{})).Err; err != nil {
		t.Fatal(err)
	}
	if beta, stable := <-paths, <-paths; beta != "/beta/$batch" || stable != "/v1.0/$batch" {
		t.Errorf("sent to %s and %s", beta, stable)
	}
}

// TestAfter delays a request by the pause.
func TestAfter(t *testing.T) {
	t.Parallel()
	r := Organization().Then(func(Result, error) []Request { return nil }).After(time.Hour)
	if begun := (&Client{}).begin([]Request{r}); len(begun) != 1 || time.Until(begun[0].notBefore) < 59*time.Minute {
		t.Errorf("%+v", begun)
	}
}

// signsIn is a credential with a fixed token, or with an error.
type signsIn struct {
	token string
	err   error
}

func (s signsIn) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: s.token, ExpiresOn: time.Now().Add(time.Hour)}, s.err
}

func newClient(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	c, err := New(signsIn{token: "t"}, Options{Endpoint: server.URL + "/v1.0/", Transport: server.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
