package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"provision/graph"
	"provision/plan"
)

// Entra accepts assertions whose times are off by at most five minutes.
const (
	maxSkew  = 5 * time.Minute
	someSkew = 30 * time.Second
)

const maxDocument = 1 << 20

// authority reads the discovery document of the tenant.
func authority(ctx context.Context, s *Subject) Finding {
	if s.Unopened != nil {
		return Finding{Status: Failure, Message: "the local tenant cannot be opened: " + oneLine(s.Unopened.Error()), Hint: s.UnopenedHint}
	}
	address := s.Authority + "/" + s.TenantID + "/v2.0/.well-known/openid-configuration"
	answer, err := fetch(ctx, s.HTTP, address)
	if err != nil {
		f := Finding{Status: Failure, Message: err.Error(), Hint: "check the network, HTTPS_PROXY and NO_PROXY"}
		if errors.As(err, new(x509.UnknownAuthorityError)) {
			f.Hint = "a proxy that inspects TLS needs its certificate authority to be trusted: install it in the system, or set SSL_CERT_FILE (Linux)"
		}
		return f
	}
	var document struct {
		Issuer      string `json:"issuer"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(answer.body, &document); err != nil || document.Issuer == "" {
		message := fmt.Sprintf("%s answers %d without an issuer", host(s.Authority), answer.status)
		if document.Description != "" {
			message, _, _ = strings.Cut(document.Description, " Trace ID:")
		}
		return Finding{Status: Failure, Message: message, Hint: "check tenant and cloud of the target in provision.yaml"}
	}
	s.authorityDate = answer.date
	return Finding{Status: OK, Message: fmt.Sprintf("%s, %s, issuer %s", host(s.Authority), answer.tls, document.Issuer)}
}

type answer struct {
	status int
	body   []byte
	date   time.Time // from its Date header; zero without the header
	tls    string    // version
}

func fetch(ctx context.Context, client *http.Client, address string) (a answer, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return a, err
	}
	response, err := client.Do(r)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	a.status = response.StatusCode
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, maxDocument)); err != nil {
		return a, err
	}
	a.date, _ = http.ParseTime(response.Header.Get("Date")) // zero without the header
	a.tls = "no TLS"
	if response.TLS != nil {
		a.tls = tls.VersionName(response.TLS.Version)
	}
	return a, nil
}

// clock compares the machine's clock with the tenant's.
func clock(_ context.Context, s *Subject) Finding {
	if s.authorityDate.IsZero() {
		return Finding{Status: Skipped, Message: "the authorization server does not return its time"}
	}
	skew := s.Now().Sub(s.authorityDate).Abs().Truncate(time.Second)
	f := Finding{Status: OK, Message: fmt.Sprintf("differs from the tenant's clock by %s", skew)}
	switch {
	case skew > maxSkew:
		f.Status, f.Hint = Failure, "set the clock: Entra refuses assertions, and APIs refuse tokens, that are more than 5 minutes off"
	case skew > someSkew:
		f.Status, f.Hint = Warning, "synchronize the clock (NTP)"
	}
	return f
}

// signIn gets a token for Graph.
func signIn(ctx context.Context, s *Subject) Finding {
	fail := func(err error) Finding {
		f := Finding{Status: Failure, Message: oneLine(err.Error()), Hint: "`az login --tenant " + s.TenantID + "`, or name another credential of the target in provision.yaml"}
		if s.Local {
			f.Hint = ""
		}
		return f
	}
	var err error
	if s.client, err = s.Connect(); err != nil {
		return fail(err)
	}
	if s.caller, err = s.client.Caller(ctx); err != nil {
		return fail(err)
	}
	who := "the application " + s.caller.Application
	if s.caller.User != "" {
		who = s.caller.User + ", by the application " + s.caller.Application
	}
	return Finding{Status: OK, Message: fmt.Sprintf("%s (appId %s), credential %s", who, s.caller.AppID, s.Credential)}
}

// tenant reads which tenant was signed in to.
func tenant(ctx context.Context, s *Subject) Finding {
	var err error
	if s.tenant, err = s.client.Tenant(ctx); err != nil {
		f := Finding{Status: Failure, Message: oneLine(err.Error())}
		if graph.Denied(err) {
			f.Hint = "grant the account User.Read.All or Organization.Read.All of Microsoft Graph"
		}
		return f
	}
	return ofTarget(s)
}

// home reads the tenant where the applications of a customer are registered.
func home(ctx context.Context, s *Subject) Finding {
	var at graph.Tenant
	client, err := s.ConnectHome()
	if err == nil {
		at, err = client.Tenant(ctx)
	}
	switch {
	case err != nil:
		return Finding{Status: Failure, Message: "target " + s.Home + ": " + oneLine(err.Error()), Hint: "the appIds are read from the home: sign in to its tenant too, or set a credential for target " + s.Home + " in provision.yaml"}
	case !at.Named(s.HomeTenantID):
		return Finding{Status: Failure, Message: fmt.Sprintf("%s, %s (%s) is not the tenant of target %s, %s", at.DisplayName, at.Domain, at.ID, s.Home, s.HomeTenantID), Hint: "set a credential for target " + s.Home + " in provision.yaml"}
	}
	return Finding{Status: OK, Message: fmt.Sprintf("target %s: %s, %s (%s)", s.Home, at.DisplayName, at.Domain, at.ID)}
}

// ofTarget checks that the account belongs to the tenant of the target.
func ofTarget(s *Subject) Finding {
	message := fmt.Sprintf("%s, %s (%s)", s.tenant.DisplayName, s.tenant.Domain, s.tenant.ID)
	if !s.tenant.Named(s.TenantID) {
		return Finding{Status: Failure, Message: message + " is not the tenant of the target, " + s.TenantID, Hint: "check AZURE_TENANT_ID, or set another credential for the target in provision.yaml"}
	}
	return Finding{Status: OK, Message: message}
}

// permissions compares the permissions of the account with the permissions that the manifests
// need.
func permissions(_ context.Context, s *Subject) Finding {
	needed := plan.ReaderPermissions
	what := "to plan"
	if len(s.Stacks) > 0 {
		needed, what = plan.DeployerPermissions(s.Stacks), "to apply and destroy "+count(len(s.Stacks), "stack")
	}
	if len(s.caller.Permissions) == 0 {
		return Finding{Status: Failure, Message: "the account has no permission of Microsoft Graph; " + what + " it needs " + strings.Join(needed, ", "),
			Hint: "grant them to " + s.caller.AppID + " as an administrator (Microsoft Entra admin center, App registrations, API permissions)"}
	}
	if lacking := plan.Lacking(needed, s.caller.Permissions); len(lacking) > 0 {
		return Finding{Status: Failure, Message: what + ", the account lacks " + strings.Join(lacking, ", "),
			Hint: "grant them to " + s.caller.AppID + " as an administrator; these are the least privileged ones"}
	}
	return Finding{Status: OK, Message: "enough " + what}
}

// role is a directory role.
type role struct{ name, id string }

// Source: learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
var (
	globalAdministrator           = role{"Global Administrator", "62e90394-69f5-4237-9190-012177145e10"}
	applicationAdministrator      = role{"Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"}
	cloudApplicationAdministrator = role{"Cloud Application Administrator", "158c047a-c907-4556-b7ef-446551a6b5f7"}
	privilegedRoleAdministrator   = role{"Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814"}
	userAdministrator             = role{"User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1"}
	groupsAdministrator           = role{"Groups Administrator", "fdd7a751-b60b-444a-984c-02652fe8fa1c"}
)

// byRole lists the directory roles with which a user can do the work of an application
// permission, the least privileged first.
var byRole = map[string][]role{
	"Application.ReadWrite.OwnedBy":          {cloudApplicationAdministrator, applicationAdministrator, globalAdministrator},
	"Application.ReadWrite.All":              {cloudApplicationAdministrator, applicationAdministrator, globalAdministrator},
	"DelegatedPermissionGrant.ReadWrite.All": {cloudApplicationAdministrator, applicationAdministrator, globalAdministrator},
	"AppRoleAssignment.ReadWrite.All":        {privilegedRoleAdministrator, globalAdministrator},
	"User.ReadWrite.All":                     {userAdministrator, globalAdministrator},
	"Group.ReadWrite.All":                    {groupsAdministrator, userAdministrator, globalAdministrator},
	"GroupMember.ReadWrite.All":              {groupsAdministrator, userAdministrator, globalAdministrator},
}

// directoryRoles lists the roles that a signed-in user lacks: delegated permissions
// allow no more than the user may do.
func directoryRoles(_ context.Context, s *Subject) Finding {
	if s.caller.User == "" || len(s.Stacks) == 0 {
		return Finding{}
	}
	var lacking []string
	for _, permission := range plan.DeployerPermissions(s.Stacks) {
		roles := byRole[permission]
		if len(roles) == 0 || slices.ContainsFunc(roles, func(r role) bool { return slices.Contains(s.caller.DirectoryRoles, r.id) }) {
			continue
		}
		if name := roles[0].name; !slices.Contains(lacking, name) {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return Finding{Status: OK, Message: "the user's directory roles are enough"}
	}
	return Finding{Status: Warning, Message: "the user does not have the directory role " + strings.Join(lacking, ", "),
		Hint: "activate the role (Privileged Identity Management), or ask an administrator to assign it"}
}

// appPolicy checks the manifests against the app management policy of the tenant.
func appPolicy(ctx context.Context, s *Subject) Finding {
	if len(s.Stacks) == 0 {
		return Finding{}
	}
	refusals, err := s.Refusals(ctx)
	switch {
	case err != nil:
		return Finding{Status: Warning, Message: "the app management policy of the tenant cannot be compared: " + oneLine(err.Error())}
	case len(refusals) > 0:
		return Finding{Status: Failure, Message: "the app management policy of the tenant refuses: " + strings.Join(refusals, "; "),
			Hint: "change the manifests, or ask an administrator for an exemption of the applications"}
	}
	return Finding{Status: OK, Message: "the app management policy of the tenant permits the manifests"}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
