package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"provision/stack"
)

// Foreign is an owner or a credential of an object that no manifest declares.
// Its holder can sign in as the object, or add a credential to it.
type Foreign struct {
	Resource Key    `json:"holder"` // application, servicePrincipal or group
	Stack    string `json:"stack,omitempty"`
	Kind     Kind   `json:"kind"` // owner, secret, certificate or federatedCredential
	Name     string `json:"name"` // the displayed name
	ID       string `json:"id"`
	Removed  bool   `json:"removed,omitempty"` // this plan removes it
}

// Certificate is a kind that only Foreign uses: in a plan, certificates are a property of their
// application.
const Certificate Kind = "certificate"

func (f Foreign) String() string {
	if f.Kind == Owner {
		return "owner " + f.Name
	}
	return fmt.Sprintf("%s %q", called(f.Kind), f.Name)
}

// called maps a kind to its name in messages.
func called(k Kind) string {
	switch k {
	case ServicePrincipal:
		return "service principal of"
	case Federated:
		return "federated credential"
	}
	return string(k)
}

// note returns the message about an owner or credential that stays.
func (f Foreign) note() string {
	resource := called(f.Resource.Kind) + " " + f.Resource.Name
	switch {
	case f.Kind == Owner:
		return fmt.Sprintf("%s has an owner that no manifest names: %s; remove them, or name them in `owners` or in the stack's `deployers`", resource, f.Name)
	case f.Stack == "":
		return fmt.Sprintf("%s has a %s that no manifest names", resource, f)
	}
	return fmt.Sprintf("%s has a %s that no manifest names; to remove it, set `prune: credentials` in the stack's spec", resource, f)
}

// Distrust is the reason why apply does not grant an object its declared permissions:
// somebody else controls the object.
type Distrust struct {
	To      Key       `json:"to"`
	Display string    `json:"display,omitempty"`
	Gets    []string  `json:"gets"` // the steps that give the object a permission
	Foreign []Foreign `json:"foreign"`
}

// Distrusted is the error for a plan that would grant roles or consent to objects that
// somebody else controls. No step of the plan is carried out.
type Distrusted []Distrust

func (d Distrusted) Error() string {
	all := make([]string, len(d))
	for i, one := range d {
		who := make([]string, len(one.Foreign))
		for j, f := range one.Foreign {
			who[j] = f.String()
		}
		all[i] = fmt.Sprintf("%s %s would get %s, but it has an owner or credential that no manifest names: %s",
			one.To.Kind, cmp.Or(one.Display, one.To.Name), strings.Join(one.Gets, ", "), strings.Join(who, ", "))
	}
	return strings.Join(all, "; ")
}

// foreign finds owners and credentials that no manifest declares, of objects that the stacks own
// or grant permissions to, and the grants that the plan must refuse for this reason.
func (d *differ) foreign() {
	given := d.given()
	granted := map[Key]bool{} // the object already has a role or consent
	byHolder := map[Key][]Foreign{}
	add := func(f Foreign) {
		owner := d.principal(f.Resource)
		if !d.manages(owner) && len(given[owner]) == 0 || d.going[owner] {
			return
		}
		byHolder[owner] = append(byHolder[owner], f)
	}
	for _, k := range keys(d.actual.Objects) {
		o := d.actual.Objects[k]
		switch k.Kind {
		case Assignment, Grant:
			granted[o.Ends.Principal] = true
		case Owner:
			if !d.trusts(o) {
				add(Foreign{Resource: o.Ends.Resource, Stack: o.Stack, Kind: Owner, Name: ownerName(o), ID: o.ID, Removed: d.going[k]})
			}
		case Secret:
			if d.declared[k] == nil && o.Lost == "" {
				add(Foreign{Resource: o.Ends.Resource, Stack: o.Stack, Kind: Secret, Name: text(o.Properties, "displayName"), ID: o.ID, Removed: d.prunes(o.Stack)})
			}
		case Federated:
			if d.declared[k] == nil {
				add(Foreign{Resource: o.Ends.Resource, Stack: o.Stack, Kind: Federated, Name: text(o.Properties, "name"), ID: o.ID, Removed: d.going[k]})
			}
		case Application, ServicePrincipal:
			for _, f := range d.keysOf(o) {
				add(f)
			}
		}
	}
	d.revokeBeforeGiving(given, granted)
	for _, resource := range keys(byHolder) {
		all := byHolder[resource]
		d.plan.Foreign = append(d.plan.Foreign, all...)
		for _, f := range all {
			if !f.Removed {
				d.plan.Notes = append(d.plan.Notes, f.note())
			}
		}
		if len(given[resource]) == 0 || d.options.AllowForeignOwners || d.actual.Objects[resource].Named {
			continue
		}
		// An owner can add a credential at any time. A credential counts if the
		// object has no permissions yet: the creator of the object may have
		// added it.
		why := slices.DeleteFunc(slices.Clone(all), func(f Foreign) bool {
			return f.Kind != Owner && (f.Removed || granted[resource] || !d.manages(resource))
		})
		if len(why) > 0 {
			d.plan.Distrusted = append(d.plan.Distrusted, Distrust{To: resource, Display: d.actual.Objects[resource].Display, Gets: given[resource], Foreign: why})
		}
	}
}

