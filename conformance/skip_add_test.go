package conformance

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"provision/stack"
)

// What a skipped case says to add makes the case possible, at once and completely.
func TestWhatToAddIsEnough(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	owned := stack.Endpoint{
		Request: "GET /orders/{id}", Parameters: object{"id": "${setup.order}"},
		Setup:    &stack.Fixture{Request: "POST /orders", As: stack.As{User: "ada"}, Capture: map[string]stack.Capture{"order": {Pointer: "/id"}}},
		Requires: &stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin"}, Owner: true},
	}
	endpoints := []stack.Endpoint{
		requires("GET /a", stack.Requires{Scopes: []string{"read_data"}}),
		requires("GET /b", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin", "DevOps"}}),
		requires("GET /c", stack.Requires{Scopes: []string{"read_data"}, AllRoles: []string{"Admin"}, AnyRole: []string{"DevOps", "Auditor"}}),
		requires("GET /d", stack.Requires{AllRoles: []string{"Job.Run"}, Callers: []string{applications}}),
		requires("GET /e", stack.Requires{Scopes: []string{"read_data"}, Groups: []string{"staff"}}),
		requires("GET /f", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin"}, Groups: []string{"staff"}}),
		requires("GET /g", stack.Requires{AnyScope: []string{"read_data", "write_data"}, AnyRole: []string{"Admin"}}),
		requires("GET /h", stack.Requires{AnyRole: []string{"Admin"}}),
		owned,
	}
	tried := 0
	for _, roles := range [][]string{{"Admin", "DevOps", "Auditor", "Job.Run"}, {"Admin", "DevOps", "Auditor", "Job.Run", "Reader"}, {"Admin"}} {
		for _, e := range endpoints {
			for _, held := range []User{{Name: "ada"}, {Name: "ada", Roles: []string{"Admin"}}, {Name: "ada", Roles: []string{"Admin", "DevOps"}, Groups: []string{"staff"}}} {
				declared := func() *Suite {
					suite := quickstart(s, nil)
					suite.Users, suite.Applications = []User{held}, suite.Applications[:1]
					suite.Resource.Roles, suite.Groups = roles, []UserGroup{{"staff", "22222222-aaaa-4bbb-8ccc-000000000002"}}
					suite.Document.Endpoints = []stack.Endpoint{e}
					return suite
				}
				if missing(slices.Concat(e.Requires.AllRoles, e.Requires.AnyRole, held.Roles), roles) != nil {
					continue
				}
				for _, c := range expanded(t, declared()) {
					if c.skip == nil || c.skip.add == "" {
						continue
					}
					tried++
					after := declared()
					declare(t, after, c.skip.add)
					i := slices.IndexFunc(expanded(t, after), func(other Case) bool { return other.ID == c.ID && other.skip == nil })
					if i < 0 {
						t.Errorf("%s, with %+v: %s: after adding %s: still skipped", c.ID, held, c.skip.reason, c.skip.add)
					}
				}
			}
		}
	}
	if tried < 50 {
		t.Errorf("only %d cases were tried", tried)
	}
}

func expanded(t *testing.T, s *Suite) []Case {
	t.Helper()
	cases, err := Expand(s)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// declare adds the documents and list entries of an advice to the suite.
func declare(t *testing.T, s *Suite, add string) {
	t.Helper()
	read := func(text string, into any) {
		t.Helper()
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if strings.HasPrefix(add, "in ") {
		add = "{kind: none}  # and " + add
	}
	parts := strings.Split(strings.ReplaceAll(add, ", and in ", "  # and in "), "  # and in ")
	var document struct {
		Kind     string
		Metadata struct{ Name string }
		Spec     struct {
			IsFallbackPublicClient bool `yaml:"isFallbackPublicClient"`
			Secrets                []any
			Permissions            []struct{ Scopes, Roles []string }
		}
	}
	read(parts[0], &document)
	var granted, roles []string
	for _, p := range document.Spec.Permissions {
		granted, roles = append(granted, p.Scopes...), append(roles, p.Roles...)
	}
	name := document.Metadata.Name
	switch document.Kind {
	case "User":
		s.Users = append(s.Users, User{Name: name})
	case "Application":
		s.Applications = append(s.Applications, Application{Name: name, AppID: name, Scopes: granted, Roles: roles, SignsIn: document.Spec.IsFallbackPublicClient, Credential: len(document.Spec.Secrets) > 0})
	}
	for _, part := range parts[1:] {
		where, lists, _ := strings.Cut(part, ", append to ")
		for _, list := range strings.Split(lists, ", and to ") {
			var entries struct {
				AppRoles []struct {
					Value string
				} `yaml:"appRoles"`
				RoleAssignments []struct {
					Role  string
					Users []string
				} `yaml:"roleAssignments"`
				Members []struct{ User string }
			}
			read(list, &entries)
			for _, r := range entries.AppRoles {
				s.Resource.Roles = append(slices.Clone(s.Resource.Roles), r.Value)
			}
			for _, a := range entries.RoleAssignments {
				changeUser(t, s, a.Users[0], func(u *User) { u.Roles = append(u.Roles, a.Role) })
			}
			for _, m := range entries.Members {
				changeUser(t, s, m.User, func(u *User) { u.Groups = append(u.Groups, strings.TrimPrefix(where, "group ")) })
			}
		}
	}
	for _, role := range slices.Concat(roles, s.Users[len(s.Users)-1].Roles) {
		if !slices.Contains(s.Resource.Roles, role) {
			t.Fatalf("%s: role %s is not declared", add, role)
		}
	}
}

func changeUser(t *testing.T, s *Suite, name string, apply func(*User)) {
	t.Helper()
	i := slices.IndexFunc(s.Users, func(u User) bool { return u.Name == name })
	if i < 0 {
		t.Fatalf("no user %s", name)
	}
	apply(&s.Users[i])
}
