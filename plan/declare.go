package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/stack"
)

// declare turns stacks into the objects they declare, in the names and ids of
// the tenant whose state is given.
func declare(stacks []*stack.Stack, state *State) (*declaration, error) {
	d := &declaration{state: state, objects: map[Key]*Declared{}, applications: map[Key]*stack.Application{}, stacks: map[string]*stack.Stack{},
		users: map[*stack.Stack]map[string]Key{}, appIDs: map[string]Key{}, trusted: map[Key]map[string]bool{}}
	for k, o := range state.Objects {
		if k.Kind == Application {
			d.appIDs[o.AppID] = k
		}
	}
	for _, s := range stacks {
		d.stacks[s.Name], d.users[s] = s, map[string]Key{}
		for _, u := range s.Users {
			d.users[s][u.Name] = Key{User, strings.ToLower(d.text(s, nil, u.UserPrincipalName))}
		}
		for _, a := range s.Applications {
			if !a.Existing {
				d.applications[Key{Application, s.UniqueName(a.Name)}] = a
			}
		}
	}
	for _, s := range stacks {
		for _, u := range s.Users {
			d.user(s, u)
		}
		for _, g := range s.Groups {
			d.group(s, g)
		}
		for _, a := range s.Applications {
			d.application(s, a)
		}
		for _, t := range s.Terraforms {
			d.terraform(s, t)
		}
	}
	if len(d.mistakes) > 0 {
		return nil, d.mistakes.Sorted()
	}
	return d, nil
}

type declaration struct {
	state        *State
	objects      map[Key]*Declared
	applications map[Key]*stack.Application
	stacks       map[string]*stack.Stack         // by name
	users        map[*stack.Stack]map[string]Key // by name
	appIDs       map[string]Key                  // the tenant's applications
	trusted      map[Key]map[string]bool         // who may own an application or group and its service principal, by object id
	mistakes     stack.Mistakes                  // that only the tenant can show, such as a permission that Microsoft Graph does not have
	notes        []string
}

