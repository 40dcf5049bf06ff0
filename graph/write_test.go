package graph_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"provision/graph"
)

// TestPasswordFromAnswer reads the created password from Graph's answer.
func TestPasswordFromAnswer(t *testing.T) {
	t.Parallel()
	end := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for body, want := range map[string]graph.Password{
		`{"keyId":"k","secretText":"t"}`:                                      {KeyID: "k", Text: "t", End: end},
		`{"keyId":"k","secretText":"t","endDateTime":"2031-01-02T03:04:05Z"}`: {KeyID: "k", Text: "t", End: end.AddDate(1, 0, 0)},
	} {
		if got, err := (graph.Answer{Body: []byte(body)}).Password(end); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", body, got, err, want)
		}
	}
	for _, body := range []string{``, `{}`, `{"keyId":"k"}`, `{"secretText":"t"}`, `{"keyId":`} {
		if got, err := (graph.Answer{Body: []byte(body)}).Password(end); err == nil {
			t.Errorf("%q is the password %+v", body, got)
		}
	}
	for body, want := range map[string]string{``: "", `{}`: "", `{"id":"i","appId":"a"}`: "i a"} {
		made, ok, err := graph.Answer{Body: []byte(body)}.Created()
		if got := strings.TrimSpace(made.ID + " " + made.AppID); err != nil || got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t, %v; want %q", body, got, ok, err, want)
		}
	}
	if _, ok, err := (graph.Answer{Body: []byte(`[`)}).Created(); err == nil || ok {
		t.Error("what is no JSON object was created")
	}
}

// TestAnIDIsEscapedInAPath: an id can come from the tenant.
func TestAnIDIsEscapedInAPath(t *testing.T) {
	t.Parallel()
	var urls []string
	client := serve(t, newService(func(_ int, i item) (int, map[string]string, any) {
		urls = append(urls, i.Method+" "+i.URL)
		return 204, nil, nil
	}))
	const id = "a/../b?x=1"
	for _, w := range []graph.Write{graph.DeleteUser(id), graph.RemoveMember("g", id), graph.RemoveOwner(graph.OwnedGroup, "g", id),
		graph.RemoveAssignment("r", id), graph.RemoveFederatedCredential("a", id), graph.Purge(id), graph.RevokeGrant(id)} {
		if err := client.Send(t.Context(), w).Err; err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range urls {
		if !strings.Contains(u, "a%2F..%2Fb%3Fx=1") {
			t.Errorf("%s does not escape the id", u)
		}
	}
}

// TestBatchWithLostSecretIsNotRepeated: the batch of a new secret is not
// repeated as a whole.
func TestBatchWithLostSecretIsNotRepeated(t *testing.T) {
	t.Parallel()
	sent := map[string]int{}
	s := newService(func(_ int, i item) (int, map[string]string, any) {
		sent[i.URL]++
		return 204, nil, nil
	})
	lost := false
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !lost {
			lost = true
			panic(http.ErrAbortHandler)
		}
		s.ServeHTTP(w, r)
	}))
	var ofSecret, ofGroup graph.Answer
	err := client.Do(context.Background(),
		graph.AddPassword("a", "key", time.Now()).Then(func(a graph.Answer) []graph.Request { ofSecret = a; return nil }),
		graph.DeleteGroup("g").Then(func(a graph.Answer) []graph.Request { ofGroup = a; return nil }))
	if err != nil {
		t.Fatal(err)
	}
	if !graph.Uncertain(ofSecret.Err) || sent["/applications/a/addPassword"] != 0 {
		t.Errorf("the secret: %v, sent again %d times; want an uncertain answer", ofSecret.Err, sent["/applications/a/addPassword"])
	}
	if ofGroup.Err != nil || sent["/groups/g"] != 1 {
		t.Errorf("the group: %v, sent again %d times; want once", ofGroup.Err, sent["/groups/g"])
	}
}
