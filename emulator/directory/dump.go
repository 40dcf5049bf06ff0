package directory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Canonical writes the content of the directory as indented JSON that does not depend
// on chance or time: natural keys replace ids, lists are sorted, and there are no
// dates, key ids, key texts or hashes. Two directories with the same content give the
// same bytes.
func (v View) Canonical() ([]byte, error) {
	names := v.names()
	dump, bin := map[string]any{}, map[string]any{}
	for table, objects := range v.tables() {
		var shown, deleted []any
		for _, object := range objects {
			entry, err := names.describe(object)
			if err != nil {
				return nil, fmt.Errorf("dump %s %s: %w", table, objectID(object), err)
			}
			if o, ok := object.(deletable); ok && o.Deleted() {
				deleted = append(deleted, entry)
			} else {
				shown = append(shown, entry)
			}
		}
		dump[table], bin[table] = sortedByText(shown), sortedByText(deleted)
	}
	for _, table := range []string{administrativeUnits, assignments, grants, directoryRoles, roleDefinitions, roleAssignments, policies, customPolicies} {
		delete(bin, table) // these objects never go to the recycle bin
	}
	dump["deletedItems"] = bin
	return indented(dump)
}

func indented(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("dump directory: %w", err)
	}
	return b.Bytes(), nil
}

// tables returns every object, the deleted ones too, ordered by id.
func (v View) tables() map[string][]any {
	all := map[string][]any{
		applications:        untyped(each[Application](v.reader, applications, "id")),
		servicePrincipals:   untyped(each[ServicePrincipal](v.reader, servicePrincipals, "id")),
		users:               untyped(each[User](v.reader, users, "id")),
		groups:              untyped(each[Group](v.reader, groups, "id")),
		assignments:         untyped(each[AppRoleAssignment](v.reader, assignments, "id")),
		grants:              untyped(each[OAuth2PermissionGrant](v.reader, grants, "id")),
		administrativeUnits: untyped(each[AdministrativeUnit](v.reader, administrativeUnits, "id")),
		directoryRoles:      untyped(each[DirectoryRole](v.reader, directoryRoles, "id")),
		roleDefinitions:     untyped(each[RoleDefinition](v.reader, roleDefinitions, "id")),
		roleAssignments:     untyped(each[RoleAssignment](v.reader, roleAssignments, "id")),
	}
	if changed := untyped(each[AppManagementPolicy](v.reader, policies, "id")); len(changed) > 0 {
		all[policies] = changed
	}
	if custom := untyped(v.CustomAppManagementPolicies()); len(custom) > 0 {
		all[customPolicies] = custom
	}
	return all
}

func untyped[T any](objects iter.Seq[*T]) []any {
	all := []any{}
	for object := range objects {
		all = append(all, object)
	}
	return all
}

func relations(object any) map[string][]string {
	switch o := object.(type) {
	case *Application:
		return map[string][]string{"owners": o.OwnerIDs}
	case *ServicePrincipal:
		return map[string][]string{"owners": o.OwnerIDs}
	case *Group:
		return map[string][]string{"owners": o.OwnerIDs, "members": o.MemberIDs}
	case *AdministrativeUnit:
		return map[string][]string{"members": o.MemberIDs}
	case *User:
		if o.ManagerID != "" {
			return map[string][]string{"manager": {o.ManagerID}}
		}
	}
	return nil
}

// addRelations adds the relations that Graph returns at separate paths to an object's entry.
func addRelations(entry map[string]any, object any) error {
	for relation, ids := range relations(object) {
		entry[relation] = ids
	}
	if app, ok := object.(*Application); ok {
		federated := make([]any, len(app.FederatedCredentials))
		for i := range app.FederatedCredentials {
			credential, err := asMap(app.FederatedCredentials[i])
			if err != nil {
				return err
			}
			federated[i] = credential
		}
		entry["federatedIdentityCredentials"] = federated
	}
	return nil
}

func asMap(object any) (map[string]any, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	return m, json.Unmarshal(data, &m)
}

// sortedByText sorts a list by the JSON of its entries, so that the order depends only on the
// entries.
func sortedByText(list []any) []any {
	type entry struct {
		text  string
		value any
	}
	entries := make([]entry, len(list))
	for i, value := range list {
		data, err := json.Marshal(value)
		if err != nil {
			panic("directory: a decoded JSON value does not marshal: " + err.Error())
		}
		entries[i] = entry{string(data), value}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.text, b.text) })
	sorted := make([]any, len(list))
	for i, e := range entries {
		sorted[i] = e.value
	}
	return sorted
}
