package openapi

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"provision/stack"
)

// surroundings are a stack to which the derived document can be added.
const surroundings = `apiVersion: provision/v1
kind: Stack
metadata: {name: heroes}
---
apiVersion: provision/v1
kind: Application
metadata: {name: server}
spec:
  displayName: Server
  api: {oauth2PermissionScopes: [{value: Heroes.Read}, {value: Heroes.Write}]}
  appRoles:
    - {value: Heroes.Delete, displayName: Delete, allowedMemberTypes: [Application]}
    - {value: Editor, displayName: Editor, allowedMemberTypes: [User]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: client}
spec: {displayName: Client, publicClient: {redirectUris: [http://localhost]}}
`

// load reads a derived document like provision.
func load(t *testing.T, document []byte) *stack.Conformance {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"stack.yaml": surroundings, "conformance.yaml": string(document)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stacks, err := stack.Load(dir, stack.Stage{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	return stacks[0].Conformances[0]
}

const derived = `# Derived from the OpenAPI document of Heroes: the API: read it before you rely on it.
# WARNING: 1 of 7 endpoints is public, because an empty entry makes the security optional: GET /both
apiVersion: provision/v1
kind: Conformance
metadata: {name: heroes-the-api}
spec:
  resource: server # the application whose tokens the API accepts
  client: client # the application that users sign in to
  # url: https://eu.api.contoso.example/v1
  # left out: POST /avatars: its body is image/png, which cannot be generated
  # left out: GET /legacy: it takes apiKey header X-Api-Key or http basic, and no bearer token
  endpoints:
    - request: GET /health
      public: true
      expect: {"status":200}
    # it requires X-Tenant in the header, which was not derived; give a header with headers or --header
    # if that does not exist, add setup: {request: POST …} and use ${setup.id}
    - request: GET /heroes?team={team}
      parameters: {"team":"red & blue"}
      requires: {"scopes":["Heroes.Read"]}
      expect: {"status":200}
    # it also takes apiKey header X-Api-Key: give that with --header
    # it requires X-Tenant in the header, which was not derived; give a header with headers or --header
    # if it creates an object, add cleanup: {request: "DELETE …/${response.id}"}
    - request: POST /heroes
      body: {"age":40,"born":"2092-01-07","name":"Ripley"}
      requires: {"scopes":["Heroes.Read","Heroes.Write"]}
      expect: {"status":201}
    # it also takes apiKey header X-Api-Key instead of a token, which is not verified
    # the value of id is invented: the OpenAPI document has no example of it
    # the body is invented: the OpenAPI document has no example of it
    # if that does not exist, add setup: {request: POST …} and use ${setup.id}
    - request: PUT /heroes/{id}
      parameters: {"id":"00000000-0000-4000-8000-000000000001"}
      body: {"age":18,"mail":"a@b.example","name":"x","team":"red"}
      contentType: "application/merge-patch+json"
      requires: {"allRoles":["Editor"]}
    # if that does not exist, add setup: {request: POST …} and use ${setup.id}
    - request: DELETE /heroes/{id}
      parameters: {"id":7}
      requires: {"allRoles":["Heroes.Delete"],"callers":["applications"]}
    # WARNING: public, because its security is optional: it has an empty entry
    - request: GET /both
      public: true
    # the body is invented: the OpenAPI document has no example of it
    - request: PATCH /tree
`

func TestDerive(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/heroes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Derive(raw)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.YAML("server", "client")
	if err != nil {
		t.Fatal(err)
	}
	have, _, _ := strings.Cut(string(got), "      body: {\"children\"") // the maximum depth
	if diff := cmp.Diff(derived, have); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c := load(t, got); len(c.Endpoints) != len(d.Endpoints) {
		t.Errorf("%d endpoints were loaded, of %d", len(c.Endpoints), len(d.Endpoints))
	}
	if diff := cmp.Diff([]string{"Heroes.Read", "Heroes.Write"}, d.Scopes()); diff != "" {
		t.Errorf("scopes:\n%s", diff)
	}

	// JSON gives the same result, in the order of its paths.
	var v any
	if err := yaml.Load(raw, &v); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(jsonable(v))
	if err != nil {
		t.Fatal(err)
	}
	other, err := Derive(asJSON)
	if err != nil || len(other.Endpoints) != len(d.Endpoints) {
		t.Errorf("of JSON: %v", err)
	}
}

// jsonable converts keys to text.
func jsonable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			v[key] = jsonable(one)
		}
	case map[any]any:
		m := map[string]any{}
		for key, one := range v {
			b, _ := json.Marshal(key)
			m[strings.Trim(string(b), `"`)] = jsonable(one)
		}
		return m
	case []any:
		for i := range v {
			v[i] = jsonable(v[i])
		}
	}
	return v
}

