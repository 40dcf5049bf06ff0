package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"provision/graph"
	"provision/internal/display"
	"provision/internal/microsoft"
	"provision/localtenant"
	"provision/plan"
	"provision/reconcile"
	"provision/signin"
	"provision/stack"
)

// connection is a tenant that this run is connected to. A local one and a real
// one are used alike: over HTTPS, through azidentity and msgraph-sdk-go-core.
type connection struct {
	target            string
	local             bool
	tenantID          string
	domain            string          // known once the tenant was read
	cloud             microsoft.Cloud // of a real tenant
	authority         string          // https://host, without a slash at its end
	v1Issuer          string          // iss of version 1.0 tokens
	http              *http.Client
	graph             *graph.Client
	state             *plan.State // of the command's stacks, once it was read
	keep              reconcile.Keep
	hosting           *hosting
	writes            bool           // the command changes the target
	home              reconcile.Home // of a customer's target
	lag               time.Duration  // how long writes may stay invisible
	newSecretPatience time.Duration  // how long the token endpoint may not know a new secret
	now               func() time.Time
	administrator     string                                                               // appId of the local tenant's, which nobody has registered
	caFile            string                                                               // of the local tenant
	proxy             string                                                               // of the local tenant, where authority is reached through it
	manage            *localtenant.Management                                              // nil on a real tenant
	graphOf           func(tenantID, clientID, clientSecret string) (*graph.Client, error) // of a tenant beside the local one
	serves            bool                                                                 // this process serves the local tenant, so that it is gone with it
	users             *signin.Users                                                        // how users sign in; nil: through the form of the local tenant
	written           func()                                                               // others may change the target from now on; nothing where this command does not
	close             func()

	command func(verb string, args ...string) string // to try, about the same target and folder
	destroy func(stack string) string                // the command that takes a stack away
}

// connect opens the tenant that --target names.
func (a *app) connect(ctx context.Context) (*connection, error) {
	target := a.config.GetString("target")
	switch home := a.homeOf(target); {
	case target == stack.Local:
		return a.connectLocal(ctx)
	case home == stack.Local:
		return a.connectLocalCustomer(ctx, target)
	case home != "":
		return a.connectCustomer(ctx, target, home)
	}
	return a.connectReal(target)
}

// realTenant returns the tenant of a target in provision.yaml. The name is compared exactly:
// the configuration itself ignores the letter case of keys.
func (a *app) realTenant(name string) (id string, err error) {
	declared := a.declaredTargets()
	if !slices.Contains(declared, name) {
		known := append([]string{stack.Local}, declared...)
		slices.Sort(known)
		if name == allTargets || strings.Contains(name, ",") {
			return "", hint(usagef("%s takes one target, not %q", a.verb, name), "only plan and apply take several targets; name one of: %s", strings.Join(known, ", "))
		}
		unknown := usagef("target %q is not known (known targets: %s)", name, strings.Join(known, ", "))
		if near := stack.Nearest(name, known); near != "" {
			return "", hint(unknown, "did you mean --target %s?", display.ShellQuote(near))
		}
		if len(known) > 1 {
			return "", hint(unknown, "add it to targets in provision.yaml:  %s: {tenant: <tenant id>}", name)
		}
		return "", hint(unknown, "add it to provision.yaml:  targets: {%s: {tenant: <tenant id>}}", name)
	}
	id = a.config.GetString("targets." + name + ".tenant")
	if id == "" {
		return "", hint(usagef("target %q has no tenant", name), "add it to provision.yaml:  targets: {%s: {tenant: <tenant id>}}", name)
	}
	return id, nil
}

// declaredTargets returns the targets of provision.yaml, if there is one.
func (a *app) declaredTargets() []string {
	if a.file == nil {
		return nil
	}
	return a.file.Targets()
}

func (a *app) connectReal(name string) (*connection, error) {
	tenantID, err := a.realTenant(name)
	if err != nil {
		return nil, err
	}
	in, err := a.cloudOf(name)
	if err != nil {
		return nil, err
	}
	cred, err := a.credential(name, tenantID, in)
	if err != nil {
		return nil, err
	}
	client, err := graph.New(cred, graph.Options{Endpoint: in.GraphURL() + "/v1.0", Scope: in.GraphURL() + "/.default", Waiting: a.waiting, Parallel: a.config.GetInt("parallelism")})
	if err != nil {
		return nil, err
	}
	root, err := provisionDir()
	if err != nil {
		return nil, err
	}
	return &connection{target: name, tenantID: tenantID, cloud: in, authority: in.Authority(),
		v1Issuer: in.IssuerV1(tenantID),
		http:     &http.Client{Timeout: 30 * time.Second}, graph: client,
		keep: a.keep(filepath.Join(root, name)),
		lag:  realLag, newSecretPatience: 3 * time.Minute, now: a.now, written: func() {}, close: func() {}, command: a.command, destroy: a.destroyCommand}, nil
}

// realLag is the maximum time until Entra shows a write that it has acknowledged.
const realLag = 5 * time.Minute

// cloudOf returns the cloud of a target; the schema of provision.yaml has checked its name. The
// local tenant belongs to the cloud that `provision exec --cloud` chose, and the error is that
// this cloud is not known.
func (a *app) cloudOf(target string) (microsoft.Cloud, error) {
	if target == stack.Local || a.homeOf(target) == stack.Local {
		name, err := a.chosenCloud()
		c, _ := microsoft.CloudNamed(cmp.Or(name, microsoft.Clouds[0].Name))
		return c, err
	}
	c, _ := microsoft.CloudNamed(cmp.Or(a.config.GetString("targets."+target+".cloud"), a.config.GetString("targets."+a.homeOf(target)+".cloud"), microsoft.Clouds[0].Name))
	return c, nil
}

// localGraph signs in to a tenant that is served from dir, as its administrator or as another
// application. The tokens are kept for the next command.
func (a *app) localGraph(dir localtenant.Folder, served localtenant.Served, client *http.Client) (*graph.Client, error) {
	signIn, err := azidentity.NewClientSecretCredential(served.TenantID, served.ClientID, served.ClientSecret,
		&azidentity.ClientSecretCredentialOptions{
			DisableInstanceDiscovery: true, // it would ask the public cloud about localhost
			ClientOptions: azcore.ClientOptions{
				Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: served.Origin + "/"},
				Transport: client,
			}})
	if err != nil {
		return nil, fmt.Errorf("sign in to the local tenant: %w", err)
	}
	cred := dir.Credential(served, brief{signIn}, a.now)
	return graph.New(cred, graph.Options{Endpoint: served.Origin + "/v1.0", Transport: cred.Transport(client.Transport, graph.DefaultScope), Waiting: a.waiting,
		Parallel: a.config.GetInt("parallelism")})
}

// keep returns the store in dir for the local records of a target.
func (a *app) keep(dir string) reconcile.Keep {
	access := sinks()
	access.Project = projectFolder()
	return reconcile.Keep{Dir: dir, Sinks: access, Overwrite: a.config.GetBool("overwrite"), AllowOutside: a.config.GetBool("allow-outside")}
}
