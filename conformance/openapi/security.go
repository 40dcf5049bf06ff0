package openapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/stack"
)

// secure derives the required token from the security of an operation, or else of the
// document. An operation is public if the list is empty or contains an empty
// requirement.
func (d *deriver) secure(e *Endpoint, operation object) (why string, err error) {
	security, own := operation["security"]
	if !own {
		security, own = d.root["security"]
	}
	alternatives, isList := security.([]any)
	if own && !isList {
		return "", errors.New("security is not a list")
	}
	if len(alternatives) == 0 {
		e.Public, e.unstated = true, !own
		if !own {
			e.Remarks = append(e.Remarks, "WARNING: public, because the OpenAPI document does not state its security")
		}
		return "", nil
	}
	var others []string
	var all []stack.Requires
	for _, alternative := range alternatives {
		requirement, ok := alternative.(object)
		if !ok {
			return "", errors.New("security has an entry that is not an object")
		}
		if len(requirement) == 0 {
			e.Public, e.optional = true, true
			e.Remarks = append(e.Remarks, "WARNING: public, because its security is optional: it has an empty entry")
			return "", nil
		}
		requires, beside, ok, err := d.requirement(requirement)
		if err != nil {
			return "", err
		}
		if !ok {
			others = append(others, beside...)
			continue
		}
		if len(beside) > 0 {
			e.Remarks = append(e.Remarks, "it also takes "+strings.Join(beside, " and ")+": give that with --header")
		}
		if !slices.ContainsFunc(all, func(r stack.Requires) bool { return same(r, *requires) }) {
			all = append(all, *requires)
		}
	}
	switch {
	case len(all) > 0 && len(others) > 0:
		e.Remarks = append(e.Remarks, "it also takes "+strings.Join(others, " or ")+" instead of a token, which is not verified")
	case len(all) == 0:
		return "it takes " + strings.Join(others, " or ") + ", and no bearer token", nil
	}
	if len(all) == 1 {
		if r := all[0]; len(r.Scopes)+len(r.AllRoles)+len(r.Callers) > 0 {
			e.Requires = &r
		} else {
			e.Remarks = append(e.Remarks, "any token of the tenant, because the OpenAPI document names no scope or role: add requires: {scopes: [...], anyRole: [...]}")
		}
		return "", nil
	}
	for i, r := range all { // in a list, an entry without scopes must state its callers
		if len(r.Scopes)+len(r.Callers) == 0 {
			all[i].Callers = []string{"users", "applications"}
		}
	}
	e.Requires = &stack.Requires{AnyOf: all}
	return "", nil
}

func same(a, b stack.Requires) bool {
	return slices.Equal(a.Scopes, b.Scopes) && slices.Equal(a.AllRoles, b.AllRoles) && slices.Equal(a.Callers, b.Callers)
}

// requirement reads one alternative. All of its schemes are required. ok reports
// whether one of them is a bearer token.
func (d *deriver) requirement(requirement object) (requires *stack.Requires, beside []string, ok bool, err error) {
	requires = &stack.Requires{}
	for _, name := range slices.Sorted(maps.Keys(requirement)) {
		scheme, err := d.resolve(at(d.root, "components", "securitySchemes", name))
		if err != nil {
			return nil, nil, false, err
		}
		if scheme == nil {
			return nil, nil, false, fmt.Errorf("security scheme %s is not among components.securitySchemes", name)
		}
		var values []string
		for _, v := range list(requirement[name]) {
			if s := short(text(v)); s != "" && !slices.Contains(values, s) {
				values = append(values, s)
			}
		}
		kind, how := text(scheme["type"]), strings.ToLower(text(scheme["scheme"]))
		flows, _ := scheme["flows"].(object)
		_, byItself := flows["clientCredentials"]
		switch {
		case kind == "oauth2" && byItself && len(flows) == 1:
			// An application's own requests require app roles in Entra ID.
			requires.AllRoles = append(requires.AllRoles, values...)
			requires.Callers = []string{"applications"}
		case kind == "oauth2", kind == "openIdConnect":
			requires.Scopes = append(requires.Scopes, values...)
		case kind == "http" && how == "bearer": // 3.1: names of roles
			requires.AllRoles = append(requires.AllRoles, values...)
		default:
			beside = append(beside, strings.Join(strings.Fields(strings.Join([]string{kind, how, text(scheme["in"]), text(scheme["name"])}, " ")), " "))
			continue
		}
		ok = true
	}
	return requires, beside, ok, nil
}

// short returns a scope as tokens contain it: the part after the application's URI. Scopes
// of OpenID Connect and .default are in no token for an API.
func short(scope string) string {
	scope = scope[strings.LastIndexByte(scope, '/')+1:]
	if slices.Contains([]string{"openid", "profile", "email", "address", "phone", "offline_access", ".default"}, scope) {
		return ""
	}
	return scope
}