// The document that FastAPI generates for an API with an OAuth 2.0 scheme.
func TestDeriveOfFastAPI(t *testing.T) {
	t.Parallel()
	d, err := Derive([]byte(`{"openapi":"3.0.2","info":{"title":"FastAPI","version":"0.1.0"},"paths":{
		"/secure":{"get":{"summary":"Secure","operationId":"secure_secure_get","responses":{"200":{"description":"Successful Response","content":{"application/json":{"schema":{}}}}},
			"security":[{"Azure AD - PKCE, Single-tenant":["api://6f1c/read_data"]}]}},
		"/health":{"get":{"responses":{"200":{"description":"Successful Response"}}}}},
		"components":{"securitySchemes":{"Azure AD - PKCE, Single-tenant":{"type":"oauth2","flows":{"authorizationCode":{"scopes":{"api://6f1c/read_data":"read"},"authorizationUrl":"https://login.microsoftonline.com/x","tokenUrl":"https://login.microsoftonline.com/y"}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	secure, health := d.Endpoints[0], d.Endpoints[1]
	if secure.Request != "GET /secure" || secure.Public || len(secure.Requires.Scopes) != 1 || secure.Requires.Scopes[0] != "read_data" || secure.Expect.Status != 200 {
		t.Errorf("secure %+v", secure)
	}
	if !health.Public || len(health.Remarks) != 1 || !strings.Contains(health.Remarks[0], "does not state its security") {
		t.Errorf("health %+v", health)
	}
}

// A scheme without scopes does not define who is admitted: the author must add it.
func TestDeriveWithoutScopes(t *testing.T) {
	t.Parallel()
	d, err := Derive([]byte(`{"openapi":"3.1.0","info":{"title":"FastAPI","version":"0.1.0"},"paths":{
		"/secure":{"get":{"responses":{"200":{"description":"OK"}},"security":[{"HTTPBearer":[]}]}}},
		"components":{"securitySchemes":{"HTTPBearer":{"type":"http","scheme":"bearer"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if e := d.Endpoints[0]; e.Public || e.Requires != nil || len(e.Remarks) != 1 || !strings.Contains(e.Remarks[0], "add requires: ") {
		t.Errorf("%+v", e)
	}
}

func TestDeriveRefuses(t *testing.T) {
	t.Parallel()
	operation := func(body string) string {
		return "openapi: 3.0.3\npaths:\n  /a:\n    get: " + body
	}
	for raw, want := range map[string]string{
		"":                                 "neither YAML nor JSON",
		"a: [":                             "neither YAML nor JSON",
		"[1]":                              "it is not a mapping",
		"title: x":                         "does not say openapi",
		"swagger: '2.0'":                   "Swagger 2.0",
		"openapi: 3.3.0":                   "OpenAPI 3.3.0 is not known",
		"openapi: 3.0.3":                   "no operations below paths",
		"openapi: 3.0.3\npaths: {/a: {}}":  "no operations below paths",
		operation(`{security: [{x: []}]}`): "GET /a: security scheme x is not among",
		operation(`{parameters: [{$ref: "other.yaml#/a"}]}`):                                                            `$ref "other.yaml#/a" is not within the document`,
		operation(`{parameters: [{$ref: "#/components/x"}]}`):                                                           `$ref "#/components/x" leads nowhere`,
		operation(`{parameters: [{$ref: "#/paths/~1a/get/parameters"}]}`):                                               "",
		"openapi: 3.0.3\npaths:\n  /a: {$ref: \"#/paths/~1a\"}":                                                         "leads back to itself",
		"openapi: 3.0.3\npaths: &a\n  /a: *a":                                                                           "contains itself",
		"openapi: 3.0.3\npaths: {/a: {get: {security: [{k: []}]}}}\ncomponents: {securitySchemes: {k: {type: apiKey}}}": "none of its operations can be tried",
	} {
		_, err := Derive([]byte(raw))
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s\n: %v, want %q", raw, err, want)
		case err != nil && strings.Contains(err.Error(), "\n"):
			t.Errorf("%s\n: several lines: %v", raw, err)
		}
	}
}

// The result is valid YAML, and has the same number of endpoints.
func FuzzDerive(f *testing.F) {
	raw, err := os.ReadFile("testdata/heroes.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("openapi: 3.1.0\ninfo: {title: \"a\\nb: c\"}\npaths: {\"/a #b\": {get: {}}, \"/'\\\"\": {post: {requestBody: {content: {application/json: {example: \"x\\u2028\"}}}}}}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Derive(raw)
		if err != nil {
			return
		}
		document, err := d.YAML("a", "b")
		if err != nil {
			return // a number that JSON cannot represent
		}
		var v struct {
			Spec struct{ Endpoints []struct{ Request string } }
		}
		if err := yaml.Load(document, &v); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if len(v.Spec.Endpoints) != len(d.Endpoints) {
			t.Fatalf("%d endpoints in\n%s", len(v.Spec.Endpoints), document)
		}
	})
}

func TestWarningsOfPublicEndpoints(t *testing.T) {
	t.Parallel()
	const heading = `{"openapi": "3.0.3", "info": {"title": "x"}, "components": {"securitySchemes": {"entra": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"}}}, `
	for _, test := range []struct {
		what, document, warnings, wrong string
	}{
		{"no security at all", `"paths": {"/a": {"get": {}}, "/b": {"get": {}}}}`,
			"2 of 2 endpoints are public, because the OpenAPI document states no security here: GET /a, GET /b; no endpoint requires a token", ""},
		{"no security of one", `"paths": {"/a": {"get": {}}, "/b": {"get": {"security": [{"entra": []}]}}}}`,
			"1 of 2 endpoints is public, because the OpenAPI document states no security here: GET /a", ""},
		{"an empty list for one", `"security": [{"entra": []}], "paths": {"/a": {"get": {"security": []}}, "/b": {"get": {}}}}`, "", ""},
		{"an empty list for all", `"security": [], "paths": {"/a": {"get": {}}}}`, "no endpoint requires a token", ""},
		{"an empty entry", `"security": [{"entra": []}], "paths": {"/a": {"get": {"security": [{}, {"entra": []}]}}, "/b": {"get": {}}}}`,
			"1 of 2 endpoints is public, because an empty entry makes the security optional: GET /a", ""},
		{"another scheme only", `"security": [{"entra": []}], "paths": {"/a": {"get": {"security": [{"basic": []}]}}, "/b": {"get": {}}}}`, "", ""},
		{"an unknown scheme", `"paths": {"/a": {"get": {"security": [{"x": []}]}}}}`, "", "security scheme x is not among components.securitySchemes"},
		{"an object instead of a list", `"paths": {"/a": {"get": {"security": {"entra": []}}}}}`, "", "GET /a: security is not a list"},
		{"null instead of a list", `"security": null, "paths": {"/a": {"get": {}}}}`, "", "GET /a: security is not a list"},
		{"a name instead of an object", `"paths": {"/a": {"get": {"security": ["entra"]}}}}`, "", "GET /a: security has an entry that is not an object"},
	} {
		d, err := Derive([]byte(heading + test.document))
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s: error %v", test.what, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.what, err)
			continue
		}
		got := strings.Join(d.Warnings(), "; ")
		if !strings.HasPrefix(got, test.warnings) || test.warnings == "" && got != "" {
			t.Errorf("%s: warnings %q", test.what, got)
		}
		document, err := d.YAML("server", "client")
		if err != nil || strings.Count(string(document), "\n# WARNING: ") != len(d.Warnings()) {
			t.Errorf("%s: %v in\n%s", test.what, err, document)
		}
	}
}
