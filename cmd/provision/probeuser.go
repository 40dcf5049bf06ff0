package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"provision/conformance"
	"provision/graph"
	"provision/protected"
)

// probes are the users that verify creates in further local tenants, with the service principals
// and the consent that they need to sign in. remove deletes all of them.
type probes struct {
	connection *connection
	// alone waits until no other run of verify uses the tenants. Other runs may use the service
	// principals, because there is only one for each application in a tenant.
	alone func(context.Context) (release func(), err error)
	open  func(tenantID, clientID, clientSecret string) (*graph.Client, error)

	mu   sync.Mutex
	made []removal // in the order in which it was made
}

// removal deletes one created object.
type removal struct {
	what  string
	graph *graph.Client
	write graph.Write
	trash string // its id in the recycle bin; "": it does not go there
	alone bool   // other runs of verify can use it
}

// signIn returns a function that signs in a user of the tenant for an API. On a real tenant it
// returns an error that states the requirements.
func (p *probes) signIn(tenant conformance.OtherTenant, f protected.Facts, tokens *conformance.Tenant) func(context.Context, string, []string, []string) (string, error) {
	return func(ctx context.Context, client string, scopes, roles []string) (string, error) {
		if p.connection.manage == nil {
			return "", conformance.Unavailable("verify creates no user in %s; create a test user there, and let an administrator of that tenant consent: %s/%s/adminconsent?client_id=%s", tenant.Name, p.connection.authority, tenant.ID, f.AppIDs[client])
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		account, err := p.make(ctx, tenant, f, client, scopes, roles)
		if err != nil {
			return "", err
		}
		there := &conformance.Tenant{
			Authority: &conformance.Authority{URL: p.connection.authority + "/" + tenant.ID, HTTPClient: p.connection.http}, Resource: tokens.Resource,
			Clients: tokens.Clients, Accounts: map[string]conformance.Account{"probe": account},
		}
		access, _, err := there.User(ctx, client, "probe", scopes)
		return access, err
	}
}

// make creates the user and all objects that the user needs. A started step is completed even if
// the run is interrupted, so that remove knows which objects to delete.
func (p *probes) make(ctx context.Context, tenant conformance.OtherTenant, f protected.Facts, client string, scopes, roles []string) (account conformance.Account, err error) {
	if err := ctx.Err(); err != nil {
		return account, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	all, err := p.connection.manage.Tenants(ctx)
	if err != nil {
		return account, err
	}
	for _, there := range all {
		if there.TenantID != tenant.ID {
			continue
		}
		g, err := p.open(there.TenantID, there.ClientID, there.ClientSecret)
		if err != nil {
			return account, err
		}
		return p.makeIn(ctx, g, there.Domain, f, client, scopes, roles)
	}
	return account, conformance.Unavailable("tenant %s is not served here", tenant.Name)
}

func (p *probes) makeIn(ctx context.Context, g *graph.Client, domain string, f protected.Facts, client string, scopes, roles []string) (account conformance.Account, err error) {
	resource, err := p.findPrincipal(ctx, g, f.Resource.AppID, f.Resource.Name)
	if err != nil {
		return account, err
	}
	signsIn, err := p.findPrincipal(ctx, g, f.AppIDs[client], client)
	if err != nil {
		return account, err
	}
	name := "provision-verify-" + strings.ToLower(rand.Text()[:8])
	account = conformance.Account{UserPrincipalName: name + "@" + domain, Password: rand.Text() + "aA1!"}
	var user struct{ ID string }
	if err := p.send(ctx, g, graph.CreateUser(graph.Object{
		"displayName": "provision verify", "mailNickname": name, "userPrincipalName": account.UserPrincipalName, "accountEnabled": true,
		"passwordProfile": graph.Object{"password": account.Password, "forceChangePasswordNextSignIn": false},
	}), &user); err != nil {
		return account, err
	}
	p.made = append(p.made, removal{"user " + account.UserPrincipalName, g, graph.DeleteUser(user.ID), user.ID, false})
	if len(scopes) > 0 {
		var grant struct{ ID string }
		if err := p.send(ctx, g, graph.GrantForUser(user.ID, signsIn.ID, resource.ID, strings.Join(scopes, " ")), &grant); err != nil {
			return account, err
		}
		p.made = append(p.made, removal{"consent of " + account.UserPrincipalName, g, graph.RevokeGrant(grant.ID), "", false})
	}
	for _, role := range roles {
		i := slices.IndexFunc(resource.AppRoles, func(r appRole) bool { return r.Value == role })
		if i < 0 {
			return account, conformance.Unavailable("the service principal of %s there has no role %s", f.Resource.Name, role)
		}
		var assigned struct{ ID string }
		if err := p.send(ctx, g, graph.AssignRole(resource.ID, user.ID, resource.AppRoles[i].ID), &assigned); err != nil {
			return account, err
		}
		p.made = append(p.made, removal{"role " + role + " of " + account.UserPrincipalName, g, graph.RemoveAssignment(resource.ID, assigned.ID), "", false})
	}
	return account, nil
}

type appRole struct{ ID, Value string }

type servicePrincipal struct {
	ID       string
	AppRoles []appRole
}

// findPrincipal finds the service principal of an application in the tenant, or
// creates it, which is only possible for a multi-tenant application.
func (p *probes) findPrincipal(ctx context.Context, g *graph.Client, appID, name string) (found servicePrincipal, err error) {
	read := func() (bool, error) {
		results, err := g.Read(ctx, graph.ServicePrincipalByAppID(appID))
		if err != nil || len(results[0].Object) == 0 {
			return false, err
		}
		return true, json.Unmarshal(results[0].Object, &found)
	}
	if there, err := read(); there || err != nil {
		return found, err
	}
	var refused *graph.Error
	if err := p.send(ctx, g, graph.UpsertServicePrincipal(appID, graph.Object{}), nil); errors.As(err, &refused) {
		return found, conformance.Unavailable("application %s cannot be used in another tenant: is its signInAudience AzureADMultipleOrgs?", name)
	} else if err != nil {
		return found, err
	}
	there, err := read()
	if err == nil && !there {
		err = fmt.Errorf("the service principal of %s does not exist there", name)
	}
	if err == nil {
		p.made = append(p.made, removal{"service principal of " + name, g, graph.DeleteServicePrincipal(found.ID), found.ID, true})
	}
	return found, err
}

func (p *probes) send(ctx context.Context, g *graph.Client, w graph.Write, into any) error {
	answer := g.Send(ctx, w)
	if answer.Err != nil || into == nil {
		return answer.Err
	}
	return json.Unmarshal(answer.Body, into)
}

// remove deletes all created objects in reverse order, and returns the objects that it could not
// delete. Another run may have deleted a service principal, and with it everything that refers to
// it.
func (p *probes) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.made, func(r removal) bool { return r.alone }) {
		release, err := p.alone(ctx)
		if err != nil {
			return err
		}
		defer release()
	}
	var left []error
	for _, r := range slices.Backward(p.made) {
		err := r.graph.Send(ctx, r.write).Err
		if err == nil && r.trash != "" {
			err = r.graph.Send(ctx, graph.Purge(r.trash)).Err
		}
		if err != nil && !graph.NotFound(err) {
			left = append(left, fmt.Errorf("remove %s from the other tenant: %w", r.what, err))
		}
	}
	p.made = nil
	return errors.Join(left...)
}
