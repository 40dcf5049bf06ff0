package reconcile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"

	"provision/emulator/emulatortest"
	"provision/emulator/faults"
	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// world is a local tenant with a Graph client, configured as for apply.
type world struct {
	t      *testing.T
	tenant *emulatortest.Tenant
	graph  *graph.Client
	keep   reconcile.Keep
	wire   *wire
	home   reconcile.Home // of a customer

	patience time.Duration
	lag      time.Duration // the maximum time until a write is visible

	applicationID string // the object id of s.a, after a call of know
}

func newWorld(t *testing.T, options ...emulatortest.Option) *world {
	t.Helper()
	w := &world{t: t, tenant: emulatortest.Start(t, options...), keep: reconcile.Keep{Dir: t.TempDir(), AllowOutside: true}, patience: time.Second}
	client := w.tenant.HTTPClient()
	w.wire = &wire{next: client.Transport}
	w.wire.left.Store(1 << 30)
	w.graph = w.connect(w.wire)
	return w
}

// dump returns the tenant's directory with natural keys instead of ids.
func (w *world) dump() string {
	w.t.Helper()
	raw, err := w.tenant.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	return string(raw)
}

func (w *world) credential() azcore.TokenCredential {
	w.t.Helper()
	client := w.tenant.HTTPClient()
	cred, err := azidentity.NewClientSecretCredential(w.tenant.TenantID, w.tenant.ClientID, w.tenant.ClientSecret,
		&azidentity.ClientSecretCredentialOptions{DisableInstanceDiscovery: true, ClientOptions: azcore.ClientOptions{
			Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: w.tenant.Origin + "/"},
			Transport: client}})
	if err != nil {
		w.t.Fatal(err)
	}
	return cred
}

