package plan

import (
	"strings"

	"provision/stack"
)

// text replaces the references in a text of a manifest by values that are known without
// Entra. The loader has checked their names.
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

// values replaces the references in every text below v. A text that depends on Entra
// becomes an Unknown.
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
