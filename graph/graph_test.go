package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"provision/graph"
)

type credential struct{}

func (credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

type item struct {
	ID, Method, URL string
	Headers         map[string]string
}

// service is a Graph that answers each item of a batch according to its URL.
type service struct {
	answer  func(n int, i item) (status int, header map[string]string, body any) // n counts this URL's requests from 0
	mu      sync.Mutex
	seen    map[string]int
	batches [][]item
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer token" || r.URL.Path != "/v1.0/$batch" {
		http.Error(w, `{"error":{"code":"BadRequest","message":"not a batch"}}`, http.StatusBadRequest)
		return
	}
	var request struct{ Requests []item }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, request.Requests)
	var responses []map[string]any
	for _, i := range request.Requests {
		status, header, body := s.answer(s.seen[i.URL], i)
		s.seen[i.URL]++
		// Graph answers in another order.
		responses = append([]map[string]any{{"id": i.ID, "status": status, "headers": header, "body": body}}, responses...)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"responses": responses})
}

func serve(t *testing.T, h http.Handler) *graph.Client {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	client, err := graph.New(credential{}, graph.Options{Endpoint: server.URL + "/v1.0", Transport: server.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func newService(answer func(n int, i item) (int, map[string]string, any)) *service {
	return &service{answer: answer, seen: map[string]int{}}
}

func TestReadSendsTwentyAtATimeAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	s := newService(func(_ int, i item) (int, map[string]string, any) {
		return 200, nil, map[string]string{"id": strings.TrimPrefix(i.URL, "/users/")}
	})
	client := serve(t, s)
	var reads []graph.Read
	for i := range 45 {
		reads = append(reads, graph.Read{Path: fmt.Sprintf("/users/%d", i)})
	}
	results, err := client.Read(t.Context(), reads...)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if want := fmt.Sprintf(`{"id":"%d"}`, i); string(r.Object) != want {
			t.Errorf("result %d is %s, want %s", i, r.Object, want)
		}
	}
	if len(s.batches) != 3 || len(s.batches[0]) != 20 || len(s.batches[2]) != 5 {
		t.Errorf("%d batches, want three of 20, 20 and 5", len(s.batches))
	}
}

func TestReadFollowsNextLinks(t *testing.T) {
	t.Parallel()
	var s *service
	var endpoint string
	s = newService(func(_ int, i item) (int, map[string]string, any) {
		if i.Headers["ConsistencyLevel"] != "eventual" {
			return 400, nil, nil
		}
		if strings.Contains(i.URL, "skiptoken") {
			return 200, nil, map[string]any{"value": []int{3}}
		}
		return 200, nil, map[string]any{"value": []int{1, 2}, "@odata.nextLink": endpoint + "/users?$skiptoken=x"}
	})
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	endpoint = server.URL + "/v1.0"
	client, err := graph.New(credential{}, graph.Options{Endpoint: endpoint, Transport: server.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	results, err := client.Read(t.Context(), graph.Read{Path: "/users", List: true, Advanced: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s", results[0].Items); got != "[1 2 3]" {
		t.Errorf("items %s, want all pages", got)
	}
}

func TestReadTellsAbsentFromRefused(t *testing.T) {
	t.Parallel()
	refusal := map[string]any{"error": map[string]string{"code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete the operation."}}
	client := serve(t, newService(func(_ int, i item) (int, map[string]string, any) {
		if i.URL == "/gone" {
			return 404, nil, map[string]any{"error": map[string]string{"code": "Request_ResourceNotFound"}}
		}
		return 403, nil, refusal
	}))
	results, err := client.Read(t.Context(), graph.Read{Path: "/gone"}, graph.Read{Path: "/kept", Optional: true})
	if err != nil || results[0].Object != nil || results[1].Object != nil {
		t.Errorf("absent and optional: %v, %v; want nothing and no error", results, err)
	}
	if _, err = client.Read(t.Context(), graph.Read{Path: "/kept"}); !graph.Denied(err) || graph.Lag(err) {
		t.Errorf("refused: %v, want a lasting refusal", err)
	}
}

func TestReadRepeatsOnlyTheThrottledItem(t *testing.T) {
	t.Parallel()
	s := newService(func(n int, i item) (int, map[string]string, any) {
		if i.URL == "/busy" && n == 0 {
			return 429, map[string]string{"Retry-After": "1"}, nil
		}
		return 200, nil, map[string]string{"id": i.URL}
	})
	client := serve(t, s)
	began := time.Now()
	results, err := client.Read(t.Context(), graph.Read{Path: "/busy"}, graph.Read{Path: "/free"})
	if err != nil || results[0].Object == nil {
		t.Fatalf("Read = %v, %v", results, err)
	}
	if s.seen["/busy"] != 2 || s.seen["/free"] != 1 {
		t.Errorf("requests %v, want the busy one twice and the other once", s.seen)
	}
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("repeated after %s, want the second that Retry-After asks for", waited)
	}
}

func TestThrottledWriteIsRepeatedWithItsBody(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var bodies []string
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, string(body))
		if len(bodies) < 3 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = io.WriteString(w, `{"responses":[{"id":"0","status":204}]}`)
	}))
	if err := client.Send(t.Context(), graph.UpdateApplication("id", graph.Object{"displayName": "A"})).Err; err != nil {
		t.Fatal(err)
	}
	for i, b := range bodies {
		if b != bodies[0] || !strings.Contains(b, `"displayName":"A"`) {
			t.Errorf("request %d sends %q, want the whole body every time", i, b)
		}
	}
	if client.Requests() != 3 {
		t.Errorf("%d requests counted, want 3", client.Requests())
	}
}

