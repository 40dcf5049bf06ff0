package plan

import (
	"fmt"
	"maps"
	"slices"

	"provision/stack"
)

// comparisons plan one declared object of each kind. A Password has no entry: it is planned with
// its user.
var comparisons = map[Kind]func(d *differ, want *Declared, live *Live){
	User:             (*differ).plain,
	Group:            (*differ).plain,
	Application:      (*differ).application,
	ServicePrincipal: (*differ).servicePrincipal,
	Member:           (*differ).relation,
	Assignment:       (*differ).relation,
	Grant:            (*differ).relation,
	Secret:           (*differ).secret,
	Federated:        (*differ).federated,
	Owner:            (*differ).relation,
	Terraform:        (*differ).terraform,
}

// compare compares an object of the plan with the live object. A duplicate entry of a list is a
// mistake if it is in the manifest, and an Ambiguous object if it is in the tenant.
func (d *differ) compare(k Key, live, declared map[string]any) []Change {
	changes, duplicates := compare(live, declared)
	for _, twice := range duplicates {
		if !twice.Declared {
			d.ambiguous = append(d.ambiguous, Ambiguous{k, twice.Path})
			continue
		}
		m := stack.Mistake{Message: fmt.Sprintf("%s has %s more than once", k, twice.Path), Hint: "remove all but one of them"}
		if want := d.declared[k]; want != nil {
			m.Pos = want.pos
		}
		if !slices.Contains(d.mistakes, m) {
			d.mistakes = append(d.mistakes, m)
		}
	}
	return changes
}

// Ambiguous is an object of the tenant with several entries of a list that a plan
// cannot distinguish.
type Ambiguous struct {
	Key
	Path Path
}

func (e Ambiguous) Error() string {
	return fmt.Sprintf("in the tenant, %s has %s more than once, therefore changes cannot be planned", e.Key, e.Path)
}

// plain plans a user or a group.
func (d *differ) plain(want *Declared, live *Live) {
	if live == nil {
		body := maps.Clone(want.Properties)
		maps.Copy(body, want.initial)
		d.step(Step{Action: Create, Key: want.Key, Stack: want.Stack, Changes: d.compare(want.Key, nil, body), Bodies: []map[string]any{body}})
		return
	}
	if changes := want.regarded(d.compare(want.Key, live.Properties, want.Properties)); len(changes) > 0 {
		d.step(Step{Action: Update, Key: want.Key, Stack: want.Stack, ID: live.ID, Changes: changes,
			Bodies: []map[string]any{pick(want.Properties, changes)}})
	}
	password := Key{Password, want.Name}
	if want.Kind == User && d.options.ResetPasswords {
		if lost := d.lost(password); lost != "" {
			d.step(Step{Action: Replace, Key: password, Stack: want.Stack, ID: live.ID, Reason: lost})
		}
	}
}

func (d *differ) servicePrincipal(want *Declared, live *Live) {
	if live == nil {
		body := maps.Clone(want.Properties)
		s := Step{Action: Create, Key: want.Key, Stack: want.Stack, Display: want.Display, Customer: d.inCustomer(want.Key), Changes: d.compare(want.Key, nil, body), Bodies: []map[string]any{body}}
		if app := (Key{Application, want.Name}); d.actual.Lookup(app, AppID) == "" {
			s.Needs = []Key{app}
		}
		d.step(s)
		return
	}
	changes := d.compare(want.Key, live.Properties, want.Properties)
	body := pick(want.Properties, changes)
	if tags, ok := body["tags"].([]any); ok {
		body["tags"] = union(stack.MergedTags(list(live.Properties, "tags"), tags), nil)
	}
	if d.prunes(want.Stack) {
		if entries, more := d.withoutUnmanaged(want.Key, live); len(more) > 0 {
			body["keyCredentials"] = entries
			changes = append(changes, more...)
		}
	}
	if len(changes) > 0 {
		s := Step{Action: Update, Key: want.Key, Stack: want.Stack, ID: live.ID, Customer: d.inCustomer(want.Key), Changes: changes, Bodies: []map[string]any{body}}
		if s.Customer && live.Stack == "" {
			s.Action = Adopt
		}
		d.step(s)
	}
}

