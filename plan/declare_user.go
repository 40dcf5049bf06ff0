package plan

import (
	"cmp"
	"maps"
	"strings"

	"provision/stack"
)

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