func TestEmptyListsAndFalseAreSent(t *testing.T) {
	t.Parallel()
	var batch struct {
		Requests []struct{ Body map[string]any }
	}
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&batch)
		_, _ = io.WriteString(w, `{"responses":[{"id":"0","status":204}]}`)
	}))
	sent := graph.Object{
		"identifierUris": []any{}, "isFallbackPublicClient": false,
		"api": graph.Object{"oauth2PermissionScopes": []any{}, "requestedAccessTokenVersion": 2},
		"web": graph.Object{"implicitGrantSettings": graph.Object{"enableIdTokenIssuance": false}},
	}
	if err := client.Send(t.Context(), graph.UpdateApplication("id", sent)).Err; err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(sent)
	have, _ := json.Marshal(batch.Requests[0].Body)
	if string(have) != string(want) {
		t.Errorf("sent %s, want %s: empty lists and false must arrive", have, want)
	}
}

func TestErrorClassification(t *testing.T) {
	t.Parallel()
	is := map[string]func(error) bool{"lag": graph.Lag, "not found": graph.NotFound, "denied": graph.Denied, "exists": graph.Exists, "taken": graph.Taken}
	for _, c := range []struct {
		status        int
		code, message string
		want          string
	}{
		{404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried reference-property objects are not present.", "lag, not found"},
		{404, "Directory_ObjectNotFound", "", "lag, not found"},
		{400, "Request_BadRequest", "The appId 'x' of the service principal does not reference a valid application object.", "lag"},
		{403, "Authorization_RequestDenied", "When using this permission, the backing application of the service principal being created must in the local tenant", "lag"},
		{400, "Request_BadRequest", "Not a valid reference update.", "lag"},
		{400, "CannotDeleteOrUpdateEnabledEntitlement", "", "lag"},
		{400, "Request_BadRequest", "Permission being assigned was not found on application 'x'.", "lag"},
		{400, "InvalidValue", "Property api.preAuthorizedApplications.delegatedPermissionIds has a Permission Id that cannot be found in the AppPermissions sets.", "lag"},
		{400, "InvalidValue", "Property PreAuthorizedApplication references applications x that cannot be found.", "lag"},
		{409, "Directory_ConcurrencyViolation", "", "lag"},
		{403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", "denied"},
		{400, "Request_BadRequest", "Permission entry already exists.", "exists"},
		{400, "Request_BadRequest", "Another object with the same value for property uniqueName already exists.", "taken"},
		{400, "Request_BadRequest", "Invalid property 'x'.", ""},
	} {
		err := error(fmt.Errorf("wrapped: %w", &graph.Error{Status: c.status, Code: c.code, Message: c.message, Operation: "op"}))
		var got []string
		for _, name := range []string{"lag", "not found", "denied", "exists", "taken"} {
			if is[name](err) {
				got = append(got, name)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%d %s %q is %q, want %q", c.status, c.code, c.message, strings.Join(got, ", "), c.want)
		}
	}
}

func TestPagesThatGoInACircleEnd(t *testing.T) {
	t.Parallel()
	var endpoint string
	for name, next := range map[string]func(n int) string{
		"immediately": func(int) string { return endpoint + "/users?$skiptoken=a" },
		"later":       func(n int) string { return endpoint + "/users?$skiptoken=" + string(rune('a'+n%3)) },
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			s := newService(func(int, item) (int, map[string]string, any) {
				n++
				return 200, nil, map[string]any{"value": []int{n}, "@odata.nextLink": next(n)}
			})
			server := httptest.NewTLSServer(s)
			t.Cleanup(server.Close)
			endpoint = server.URL + "/v1.0"
			client, err := graph.New(credential{}, graph.Options{Endpoint: endpoint, Transport: server.Client().Transport})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Read(t.Context(), graph.Read{Path: "/users", List: true})
			if err == nil || !strings.Contains(err.Error(), "$skiptoken=") || !strings.Contains(err.Error(), "form a loop") {
				t.Errorf("%v, want an error that names the link", err)
			}
		})
	}
	client := serve(t, newService(func(int, item) (int, map[string]string, any) {
		return 200, nil, map[string]any{"value": []int{}, "@odata.nextLink": "https://elsewhere.example/v1.0/users"}
	}))
	if _, err := client.Read(t.Context(), graph.Read{Path: "/users", List: true}); err == nil || !strings.Contains(err.Error(), "elsewhere.example") {
		t.Errorf("a page elsewhere: %v, want an error that names it", err)
	}
}

// TestInvalidAnswersAreErrors: an answer without a collection, and a page of a proxy, count
// neither as an empty tenant nor as a successful write.
func TestInvalidAnswersAreErrors(t *testing.T) {
	t.Parallel()
	html := "<!DOCTYPE html><title>Sign in to the network</title>"
	for name, c := range map[string]struct {
		status int
		body   any
	}{
		"a collection that does not exist": {404, map[string]any{"error": map[string]string{"code": "Request_ResourceNotFound"}}},
		"a page":                           {200, html},
		"no body":                          {200, nil},
		"an object":                        {200, map[string]any{"id": "x"}},
		"a list without a name":            {200, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, newService(func(int, item) (int, map[string]string, any) { return c.status, nil, c.body }))
			if results, err := client.Read(t.Context(), graph.Read{Path: "/users", List: true}); err == nil {
				t.Errorf("read as %v, want an error", results)
			}
		})
	}
	portal := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, html)
	}))
	ctx := t.Context()
	for name, do := range map[string]func() error{
		"a batch":   func() error { _, err := portal.Read(ctx, graph.Read{Path: "/users", List: true}); return err },
		"a delete":  func() error { return portal.Send(ctx, graph.DeleteApplication("id")).Err },
		"an update": func() error { return portal.Send(ctx, graph.UpdateGroup("id", graph.Object{"displayName": "G"})).Err },
		"a create":  func() error { return portal.Send(ctx, graph.UpsertGroup("g", graph.Object{"displayName": "G"})).Err },
		"a member":  func() error { return portal.Send(ctx, graph.AddMember("id", "id")).Err },
		"a secret":  func() error { return portal.Send(ctx, graph.AddPassword("id", "s", time.Now())).Err },
		"a purge":   func() error { return portal.Send(ctx, graph.Purge("id")).Err },
		"a credential": func() error {
			return portal.Send(ctx, graph.AddFederatedCredential("id", graph.Object{"name": "n"})).Err
		},
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "not JSON") {
			t.Errorf("%s that a portal answers: %v, want an error that says so", name, err)
		}
	}
}

