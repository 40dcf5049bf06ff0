package graphapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"provision/emulator/directory"
)

// maxExpanded is the maximum number of related objects that $expand returns.
// Source: learn.microsoft.com/graph/query-parameters#expand-parameter.
const maxExpanded = 20

// expansion is one item of $expand: NAME or NAME($select=…).
type expansion struct {
	name     string
	selected []string
}

// navigation is the relation of an object that a navigation property names: one object
// or a list.
type navigation struct {
	kind *kind // of the entries; objectKind if their kinds differ
	one  bool
	find func(c *call, id string) []any
}

// navigations returns the navigation properties for $expand, by kind of resource and name.
func (k *kind) navigations() map[string]navigation {
	switch k.odataType {
	case applicationKind.odataType:
		return map[string]navigation{"owners": {objectKind, false, (*call).ownersAt}, "federatedIdentityCredentials": {federatedKind, false, federatedAt}}
	case servicePrincipalKind.odataType:
		return map[string]navigation{
			"owners":                 {objectKind, false, (*call).ownersAt},
			"memberOf":               {objectKind, false, memberOfAt},
			"appRoleAssignments":     {assignmentKind, false, func(c *call, id string) []any { return listed(c.view.AssignmentsOf(id)) }},
			"appRoleAssignedTo":      {assignmentKind, false, func(c *call, id string) []any { return listed(c.view.AssignmentsTo(id)) }},
			"oauth2PermissionGrants": {grantKind, false, func(c *call, id string) []any { return listed(c.view.GrantsOf(id)) }},
		}
	case userKind.odataType:
		return map[string]navigation{
			"memberOf":           {objectKind, false, memberOfAt},
			"manager":            {objectKind, true, managerAt},
			"directReports":      {objectKind, false, func(c *call, id string) []any { return listed(c.view.ReportsOf(id)) }},
			"appRoleAssignments": {assignmentKind, false, func(c *call, id string) []any { return listed(c.view.AssignmentsOf(id)) }},
			"ownedObjects":       {objectKind, false, func(c *call, id string) []any { return slices.Collect(c.objects(c.view.OwnedBy(id))) }},
		}
	case groupKind.odataType:
		return map[string]navigation{
			"owners":             {objectKind, false, (*call).ownersAt},
			"members":            {objectKind, false, membersAt},
			"memberOf":           {objectKind, false, memberOfAt},
			"appRoleAssignments": {assignmentKind, false, func(c *call, id string) []any { return listed(c.view.AssignmentsOf(id)) }},
		}
	case directoryRoleKind.odataType:
		return map[string]navigation{"members": {objectKind, false, membersAt}}
	}
	return nil
}

func (c *call) ownersAt(id string) []any {
	object, _ := c.view.Object(id)
	if g, ok := object.(*directory.Group); ok {
		return slices.Collect(c.objects(g.OwnerIDs))
	}
	return slices.Collect(c.objects(ownersOf(object)))
}

func membersAt(c *call, id string) []any {
	switch o, _ := c.view.Object(id); o := o.(type) {
	case *directory.Group:
		return slices.Collect(c.objects(o.MemberIDs))
	case *directory.DirectoryRole:
		return slices.Collect(c.objects(c.view.DirectoryRoleMembers(o.RoleTemplateID)))
	}
	return nil
}

func memberOfAt(c *call, id string) []any { return slices.Collect(c.objects(c.view.MemberOf(id))) }

func managerAt(c *call, id string) []any {
	manager, ok := c.view.Manager(id)
	if !ok {
		return nil
	}
	return []any{manager}
}

func federatedAt(c *call, id string) []any { return listed(c.view.FederatedCredentials(id)) }

// parseExpand reads $expand.
func (k *kind) parseExpand(value, version string) ([]expansion, error) {
	var all []expansion
	for _, item := range splitOutside(value, ',') {
		name, options, found := strings.Cut(strings.TrimSpace(item), "(")
		e := expansion{name: strings.TrimSpace(name)}
		n, known := k.navigations()[e.name]
		if !known {
			return nil, badSyntax("Parsing OData Select and Expand failed: Could not find a property named '%s' on type '%s'.", e.name, k.odataType)
		}
		if slices.ContainsFunc(all, func(other expansion) bool { return other.name == e.name }) {
			return nil, badSyntax("Parsing OData Select and Expand failed: '%s' is expanded twice.", e.name)
		}
		if found {
			options, closed := strings.CutSuffix(options, ")")
			option, selected, _ := strings.Cut(options, "=")
			if !closed || strings.TrimSpace(option) != "$select" {
				return nil, unsupportedQuery("Only $select is supported inside $expand.")
			}
			var err error
			if e.selected, err = n.kind.parseSelect(selected, version); err != nil {
				return nil, err
			}
		}
		all = append(all, e)
	}
	return all, nil
}

// splitOutside splits a text at a separator that is not inside parentheses.
func splitOutside(text string, separator rune) []string {
	var parts []string
	depth, start := 0, 0
	for i, r := range text {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == separator && depth == 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

// expand adds the relation in $expand to a rendered object.
func (c *call) expand(rendered json.RawMessage, k *kind, object any, expansions []expansion) (json.RawMessage, error) {
	if len(expansions) == 0 {
		return rendered, nil
	}
	b := bytes.NewBuffer(bytes.TrimSuffix(rendered, []byte("}")))
	for _, e := range expansions {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		n := k.navigations()[e.name]
		related := n.find(c, idOf(object))
		if len(related) > maxExpanded {
			related = related[:maxExpanded]
		}
		writeJSON(b, e.name)
		b.WriteByte(':')
		if n.one && len(related) == 0 {
			b.WriteString("null")
			continue
		}
		if !n.one {
			b.WriteByte('[')
		}
		for i, entry := range related {
			if i > 0 {
				b.WriteByte(',')
			}
			data, err := c.entry(n.kind, entry, e.selected)
			if err != nil {
				return nil, err
			}
			b.Write(data)
		}
		if !n.one {
			b.WriteByte(']')
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