// application plans the creation of an application with all known values, and a second
// step that links it when the others exist; or it plans the changes of a live
// application.
func (d *differ) application(want *Declared, live *Live) {
	if live == nil {
		shell, link := split(want.Properties, func(u Unknown) bool { return d.createdFirst(u, want.Key) })
		d.samlLast(want, shell, link)
		changes := d.compare(want.Key, nil, shell)
		if entries, more := d.certificates(want, nil); len(more) > 0 {
			shell["keyCredentials"] = entries
			changes = append(changes, more...)
		}
		d.step(Step{Action: Create, Key: want.Key, Stack: want.Stack, Changes: changes, Bodies: []map[string]any{shell}})
		if len(link) > 0 {
			s := Step{Action: Link, Key: want.Key, Stack: want.Stack, Changes: d.compare(want.Key, nil, link), Bodies: []map[string]any{link}}
			if d.saml(want) {
				s.Needs = []Key{{ServicePrincipal, want.Name}}
			}
			d.step(s)
		}
		return
	}
	action, properties := Update, want.Properties
	if live.Adopted {
		action = Adopt
		if empty(live.Properties["uniqueName"]) { // it can be set only once
			properties = maps.Clone(properties)
			properties["uniqueName"] = want.Name
		}
	}
	changes := want.regarded(append(d.compare(want.Key, live.Properties, properties), unprotected(live.Properties, properties)...))
	body := pick(properties, changes)
	if entries, more := d.certificates(want, live); len(more) > 0 {
		body["keyCredentials"] = entries
		changes = append(changes, more...)
	}
	if len(changes) == 0 {
		return
	}
	var bodies []map[string]any
	if slices.ContainsFunc(changes, func(c Change) bool {
		return slices.Contains([]string{"appRoles", "api.oauth2PermissionScopes", preAuthorized}, c.Path.property().String())
	}) {
		bodies = retire(live.Properties, want.Properties)
	}
	for _, off := range bodies { // a value that is first disabled or removed is written again
		if off["appRoles"] != nil {
			body["appRoles"] = want.Properties["appRoles"]
		}
		for list := range sub(off, "api") {
			member(body, "api")[list] = sub(want.Properties, "api")[list]
		}
	}
	complete(body, live.Properties)
	later, admissions := d.deferAdmissions(want.Key, live.Properties, body, changes)
	changes = slices.DeleteFunc(changes, func(c Change) bool {
		return slices.ContainsFunc(admissions, func(l Change) bool { return slices.Equal(l.Path, c.Path) })
	})
	if len(changes) > 0 {
		s := Step{Action: action, Key: want.Key, Stack: want.Stack, ID: live.ID, Changes: changes, Bodies: append(bodies, body)}
		if body["identifierUris"] != nil && d.saml(want) {
			s.Needs = []Key{{ServicePrincipal, want.Name}}
		}
		d.step(s)
	}
	if len(admissions) > 0 {
		d.step(Step{Action: Link, Key: want.Key, Stack: want.Stack, ID: live.ID, Changes: admissions, Bodies: []map[string]any{later}})
	}
}

// unprotected returns the removal of the marks of protection that are no longer declared. Other
// tags that are not declared stay.
func unprotected(live, declared map[string]any) (changes []Change) {
	for _, tag := range list(live, "tags") {
		if mark, ok := tag.(string); ok && stack.IsPreventMark(mark) && !slices.Contains(list(declared, "tags"), tag) {
			changes = append(changes, Change{pathTo("tags").entry(mark), true, nil})
		}
	}
	return changes
}

// regarded returns the changes of properties that the plan manages.
func (o *Declared) regarded(changes []Change) []Change {
	return slices.DeleteFunc(changes, func(c Change) bool {
		return slices.ContainsFunc(o.ignore, func(name string) bool { return c.Path.within(pathTo(name)) })
	})
}

// split divides the properties of an application into the properties of its first request and the
// properties of a later request. Later properties contain an Unknown that is not known at the time
// of the first request, or pre-authorizations, which need the scopes of the first request.
func split(properties map[string]any, known func(Unknown) bool) (shell, link map[string]any) {
	waits := func(v any) bool {
		return slices.ContainsFunc(Unknowns(v), func(u Unknown) bool { return !known(u) })
	}
	shell, link = map[string]any{}, map[string]any{}
	for k, v := range properties {
		if k == "api" {
			s, l := map[string]any{}, map[string]any{}
			for ak, av := range v.(map[string]any) {
				entries, isList := av.([]any)
				switch {
				case ak == "preAuthorizedApplications" && isList && len(entries) == 0:
				case ak == "preAuthorizedApplications", waits(av):
					l[ak] = av
				default:
					s[ak] = av
				}
			}
			shell[k] = s
			if len(l) > 0 {
				link[k] = l
			}
			continue
		}
		if waits(v) {
			link[k] = v
		} else {
			shell[k] = v
		}
	}
	return shell, link
}