func (d *declaration) mistake(pos stack.Position, hint, format string, args ...any) {
	d.mistakes = append(d.mistakes, stack.Mistake{Pos: pos, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// add declares an object. Two objects of one key are a mistake, except relations that
// say the same.
func (d *declaration) add(o *Declared) {
	have := d.objects[o.Key]
	switch {
	case have == nil:
		d.objects[o.Key] = o
	case o.Kind == Grant:
		have.Properties["scope"] = union(have.Properties["scope"].([]any), o.Properties["scope"].([]any))
	case o.Kind.entry().relation && o.Kind != Secret && o.Kind != Federated && o.Ends == have.Ends:
		// stated twice, which is the same as once
	default:
		d.mistake(o.pos, "rename or remove one of them", "%s is declared more than once", o.Key)
	}
}

func (d *declaration) userKey(s *stack.Stack, name string) Key {
	if k, ok := d.users[s][name]; ok {
		return k
	}
	return Key{User, name} // stack.Load has refused a name that is not there
}

// owners declares who owns an object of the stack, and trusts them and the
// stack's deployers with it.
func (d *declaration) owners(s *stack.Stack, k Key, owners []string, pos stack.Position, existing bool) {
	trusted := map[string]bool{}
	d.trusted[k] = trusted
	for _, ref := range owners {
		owner, property := d.ownerKey(s, ref)
		trusted[d.state.Lookup(owner, property)] = true
		if !existing {
			d.add(&Declared{Object: Object{Key: OwnerKey(k, owner), Stack: s.Name, Ends: Ends{Holder: k, Principal: owner}},
				pos: pos, principalProperty: property})
		}
	}
	for _, ref := range s.Deployers {
		trusted[d.state.Lookup(d.ownerKey(s, ref))] = true
	}
	delete(trusted, "") // who is not in the tenant
}

// ownerKey finds what a manifest calls an owner, and the property by which
// Graph names it.
func (d *declaration) ownerKey(s *stack.Stack, ref string) (Key, string) {
	if k, ok := d.users[s][ref]; ok {
		return k, ID
	}
	if upn := stack.OwnerUPN(ref); upn != "" {
		return Key{User, strings.ToLower(d.text(s, nil, upn))}, ID
	}
	return d.applicationKey(s, ref), ServicePrincipalID
}

func (d *declaration) groupKey(s *stack.Stack, name string) Key {
	k := Key{Group, s.GroupUniqueName(name)}
	if found, ok := d.state.Existing[k]; ok {
		return found
	}
	return k
}

// applicationKey finds what a manifest calls ref: a name of the stack,
// OTHER-STACK/NAME, "Microsoft Graph" or an appId.
func (d *declaration) applicationKey(s *stack.Stack, ref string) Key {
	if stack.IsMicrosoftGraph(ref) {
		return Key{Application, stack.MicrosoftGraphAppID}
	}
	owner, name, other := strings.Cut(ref, "/")
	if !other {
		owner, name = s.Name, ref
	}
	uniqueName := stack.UniqueName(owner, name)
	if of := d.stacks[owner]; of != nil {
		uniqueName = of.UniqueName(name)
	}
	k := Key{Application, uniqueName}
	if found, ok := d.state.Existing[k]; ok {
		return found
	}
	if !other && stack.IsID(ref) {
		return d.byAppID(strings.ToLower(ref))
	}
	return k
}

func (d *declaration) byAppID(appID string) Key {
	if k, ok := d.appIDs[appID]; ok {
		return k
	}
	return Key{Application, appID}
}

// text expands the references in a manifest's string to what is known at once;
// the loader has checked their names.
func (d *declaration) text(s *stack.Stack, a *stack.Application, t string) string {
	return string(d.expand(s, a, t))
}

func (d *declaration) expand(s *stack.Stack, a *stack.Application, t string) Unknown {
	t = stack.InTenant(t, d.state.Tenant.ID, d.state.Tenant.Domain)
	return Unknown(stack.Expand(t, func(expression string) (string, bool) {
		parts := strings.Split(expression, ".")
		switch {
		case expression == "appId" && a != nil:
			return string(Reference(d.applicationKey(s, a.Name), AppID)), true
		case len(parts) == 3 && parts[0] == "applications" && parts[2] == "appId":
			return string(Reference(d.applicationKey(s, parts[1]), AppID)), true
		case len(parts) == 3 && parts[0] == "terraform":
			return string(Reference(TerraformKey(s.Name, parts[1]), parts[2])), true
		}
		return "", false
	}))
}

// values expands every string below v; one that still waits for Entra becomes
// an Unknown.
func (d *declaration) values(s *stack.Stack, a *stack.Application, v any) any {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "${") {
			return v
		}
		return d.expand(s, a, v).Resolve(d.state.Lookup)
	case []any:
		for i := range v {
			v[i] = d.values(s, a, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = d.values(s, a, v[k])
		}
	}
	return v
}

func (d *declaration) user(s *stack.Stack, u *stack.User) {
	if u.Existing {
		return
	}
	upn := d.text(s, nil, u.UserPrincipalName)
	k := Key{User, strings.ToLower(upn)}
	if live := d.state.Objects[k]; live != nil && live.Stack != s.Name {
		owner := "no stack"
		if live.Stack != "" {
			owner = "stack " + live.Stack
		}
		d.mistake(u.Pos, "add `existing: true` to refer to the user without managing them",
			"user %s already exists in the tenant and belongs to %s", upn, owner)
		return
	}
	properties := object(u)
	for _, k := range []string{"existing", "userPrincipalName", "mailNickname"} {
		delete(properties, k)
	}
	properties["accountEnabled"] = u.AccountEnabled == nil || *u.AccountEnabled // who is disabled by hand shows
	d.values(s, nil, properties)
	nickname, _, _ := strings.Cut(upn, "@")
	initial := map[string]any{
		"userPrincipalName": upn,
		"displayName":       u.Name,
		"mailNickname":      cmp.Or(u.MailNickname, nickname),
		"onPremisesExtensionAttributes": map[string]any{
			"extensionAttribute15": stack.Mark(s.Name),
		},
	}
	maps.Copy(initial, properties)
	d.add(&Declared{Object: Object{Key: k, Stack: s.Name, Properties: properties}, pos: u.Pos, initial: initial, ignore: u.Protection.Ignore})
}

func (d *declaration) group(s *stack.Stack, g *stack.Group) {
	if g.Existing {
		return
	}
	k := Key{Group, s.GroupUniqueName(g.Name)}
	d.owners(s, k, g.Owners, g.Pos, false)
	properties := map[string]any{"displayName": cmp.Or(g.DisplayName, g.Name)}
	if g.Description != nil {
		properties["description"] = *g.Description
	}
	for property, stated := range map[string]*string{
		"visibility": g.Visibility, "membershipRule": g.MembershipRule, "membershipRuleProcessingState": g.RuleProcessing,
	} {
		if stated != nil {
			properties[property] = *stated
		}
	}
	if g.SecurityEnabled != nil {
		properties["securityEnabled"] = *g.SecurityEnabled
	}
	properties["groupTypes"] = d.groupTypes(k, g, properties)
	d.values(s, nil, properties)
	initial := map[string]any{
		"mailEnabled":     g.Unified(),
		"securityEnabled": !g.Unified(),
		"mailNickname":    cmp.Or(g.MailNickname, s.Name+"-"+g.Name),
	}
	maps.Copy(initial, properties)
	d.add(&Declared{Object: Object{Key: k, Stack: s.Name, Properties: properties}, pos: g.Pos, initial: initial, ignore: g.Protection.Ignore})
	for _, m := range g.Members {
		var member Key
		property := ID
		switch {
		case m.User != "":
			member = d.userKey(s, m.User)
		case m.Group != "":
			member = d.groupKey(s, m.Group)
		default:
			member, property = d.applicationKey(s, m.Application), ServicePrincipalID
			d.instance(g.Pos, member)
		}
		d.add(&Declared{Object: Object{Key: MemberKey(k, member), Stack: s.Name, Ends: Ends{Holder: k, Principal: member}},
			pos: g.Pos, principalProperty: property})
	}
}

// groupTypes are a group's, with what goes along when its members begin or cease
// to be computed. What a group is to Exchange never changes.
func (d *declaration) groupTypes(k Key, g *stack.Group, properties map[string]any) []any {
	types := []any{}
	if g.Unified() {
		types = append(types, "Unified")
	}
	live := d.state.Objects[k]
	if live != nil && slices.Contains(list(live.Properties, "groupTypes"), any("Unified")) != g.Unified() {
		d.mistake(g.Pos, "give the group another metadata.name, or delete it first", "group %s: Graph cannot change a group into or from a Microsoft 365 group", g.Name)
	}
	switch {
	case g.Dynamic():
		types = append(types, "DynamicMembership")
		if g.RuleProcessing == nil {
			properties["membershipRuleProcessingState"] = "On"
		}
	case live != nil && slices.Contains(list(live.Properties, "groupTypes"), any("DynamicMembership")):
		properties["membershipRuleProcessingState"] = "Paused"
	}
	return types
}

// MemberKey names a membership.
func MemberKey(group, member Key) Key {
	return Key{Member, within(member.String(), "in", group.Name)}
}

// AssignmentKey names a principal's role of a resource. The role is its value,
// or its id where the resource has none of that id.
func AssignmentKey(resource Key, role string, principal Key) Key {
	if role == "" {
		role = "default access"
	}
	return Key{Assignment, within(resource.Name+" "+role, "to", principal.String())}
}

// GrantKey names the admin consent for a client's use of a resource.
func GrantKey(client, resource Key) Key {
	return Key{Grant, within(resource.Name, "to", client.Name)}
}

// SecretKey names a client secret.
func SecretKey(application Key, displayName string) Key {
	return Key{Secret, application.Name + " " + displayName}
}

// FederatedKey names a federated credential.
func FederatedKey(application Key, name string) Key {
	return Key{Federated, application.Name + " " + name}
}

// OwnerKey names the ownership of an application, a service principal or a
// group.
func OwnerKey(of, owner Key) Key {
	name := of.Name
	if of.Kind == ServicePrincipal {
		name = of.String()
	}
	return Key{Owner, within(owner.String(), "of", name)}
}

func object(v any) map[string]any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // the stack's types all have a JSON form
	}
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		panic(err)
	}
	return m
}

func union(a, b []any) []any {
	all := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(x, y any) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	return all
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
