package graph

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"provision/emulator/directory"
	"provision/stack"
)

// TestEveryPropertyIsRead: the local tenant has each property that manifests declare, and the reads
// of users and groups select it. A property that is not read would be written again by every apply.
func TestEveryPropertyIsRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		declared, local reflect.Type
		selected        string   // "": reads return every property
		others          []string // members of a manifest that are not properties of the object
	}{
		{reflect.TypeFor[stack.User](), reflect.TypeFor[directory.User](), userProperties, []string{"existing"}},
		{reflect.TypeFor[stack.Group](), reflect.TypeFor[directory.Group](), groupProperties, []string{"existing", "members", "owners"}},
		{reflect.TypeFor[stack.Application](), reflect.TypeFor[directory.Application](), "", []string{"existing", "adopt", "customers", "servicePrincipal",
			"roleAssignments", "permissions", "secrets", "certificates", "federatedCredentials", "owners"}},
	} {
		local := properties(c.local)
		for _, name := range properties(c.declared) {
			switch {
			case name == "-" || slices.Contains(c.others, name):
			case !slices.Contains(local, name):
				t.Errorf("%s of the local tenant has no property %s", c.local, name)
			case c.selected != "" && !slices.Contains(strings.Split(c.selected, ","), name):
				t.Errorf("reads of %s do not select %s", c.declared, name)
			}
		}
	}
}

// properties returns the JSON names of the fields of a struct.
func properties(of reflect.Type) (all []string) {
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		all = append(all, name)
	}
	return all
}