// createdFirst reports whether all applications that an Unknown refers to can be
// created without waiting for others. The application than must not be one of them: it
// can then be created after them, without a second step.
func (d *differ) createdFirst(u Unknown, than Key) bool {
	for _, n := range u.needs() {
		if n.property != AppID || n.key == than || d.waitsForOthers(n.key) {
			return false
		}
	}
	return true
}

// waitsForOthers reports whether a new application refers to other applications that do
// not exist yet.
func (d *differ) waitsForOthers(application Key) bool {
	waits, known := d.waiting[application]
	if !known {
		want := d.declared[application]
		waits = want == nil || slices.ContainsFunc(want.references(), func(k Key) bool { return k != application })
		d.waiting[application] = waits
	}
	return waits
}

// references returns the applications whose ids an application's properties need, except the
// clients that it pre-authorizes.
func (o *Declared) references() []Key {
	var all []Key
	for k, v := range o.Properties {
		if k == "api" {
			api := maps.Clone(v.(map[string]any))
			delete(api, "preAuthorizedApplications")
			v = api
		}
		for _, u := range Unknowns(v) {
			all = append(all, u.Keys()...)
		}
	}
	return all
}

// samlLast moves the identifier URIs of a SAML application after the creation of its service
// principal, because the service principal exempts them from the tenant's policy for new URIs.
func (d *differ) samlLast(want *Declared, shell, link map[string]any) {
	if !d.saml(want) {
		return
	}
	if uris, ok := shell["identifierUris"].([]any); ok && len(uris) > 0 {
		link["identifierUris"] = uris
		delete(shell, "identifierUris")
	}
}

// saml reports whether users sign in to an application by SAML.
func (d *differ) saml(want *Declared) bool {
	sp := d.declared[Key{ServicePrincipal, want.Name}]
	return sp != nil && sp.Properties["preferredSingleSignOnMode"] == "saml"
}

// pick returns the part of properties that the changes concern: complete lists, settings of an
// implicit grant and wholeSettings, and the changed members of other objects.
func pick(properties map[string]any, changes []Change) map[string]any {
	body := map[string]any{}
	for _, c := range changes {
		from, to := properties, body
		path := c.Path.property()
		name := path[0].Name
		for len(path) > 1 && name != "implicitGrantSettings" && !slices.Contains(wholeSettings, name) {
			from, to = sub(from, name), member(to, name)
			path = path[1:]
			name = path[0].Name
		}
		to[name] = from[name]
	}
	return body
}

// wholeSettings are the settings that Graph replaces as a whole.
var wholeSettings = []string{"requestSignatureVerification", "servicePrincipalLockConfiguration", "authenticationBehaviors"}

// complete adds the properties of the live object that the manifest does not set to entries and
// settings that Graph replaces as a whole.
func complete(body, live map[string]any) {
	for _, name := range wholeSettings {
		if stated, ok := body[name].(map[string]any); ok {
			merged := map[string]any{}
			maps.Copy(merged, sub(live, name))
			maps.Copy(merged, stated)
			body[name] = merged
		}
	}
	fill := func(entries, from []any) {
		for i, e := range entries {
			entry := e.(map[string]any)
			for _, l := range from {
				if have := l.(map[string]any); have["value"] == entry["value"] {
					merged := maps.Clone(have)
					maps.Copy(merged, entry)
					entries[i] = merged
				}
			}
		}
	}
	if roles, ok := body["appRoles"].([]any); ok {
		roles = slices.Clone(roles)
		fill(roles, list(live, "appRoles"))
		body["appRoles"] = roles
	}
	if scopes, ok := sub(body, "api")["oauth2PermissionScopes"].([]any); ok {
		scopes = slices.Clone(scopes)
		fill(scopes, list(sub(live, "api"), "oauth2PermissionScopes"))
		sub(body, "api")["oauth2PermissionScopes"] = scopes
	}
	if tags, ok := body["tags"].([]any); ok {
		body["tags"] = union(stack.MergedTags(list(live, "tags"), tags), nil)
	}
}
