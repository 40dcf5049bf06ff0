package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/stack"
)

func (d *declaration) user(s *stack.Stack, u *stack.User) {
	if u.Existing {
		return
	}
	upn := d.text(s, nil, u.UserPrincipalName)
	k := Key{User, strings.ToLower(upn)}
	if m, taken := takenUser(s, u, upn, d.state); taken {
		d.mistakes = append(d.mistakes, m)
		return
	}
	if m, refused := d.foreignDomain(u, upn); refused {
		d.mistakes = append(d.mistakes, m)
		return
	}
	properties := object(u)
	for _, k := range []string{"existing", "userPrincipalName", "mailNickname"} {
		delete(properties, k)
	}
	properties["accountEnabled"] = u.AccountEnabled == nil || *u.AccountEnabled // so that the plan shows a user who was disabled by hand
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

// foreignDomain returns a mistake if Graph would refuse to create a user because the domain of their
// userPrincipalName is not a verified domain of the tenant.
func (d *declaration) foreignDomain(u *stack.User, upn string) (mistake stack.Mistake, refused bool) {
	_, domain, found := strings.Cut(upn, "@")
	same := func(verified string) bool { return strings.EqualFold(verified, domain) }
	if !found || len(d.state.Domains) == 0 || slices.ContainsFunc(d.state.Domains, same) || d.state.Objects[Key{User, strings.ToLower(upn)}] != nil {
		return mistake, false
	}
	return stack.Mistake{Pos: u.Pos,
		Message: fmt.Sprintf("user %s: %s is not a verified domain of the tenant (%s)", upn, domain, strings.Join(d.state.Domains, ", ")),
		Hint:    "write the user name with the tenant's domain: userPrincipalName: " + `"` + strings.TrimSuffix(upn, domain) + `${tenant.domain}"`}, true
}

// TakenUsers returns the mistake of each declared user who exists in the tenant and does not
// belong to the stack.
func TakenUsers(stacks []*stack.Stack, state *State) (mistakes stack.Mistakes) {
	for _, s := range stacks {
		for _, u := range s.Users {
			upn := stack.InTenant(u.UserPrincipalName, state.Tenant.ID, state.Tenant.Domain)
			if m, taken := takenUser(s, u, upn, state); taken {
				mistakes = append(mistakes, m)
			}
		}
	}
	return mistakes
}

func takenUser(s *stack.Stack, u *stack.User, upn string, state *State) (mistake stack.Mistake, taken bool) {
	live := state.Objects[Key{User, strings.ToLower(upn)}]
	if u.Existing || live == nil || live.Stack == s.Name {
		return mistake, false
	}
	owner := "no stack"
	if live.Stack != "" {
		owner = "stack " + live.Stack
	}
	return stack.Mistake{Pos: u.Pos, Hint: "add `existing: true` to refer to the user without managing them",
		Message: fmt.Sprintf("user %s already exists in the tenant and belongs to %s", upn, owner)}, true
}