// revokeBeforeGiving marks replaced secrets of applications that have no
// permissions yet. The creator of such an application may know the old secret, so
// it is revoked before the application gets any permission, and not at the end.
func (d *differ) revokeBeforeGiving(given map[Key][]string, granted map[Key]bool) {
	for _, s := range d.plan.Steps {
		resource := s.Refs.Resource.Key
		if s.Secret != nil && d.actual.Objects[s.Key] != nil && !granted[resource] && (len(given[resource]) > 0 || d.redirects(resource)) {
			s.Secret.BeforeGrants = true
		}
	}
}

// redirects reports whether the plan adds redirect URIs to an application.
func (d *differ) redirects(application Key) bool {
	return slices.ContainsFunc(d.plan.Steps, func(s Step) bool {
		return s.Key == application && s.Action == Link && slices.ContainsFunc(s.Changes, func(c Change) bool {
			return slices.Contains(redirectLists, c.Path.property().String())
		})
	})
}

// principal returns the key of an object that gets roles or consent: the application instead of
// its service principal.
func (d *differ) principal(resource Key) Key {
	if resource.Kind == ServicePrincipal {
		return Key{Application, resource.Name}
	}
	return resource
}

// given returns the permissions that the plan's steps grant to existing applications and groups.
func (d *differ) given() map[Key][]string {
	all := map[Key][]string{}
	give := func(to Key, what string) {
		if d.actual.Objects[to] != nil && (to.Kind == Application || to.Kind == Group) {
			all[to] = append(all[to], what)
		}
	}
	for _, s := range d.plan.Steps {
		want := d.declared[s.Key]
		switch {
		case want == nil || s.Action == Delete:
		case s.Kind == Assignment || s.Kind == Grant || s.Kind == Member:
			give(want.Ends.Principal, string(s.Kind)+" "+cmp.Or(s.Display, s.Name))
		case s.Kind == Application:
			for _, client := range s.Clients {
				give(client, "pre-authorization for "+s.Name)
			}
		}
	}
	return all
}

// newClients returns the clients that a step pre-authorizes for the first time or for more scopes.
func (d *differ) newClients(s Step, want *Declared) []Key {
	var all []Key
	for _, c := range s.Changes {
		entry, in := c.Path.entryOf(preAuthorized)
		if !in || c.To == nil {
			continue
		}
		for _, client := range want.clients {
			if appID := d.actual.Lookup(client, AppID); appID != "" && entry == appID && !slices.Contains(all, client) {
				all = append(all, client)
			}
		}
	}
	return all
}

// keysOf returns the certificates of an application or a service principal that no manifest names.
// If no stack owns the object, it also returns its secrets.
func (d *differ) keysOf(o *Live) (all []Foreign) {
	for _, e := range list(o.Properties, "keyCredentials") {
		if entry := e.(map[string]any); d.unmanagedKey(o.Key, entry) {
			all = append(all, Foreign{Resource: o.Key, Stack: o.Stack, Kind: Certificate, Name: cmp.Or(text(entry, "displayName"), Thumbprint(entry)),
				ID: text(entry, "keyId"), Removed: d.prunes(o.Stack) && d.declared[o.Key] != nil})
		}
	}
	if o.Stack == "" {
		for _, e := range list(o.Properties, "passwordCredentials") {
			entry := e.(map[string]any)
			all = append(all, Foreign{Resource: o.Key, Kind: Secret, Name: text(entry, "displayName"), ID: text(entry, "keyId")})
		}
	}
	return all
}

// trusts reports whether the manifests name an owner, or the owner is a deployer of the
// stack or the caller.
func (d *differ) trusts(owner *Live) bool {
	resource := d.principal(owner.Ends.Resource)
	if owner.ID == d.actual.Caller || owner.Ends.Principal == resource {
		return true
	}
	return d.trusted[resource][owner.ID]
}

// unmanagedKey reports whether a certificate or key of an application or a service principal
// authenticates a client and is not declared.
func (d *differ) unmanagedKey(resource Key, entry map[string]any) bool {
	want := d.declared[resource]
	if want == nil {
		return UseOf(entry, nil) == Unmanaged
	}
	if resource.Kind == ServicePrincipal && ownSigningKey(want) {
		return false
	}
	return UseOf(entry, want.certificates) == Unmanaged
}

// ownSigningKey reports whether a service principal signs in users with SAML. Entra stores the
// certificate that signs the SAML assertions among the keys of the service principal.
func ownSigningKey(want *Declared) bool {
	return text(want.Properties, "preferredSingleSignOnMode") == "saml"
}

// ownerName returns the text for an owner in messages: the name, and the object id, which is
// unique.
func ownerName(o *Live) string {
	name := o.Ends.Principal.Name
	if stack.IsID(name) {
		name = fmt.Sprintf("%q", text(o.Properties, "displayName"))
	}
	return fmt.Sprintf("%s %s (%s)", o.Ends.Principal.Kind, name, o.ID)
}
