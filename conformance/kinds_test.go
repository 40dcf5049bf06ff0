package conformance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// wide returns a tenant with a second scope, more clients and more applications.
func wide(t *testing.T) *tenant {
	s := startTenant(t)
	s.users = map[string][]string{
		"ada": {"Admin", "Auditor"}, "ben": {"Admin"}, "eve": {"Auditor"}, "rea": {"Reader"}, "nob": nil,
	}
	s.scopes = map[string][]string{"extension": {"read_data", "write_data"}, "viewer": {"read_data"}, "writer": {"write_data"}}
	s.roles = map[string][]string{"robot": {"Admin", "Auditor"}, "drone": {"Reader"}, "clerk": {"Auditor"}, "toy": nil}
	return s
}

func wideSuite(s *tenant, endpoints ...stack.Endpoint) *Suite {
	suite := quickstart(s, nil)
	suite.Document.Endpoints = endpoints
	suite.Resource.Scopes = []string{"read_data", "write_data"}
	suite.Resource.Roles = []string{"Admin", "Auditor", "Reader"}
	suite.Users = nil
	for _, name := range []string{"nob", "rea", "eve", "ben", "ada"} {
		suite.Users = append(suite.Users, User{Name: name, Roles: s.users[name]})
	}
	suite.Applications = nil
	for _, name := range []string{"writer", "viewer", "extension"} {
		suite.Applications = append(suite.Applications, Application{Name: name, AppID: name, Scopes: s.scopes[name], SignsIn: true})
	}
	for _, name := range []string{"toy", "drone", "clerk", "robot"} {
		suite.Applications = append(suite.Applications, Application{Name: name, AppID: name, Roles: s.roles[name], Credential: true})
	}
	suite.Tokens = s.tokens()
	return suite
}

func requires(request string, r stack.Requires) stack.Endpoint {
	return stack.Endpoint{Request: request, Requires: &r}
}

func TestReferenceAPIPassesEveryKindOfEndpoint(t *testing.T) {
	t.Parallel()
	both := []string{users, applications}
	tests := []struct {
		name     string
		endpoint stack.Endpoint
		want     []string // of the authorization group
	}{
		{
			"any token", stack.Endpoint{Request: "GET /any"},
			[]string{"valid", "valid-application"},
		},
		{
			"a scope", requires("GET /x", stack.Requires{Scopes: []string{"read_data"}}),
			[]string{"valid", "missing-scope read_data", "app-only"},
		},
		{
			"two scopes", requires("POST /x", stack.Requires{Scopes: []string{"read_data", "write_data"}}),
			[]string{"valid", "missing-scope read_data", "missing-scope write_data", "app-only"},
		},
		{
			"roles alone", requires("GET /x", stack.Requires{AnyRole: []string{"Admin", "Reader"}}),
			[]string{"valid", "role Admin", "role Reader", "valid-application", "no-role", "wrong-role", "application-no-role", "application-wrong-role"},
		},
		{
			"all of two roles", requires("DELETE /x", stack.Requires{Scopes: []string{"read_data"}, AllRoles: []string{"Admin", "Auditor"}}),
			[]string{"valid", "missing-scope read_data", "no-role", "wrong-role", "missing-role Admin", "missing-role Auditor", "app-only"},
		},
		{
			"all of one and any of one", requires("GET /x", stack.Requires{AllRoles: []string{"Admin"}, AnyRole: []string{"Auditor"}, Callers: []string{users}}),
			[]string{"valid", "no-role", "wrong-role", "missing-role Admin", "missing-any-role", "app-only"},
		},
		{
			"applications only", requires("PUT /x", stack.Requires{AnyRole: []string{"Admin"}, Callers: []string{applications}}),
			[]string{"valid", "user", "application-no-role", "application-wrong-role"},
		},
		{
			"a scope or a role", requires("GET /x", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin"}, Callers: both}),
			[]string{"valid", "valid-application", "missing-scope read_data", "no-role", "wrong-role", "application-no-role", "application-wrong-role"},
		},
		{
			"applications, but nothing that they could have", requires("GET /x", stack.Requires{Scopes: []string{"read_data"}, Callers: both}),
			[]string{"valid", "missing-scope read_data", "app-only"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := wide(t)
			suite := wideSuite(s, test.endpoint)
			target := reference(t, s, suite)
			suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
			r := run(t, without(suite, Headers, Routes, Signature)) // TestNoFalseAlarm has these cases
			var got []string
			for _, result := range r.results {
				if result.Outcome != Pass && result.Outcome != Note {
					t.Errorf("%s: %s: %s %s", result.ID, result.Outcome, result.Reason, result.Cause)
				}
				if result.Group == Authorization {
					got = append(got, result.Name)
				}
			}
			if diff := cmp.Diff(test.want, got[:min(len(got), len(test.want))]); diff != "" {
				t.Errorf("authorization cases (-want +got):\n%s", diff)
			}
		})
	}
}

// A token without a scope comes from another client if one exists: real tokens are preferred to
// signed ones.
func TestMissingScopeComesFromAnotherClient(t *testing.T) {
	t.Parallel()
	s := wide(t)
	suite := wideSuite(s, requires("GET /x", stack.Requires{Scopes: []string{"read_data", "write_data"}}))
	suite.Tokens.(*Tenant).Signer = nil
	target := reference(t, s, suite)
	suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
	r := run(t, suite)
	for id, sends := range map[string]string{
		"GET /x: missing-scope write_data": "signed in to viewer",
		"GET /x: missing-scope read_data":  "signed in to writer",
	} {
		if result := r.result(t, id); result.Outcome != Pass || !strings.Contains(result.Sends, sends) {
			t.Errorf("%s: %s: sends %s: %s", id, result.Outcome, result.Sends, result.Reason)
		}
	}
}
