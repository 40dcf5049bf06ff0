package doctor

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"provision/graph"
	"provision/stack"
)

// Status is the result of a check.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warning Status = "warning" // may cause trouble
	Failure Status = "failure" // commands will fail
	Skipped Status = "skipped" // not examined, since an earlier check failed
)

// Finding is the result of a check.
type Finding struct {
	Check   string `json:"check"`
	Status  Status `json:"status"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // the solution, with the command
}

// Subject contains everything that doctor checks. Each of its functions is called at
// most once.
type Subject struct {
	Program string // name, version and platform

	Dir       string // of the manifests
	Stacks    []*stack.Stack
	LoadError error // why they cannot be read

	Target       string
	Local        bool
	Unopened     error  // why the local tenant cannot be opened
	UnopenedHint string // the solution
	Home         string // target of the home, where Target is a customer's
	HomeTenantID string // of Home, as provision.yaml has it
	TenantID     string // id or domain, as provision.yaml has it
	Authority    string // origin of the authorization server
	Graph        string // origin of Microsoft Graph
	Credential   string // its name in provision.yaml
	Folder       string // where the target's secrets are kept

	HTTP    *http.Client
	Proxy   func(*http.Request) (*url.URL, error)
	Connect func() (*graph.Client, error)
	// ConnectHome opens the home tenant.
	ConnectHome func() (*graph.Client, error)
	Now         func() time.Time

	// Terraform finds the program and returns its version.
	Terraform func(context.Context) (version string, err error)
	// Refusals lists the violations of the tenant's app management policy by the manifests,
	// one sentence each.
	Refusals func(context.Context) ([]string, error)
	// Command is a command line of provision about this target.
	Command func(verb string, args ...string) string

	client *graph.Client
	caller graph.Caller
	tenant graph.Tenant

	authorityDate time.Time // the Date header of the authorization server
}

// check is one examination. It is skipped if one of the checks in needs failed.
type check struct {
	name  string
	needs []string
	only  func(*Subject) bool // nil: for every target
	run   func(context.Context, *Subject) Finding
}

// checks are all checks, in the order in which they run.
var checks = []check{
	{name: "program", run: program},
	{name: "manifests", run: manifests},
	{name: "folder", run: folder},
	{name: "terraform", run: terraform},
	{name: "proxy", run: proxy},
	{name: "authority", run: authority},
	{name: "clock", needs: []string{"authority"}, run: clock},
	{name: "sign-in", needs: []string{"authority"}, run: signIn},
	{name: "tenant", needs: []string{"sign-in"}, run: tenant},
	{name: "home", needs: []string{"sign-in"}, only: func(s *Subject) bool { return s.Home != "" }, run: home},
	{name: "permissions", needs: []string{"sign-in"}, run: permissions},
	{name: "directory roles", needs: []string{"sign-in"}, run: directoryRoles},
	{name: "app policy", needs: []string{"manifests", "tenant"}, run: appPolicy},
}

// Examine runs the checks, and passes each finding to tell.
func Examine(ctx context.Context, s *Subject, tell func(Finding)) {
	failed := map[string]bool{}
	for _, c := range checks {
		if c.only != nil && !c.only(s) {
			continue
		}
		f := Finding{Status: Skipped}
		for _, need := range c.needs {
			if failed[need] {
				f.Message = "not checked, because the check " + need + " failed"
			}
		}
		if f.Message == "" {
			f = c.run(ctx, s)
		}
		if f.Message == "" {
			continue // the check is not for this target
		}
		f.Check = c.name
		failed[c.name] = f.Status == Failure || f.Status == Skipped
		tell(f)
	}
}