// dropping closes the connection of the first requests after they have arrived.
type dropping struct {
	next http.RoundTripper
	left int
	body bool // in the middle of the answer
}

func (d *dropping) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := d.next.RoundTrip(r)
	if err != nil || d.left == 0 {
		return answer, err
	}
	d.left--
	if d.body {
		answer.Body = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, 1), broken{}))
		return answer, nil
	}
	answer.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestIdempotentRequestsAreRepeatedAfterLostConnection(t *testing.T) {
	t.Parallel()
	for _, body := range []bool{false, true} {
		arrived := 0
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			arrived++
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"responses":[{"id":"0","status":200,"body":{"value":[],"id":"x","keyId":"00000000-0000-0000-0000-000000000001","secretText":"t"}}]}`)
		}))
		t.Cleanup(server.Close)
		for name, c := range map[string]struct {
			do   func(*graph.Client) error
			want int
		}{
			"a read": {func(c *graph.Client) error {
				_, err := c.Read(t.Context(), graph.Read{Path: "/users", List: true})
				return err
			}, 3},
			"a write": {func(c *graph.Client) error {
				return c.Send(t.Context(), graph.UpdateApplication("id", graph.Object{"displayName": "A"})).Err
			}, 3},
			"a secret": {func(c *graph.Client) error { return c.Send(t.Context(), graph.AddPassword("id", "s", time.Now())).Err }, 1},
		} {
			arrived = 0
			client, err := graph.New(credential{}, graph.Options{Endpoint: server.URL + "/v1.0", Transport: &dropping{next: server.Client().Transport, left: 2, body: body}})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.do(client); (err == nil) != (c.want == 3) || arrived != c.want {
				t.Errorf("%s (in the answer: %t) arrived %d times: %v; want %d", name, body, arrived, err, c.want)
			}
		}
	}
}

// TestPauseByUsedQuota: Graph reports shares from 0.8 to 1.8. Other values do
// not make a pause longer. A pause that delays a request is reported.
func TestPauseByUsedQuota(t *testing.T) {
	t.Parallel()
	for header, longest := range map[string]time.Duration{"50": 10 * time.Second, "1.8": 10 * time.Second, "1.2": 4 * time.Second, "0.8": 0, "-3": 0, "NaN": 0, "much": 0, "+Inf": 10 * time.Second} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewTLSServer(newService(func(n int, _ item) (int, map[string]string, any) {
				return 200, map[string]string{"x-ms-throttle-limit-percentage": header}, map[string]any{"value": []any{}}
			}))
			t.Cleanup(server.Close)
			ctx, cancel := context.WithCancel(t.Context())
			var said []time.Duration
			client, err := graph.New(credential{}, graph.Options{Endpoint: server.URL + "/v1.0", Transport: server.Client().Transport,
				Waiting: func(pause time.Duration, why string) { said = append(said, pause); cancel() }})
			if err != nil {
				t.Fatal(err)
			}
			next := graph.Read{Path: "/groups", List: true}.Then(func(graph.Result, error) []graph.Request { return nil })
			err = client.Do(ctx, graph.Read{Path: "/users", List: true}.Then(func(graph.Result, error) []graph.Request { return []graph.Request{next} }))
			switch {
			case longest == 0 && (err != nil || len(said) > 0):
				t.Errorf("%v, and a wait of %v was said", err, said)
			case longest > 0 && (len(said) != 1 || said[0] > longest || said[0] < longest/2):
				t.Errorf("%v, and a wait of %v was said, want at most %s", err, said, longest)
			}
		})
	}
}

func TestLongRetryAfterIsCappedAndReported(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.Handler{
		"a request": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusTooManyRequests)
		}),
		"an item": newService(func(int, item) (int, map[string]string, any) {
			return 429, map[string]string{"Retry-After": "86400"}, nil
		}),
		"until a day": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", time.Now().AddDate(1, 0, 0).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewTLSServer(h)
			t.Cleanup(server.Close)
			ctx, cancel := context.WithCancel(t.Context())
			var said time.Duration
			client, err := graph.New(credential{}, graph.Options{Endpoint: server.URL + "/v1.0", Transport: server.Client().Transport,
				Waiting: func(pause time.Duration, why string) { said = pause; cancel() }})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Read(ctx, graph.Read{Path: "/users", List: true}); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want the wait interrupted", err)
			}
			if said != time.Minute {
				t.Errorf("waiting %s was said, want a minute", said)
			}
		})
	}
}