func (w *world) connect(transport http.RoundTripper) *graph.Client {
	w.t.Helper()
	g, err := graph.New(w.credential(), graph.Options{Endpoint: w.tenant.Origin + "/v1.0", Transport: transport})
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// apply makes the tenant match the stacks.
func (w *world) apply(stacks []*stack.Stack, o plan.Options) (reconcile.Done, error) {
	ctx := w.wire.process()
	stacks = w.placed(stacks)
	state, err := w.reader().Read(ctx, stacks, o.Destroy)
	if err != nil {
		return reconcile.Done{}, err
	}
	o.ResetPasswords = true
	p, err := plan.Diff(stacks, state, o)
	if err != nil {
		return reconcile.Done{}, err
	}
	return w.applier().Apply(ctx, p, state)
}

// must applies, and checks that the next plan is empty.
func (w *world) must(stacks []*stack.Stack, o plan.Options) reconcile.Done {
	w.t.Helper()
	done, err := w.apply(stacks, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.settled(stacks, o)
	return done
}

func (w *world) plan(stacks []*stack.Stack, o plan.Options) *plan.Plan {
	w.t.Helper()
	stacks = w.placed(stacks)
	state, err := w.reader().Read(context.Background(), stacks, o.Destroy)
	if err != nil {
		w.t.Fatal(err)
	}
	o.ResetPasswords = true
	p, err := plan.Diff(stacks, state, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// placed returns stacks whose secrets are stored in files of this world.
func (w *world) placed(stacks []*stack.Stack) []*stack.Stack {
	var all []*stack.Stack
	for _, s := range stacks {
		own := *s
		own.Applications = nil
		for _, a := range s.Applications {
			application := *a
			application.Secrets = slices.Clone(a.Secrets)
			for i := range application.Secrets {
				application.Secrets[i].Sink = w.place(application.Secrets[i].Sink)
			}
			own.Applications = append(own.Applications, &application)
		}
		all = append(all, &own)
	}
	return all
}

func (w *world) place(where stack.Sink) stack.Sink {
	switch {
	case w.keep.Sinks.Project != "": // the files start there
	case where.File != "" && !filepath.IsAbs(where.File):
		where.File = filepath.Join(w.keep.Dir, where.File)
	case where.Env != nil && !filepath.IsAbs(where.Env.File):
		where.Env = &stack.EnvSink{File: filepath.Join(w.keep.Dir, where.Env.File), Key: where.Env.Key}
	}
	return where
}

func (w *world) settled(stacks []*stack.Stack, o plan.Options) {
	w.t.Helper()
	if p := w.plan(stacks, o); !p.Empty() {
		var b strings.Builder
		_ = p.Text(&b, false, true)
		w.t.Fatalf("after the apply there is still something to do:\n%s", b.String())
	}
}

// wire is the connection to Graph. It breaks after left requests, where each request of a $batch
// counts. The last request either arrives and its answer is lost, or it does not arrive.
type wire struct {
	next      http.RoundTripper
	left      atomic.Int64
	delivered bool
	writes    atomic.Int64
	requests  atomic.Int64
	killed    atomic.Pointer[context.CancelFunc]
	first     atomic.Pointer[first]
}

// first registers a hook for the first request of a kind.
type first struct {
	method, suffix string
	do             func()
}

func (w *wire) before(method, suffix string, do func()) { w.first.Store(&first{method, suffix, do}) }

// process returns the context of an apply. It ends when the wire breaks, like a killed process.
func (w *wire) process() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	w.killed.Store(&cancel)
	return ctx
}

func (w *wire) cut() error {
	if cancel := w.killed.Load(); cancel != nil {
		(*cancel)()
	}
	return errCut
}

var errCut = errors.New("the process was killed here")

// sent is a request to Graph, in a $batch or separate.
type sent struct{ Method, URL string }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	all := []sent{{r.Method, r.URL.Path}}
	var items []json.RawMessage
	if strings.HasSuffix(r.URL.Path, "/$batch") {
		var batch struct{ Requests []json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			return nil, err
		}
		items, all = batch.Requests, nil
		for _, raw := range items {
			var one sent
			if err := json.Unmarshal(raw, &one); err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	for _, one := range all {
		if f := w.first.Load(); f != nil && one.Method == f.method && strings.HasSuffix(one.URL, f.suffix) && w.first.CompareAndSwap(f, nil) {
			f.do()
		}
	}
	n := int64(len(all))
	passing := n
	if left := w.left.Add(-n); left < 0 {
		passing = max(n+left, 0)
		if w.delivered && n+left >= 0 {
			passing++
		}
	}
	for _, one := range all[:passing] {
		w.requests.Add(1)
		if one.Method != http.MethodGet {
			w.writes.Add(1)
		}
	}
	if items != nil {
		body, err := json.Marshal(map[string]any{"requests": items[:passing]})
		if err != nil {
			return nil, err
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	if passing == 0 {
		return nil, w.cut()
	}
	answer, err := w.next.RoundTrip(r)
	if w.left.Load() < 0 && err == nil {
		answer.Body.Close()
		return nil, w.cut()
	}
	return answer, err
}

func load(t *testing.T, dir string) []*stack.Stack {
	t.Helper()
	stacks, err := stack.Load(dir, stack.Stage{})
	if err != nil {
		t.Fatal(err)
	}
	return stacks
}

func TestApplyTwiceThenDestroyLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.dump()
	stacks := load(t, "../manifests/vscode-fastapi")
	if done := w.must(stacks, plan.Options{}); done.Writes == 0 {
		t.Fatal("the first apply wrote nothing")
	}
	after := w.dump()
	if cmp.Equal(before, after) {
		t.Fatal("the apply left no trace in the dump")
	}
	w.wire.writes.Store(0)
	if done := w.must(stacks, plan.Options{}); done.Writes != 0 || w.wire.writes.Load() != 0 {
		t.Errorf("the second apply wrote %d times (%d requests that write), want none", done.Writes, w.wire.writes.Load())
	}
	w.must(nil, plan.Options{Destroy: []string{"vscode-fastapi"}})
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("after the destroy the directory differs (-before +after):\n%s", diff)
	}
	w.must(stacks, plan.Options{})
	if diff := cmp.Diff(after, w.dump()); diff != "" {
		t.Errorf("after the second build the directory differs (-first +second):\n%s", diff)
	}
}

// TestApplyInterruptedAtEveryRequest cuts the connection at every request of an apply, also in the middle of a
// $batch: once before the request arrives and once after it was executed. The next apply must
// have the same result as an apply without an interruption.
func TestApplyInterruptedAtEveryRequest(t *testing.T) {
	t.Parallel()
	system := load(t, "../manifests/vscode-fastapi")
	crew := load(t, "testdata/credentials")
	for name, journey := range map[string]struct {
		from []*stack.Stack
		to   []*stack.Stack
		o    plan.Options
		step int // the number of requests between two cuts
	}{
		"building":            {to: system, step: 1},
		"destroying":          {from: system, o: plan.Options{Destroy: []string{"vscode-fastapi"}}, step: 2},
		"taking things away":  {from: system, to: without(load(t, "../manifests/vscode-fastapi")), step: 2},
		"putting things back": {from: without(load(t, "../manifests/vscode-fastapi")), to: system, step: 3},

		"building what signs in by itself": {to: crew, step: 1},
		"destroying that":                  {from: crew, o: plan.Options{Destroy: []string{"crew"}}, step: 1},
		"taking its credentials away":      {from: crew, to: bare(crew), o: plan.Options{Prune: []string{"crew"}}, step: 1},
		"giving it credentials":            {from: bare(crew), to: crew, step: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := newWorld(t)
			if journey.from != nil {
				whole.must(journey.from, plan.Options{})
			}
			whole.wire.requests.Store(0)
			if _, err := whole.apply(journey.to, journey.o); err != nil {
				t.Fatal(err)
			}
			requests, want := int(whole.wire.requests.Load()), whole.dump()
			if requests < 10 { // each request of a batch counts
				t.Fatalf("the apply took %d requests, fewer than it has to do", requests)
			}
			step := journey.step
			if testing.Short() {
				step = 7
			}
			for _, delivered := range []bool{false, true} {
				for n := 0; n < requests; n += step {
					t.Run(fmt.Sprintf("request %d, carried out %t", n, delivered), func(t *testing.T) {
						t.Parallel()
						w := newWorld(t)
						if journey.from != nil {
							w.must(journey.from, plan.Options{})
						}
						w.wire.delivered = delivered
						w.wire.left.Store(int64(n))
						_, first := w.apply(journey.to, journey.o)
						w.wire.left.Store(1 << 30)
						w.must(journey.to, journey.o)
						if diff := cmp.Diff(want, w.dump()); diff != "" {
							t.Errorf("after %v the next apply ends elsewhere (-undisturbed +resumed):\n%s", first, diff)
						}
					})
				}
			}
		})
	}
}

// without returns the stacks with less content: without a scope, a role, a user, a group, an
// application and a secret.
func without(stacks []*stack.Stack) []*stack.Stack {
	s := *stacks[0]
	s.Groups = nil
	s.Users = s.Users[:1]
	var kept []*stack.Application
	for _, a := range s.Applications {
		if a.Name == "writer" {
			continue
		}
		less := *a
		less.Secrets = nil
		switch a.Name {
		case "api":
			less.API.OAuth2PermissionScopes = a.API.OAuth2PermissionScopes[:1]
			less.AppRoles = a.AppRoles[:1]
			less.RoleAssignments = a.RoleAssignments[:1]
		case "service":
			less.Permissions = nil
		}
		kept = append(kept, &less)
	}
	s.Applications = kept
	s.Prune = "credentials"
	return []*stack.Stack{&s}
}

// bare returns the stack crew without credentials and with one owner.
func bare(stacks []*stack.Stack) []*stack.Stack {
	s, a := *stacks[0], *stacks[0].Applications[0]
	a.Secrets, a.Certificates, a.FederatedCredentials, a.Owners = nil, nil, nil, []string{"bert"}
	s.Applications, s.Prune = []*stack.Application{&a}, "credentials"
	return []*stack.Stack{&s}
}

// TestDestroyWithoutThePermissionToPurge succeeds and reports the objects in the recycle bin.
func TestDestroyWithoutThePermissionToPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// A user can be deleted with User.ReadWrite.All, but purged only with
	// User.DeleteRestore.All.
	stacks := []*stack.Stack{{Name: "people", Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@" + w.tenant.Domain}}}}
	w.must(stacks, plan.Options{})
	w.graph = w.as("User.ReadWrite.All", "Application.Read.All", "Group.Read.All", "Organization.Read.All")
	done, err := w.apply(nil, plan.Options{Destroy: []string{"people"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Warnings) != 1 || !strings.Contains(done.Warnings[0], "User.DeleteRestore.All") {
		t.Errorf("warnings %q, want one that names the permission", done.Warnings)
	}
	w.graph = w.as("Application.Read.All")
	if _, err := w.apply(stacks, plan.Options{}); !graph.Denied(err) {
		t.Errorf("without a permission to read users: %v, want a refusal", err)
	}
}

// as returns the client of another application with these Graph permissions.
func (w *world) as(permissions ...string) *graph.Client {
	w.t.Helper()
	caller := []*stack.Stack{{Name: "caller", Applications: []*stack.Application{{Name: "ci", DisplayName: "CI",
		Permissions: []stack.Permission{{Resource: "Microsoft Graph", Roles: permissions, AdminConsent: true}},
		Secrets:     []stack.Secret{{Name: "ci"}}}}}}
	client := w.tenant.HTTPClient()
	administrator := w.graph
	w.graph = w.connect(client.Transport)
	w.must(caller, plan.Options{})
	w.graph = administrator
	kept, ok, err := w.keep.Secret(context.Background(), "caller.ci", "ci", stack.Sink{})
	if err != nil || !ok {
		w.t.Fatalf("no secret of the caller: %v", err)
	}
	id, secret := w.tenant.ClientID, w.tenant.ClientSecret
	w.tenant.ClientID, w.tenant.ClientSecret = kept.ClientID, kept.SecretText
	defer func() { w.tenant.ClientID, w.tenant.ClientSecret = id, secret }()
	return w.connect(client.Transport)
}

// TestApplyWithFaults applies with known errors of Entra. The result is the same as without
// faults.
func TestApplyWithFaults(t *testing.T) {
	t.Parallel()
	stacks := load(t, "../manifests/vscode-fastapi")
	fair := newWorld(t)
	fair.must(stacks, plan.Options{})
	soon := faults.Duration(time.Second)
	lag := func(code, message string) faults.Rule {
		return faults.Rule{Status: 404, Code: code, Message: message, Next: 1}
	}
	on := func(r faults.Rule, method, path string) faults.Rule {
		r.Method, r.Path = method, path
		return r
	}
	for name, rules := range map[string][]faults.Rule{
		"throttled reads":  {{Status: 429, RetryAfter: soon, Path: "/v1.0/*", Method: "GET", Next: 3}},
		"throttled writes": {{Status: 429, RetryAfter: soon, Path: "/v1.0/*", Method: "POST", Skip: 2, Next: 2}, {Status: 503, RetryAfter: soon, Path: "/v1.0/*", Method: "PATCH", Next: 1}},
		"an application that is not visible yet": {
			on(lag("Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried reference-property objects are not present."), "PATCH", "/v1.0/applications/*"),
			{Status: 400, Code: "Request_BadRequest", Message: "The appId 'x' of the service principal does not reference a valid application object.", Method: "PATCH", Path: "/v1.0/servicePrincipals*", Next: 2},
			{Status: 403, Code: "Authorization_RequestDenied", Message: "When using this permission, the backing application of the service principal being created must in the local tenant", Method: "PATCH", Path: "/v1.0/servicePrincipals*", Skip: 1, Next: 1},
			{Status: 400, Code: "Request_BadRequest", Message: "Not a valid reference update.", Method: "POST", Path: "/v1.0/servicePrincipals/*/appRoleAssignedTo", Next: 1},
			on(lag("Directory_ObjectNotFound", "Unable to read."), "POST", "/v1.0/groups/*/members/$ref"),
			{Status: 409, Code: "Directory_ConcurrencyViolation", Message: "busy", Method: "POST", Path: "/v1.0/applications/*/addPassword", Next: 1},
		},
		"answers that are lost": {
			{Status: 504, Done: true, RetryAfter: soon, Method: "POST", Path: "/v1.0/users", Next: 1},
			{Status: 504, Done: true, RetryAfter: soon, Method: "PATCH", Path: "/v1.0/groups*", Next: 1},
			{Status: 504, Done: true, RetryAfter: soon, Method: "PATCH", Path: "/v1.0/applications*", Next: 1},
			{Status: 404, Done: true, Code: "Directory_ObjectNotFound", Method: "POST", Path: "/v1.0/oauth2PermissionGrants", Next: 1},
			{Status: 504, Done: true, RetryAfter: soon, Method: "POST", Path: "/v1.0/servicePrincipals/*/appRoleAssignedTo", Next: 1},
			{Status: 504, Done: true, RetryAfter: soon, Method: "POST", Path: "/v1.0/groups/*/members/$ref", Next: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, emulatortest.WithFaults(rules...))
			w.patience = 5 * time.Minute
			w.must(stacks, plan.Options{})
			if diff := cmp.Diff(fair.dump(), w.dump()); diff != "" {
				t.Errorf("the faults changed the directory (-without +with):\n%s", diff)
			}
		})
	}
}

func TestPlanningReadsInBatches(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("apiVersion: provision/v1\nkind: Stack\nmetadata: {name: many}\n")
	for i := range 100 {
		name := "app" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		b.WriteString("---\napiVersion: provision/v1\nkind: Application\nmetadata: {name: " + name + "}\nspec: {displayName: " + name + "}\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	stacks := load(t, dir)
	w.must(stacks, plan.Options{})
	w.graph = w.connect(w.wire)
	w.settled(stacks, plan.Options{})
	if n := w.graph.Requests(); n > 40 {
		t.Errorf("planning 100 applications took %d requests, want at most 40", n)
	}
}
