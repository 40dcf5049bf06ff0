package graphapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"provision/emulator/directory"
)

const origin = "https://localhost:8443"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tenant is an API over an empty directory. Its tokens are names of callers.
type tenant struct {
	testing.TB
	handler   http.Handler
	directory *directory.Directory
	callers   map[string]Caller
}

// start returns a tenant whose caller "admin" is the seeded administrator.
func start(t testing.TB) *tenant {
	t.Helper()
	d, err := directory.Open("", directory.Seed{}, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	graph, _ := d.ServicePrincipalByAppID(directory.MicrosoftGraphAppID)
	admin := Caller{AppID: d.Administrator().ClientID, ServicePrincipalID: d.Administrator().ObjectID}
	for _, a := range d.AssignmentsOf(admin.ServicePrincipalID) {
		for _, role := range graph.AppRoles {
			if role.ID == a.AppRoleID {
				admin.Roles = append(admin.Roles, *role.Value)
			}
		}
	}
	tt := &tenant{TB: t, directory: d, callers: map[string]Caller{"admin": admin}}
	tt.handler = New(Config{
		Directory: d,
		Origin:    origin,
		Clock:     func() time.Time { return noon },
		Authenticate: func(r *http.Request) (Caller, error) {
			token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if c, ok := tt.callers[token]; ok {
				return c, nil
			}
			return Caller{}, errors.New("access token is empty or unknown")
		},
	})
	return tt
}

// object is a decoded JSON object.
type object map[string]any

func (o object) text(path string) string {
	text, _ := o.at(path).(string)
	return text
}

// at returns the value at a path of names, such as api.requestedAccessTokenVersion.
func (o object) at(path string) any {
	if strings.HasPrefix(path, "@") {
		return o[path]
	}
	var v any = map[string]any(o)
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (o object) values() []object {
	var all []object
	list, _ := o["value"].([]any)
	for _, entry := range list {
		all = append(all, object(entry.(map[string]any)))
	}
	return all
}

func (o object) names() []string {
	var names []string
	for _, entry := range o.values() {
		names = append(names, entry.text("displayName"))
	}
	slices.Sort(names)
	return names
}

type response struct {
	*http.Response
	body object
	raw  string
}

func (r response) fault() string {
	if code := r.body.text("error.code"); code != "" {
		return fmt.Sprintf("%d %s: %s", r.StatusCode, code, r.body.text("error.message"))
	}
	return fmt.Sprint(r.StatusCode)
}

// send sends a request as a caller; headers are "Name: value".
func (tt *tenant) send(caller, method, path, body string, headers ...string) response {
	tt.Helper()
	r := httptest.NewRequest(method, strings.ReplaceAll(path, " ", "%20"), strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+caller)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	tt.handler.ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Result().Body)
	if err != nil {
		tt.Fatal(err)
	}
	out := response{Response: w.Result(), raw: string(raw), body: object{}}
	if len(raw) > 0 && strings.HasPrefix(w.Result().Header.Get("Content-Type"), "application/json") {
		if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&out.body); err != nil {
			tt.Fatalf("%s %s: the answer is no JSON object: %v", method, path, err)
		}
	}
	return out
}

// must sends a request as the administrator and checks the status of the answer.
func (tt *tenant) must(status int, method, path, body string, headers ...string) response {
	tt.Helper()
	r := tt.send("admin", method, path, body, headers...)
	if r.StatusCode != status {
		tt.Fatalf("%s %s: %s, want %d", method, path, r.fault(), status)
	}
	return r
}

func (tt *tenant) get(path string, headers ...string) object {
	tt.Helper()
	return tt.must(200, "GET", path, "", headers...).body
}

func (tt *tenant) newApplication(body string) object {
	tt.Helper()
	return tt.must(201, "POST", "/v1.0/applications", body).body
}

func (tt *tenant) newServicePrincipal(app object) object {
	tt.Helper()
	return tt.must(201, "POST", "/v1.0/servicePrincipals", fmt.Sprintf(`{"appId":%q}`, app.text("appId"))).body
}

func (tt *tenant) newUser(name string) object {
	tt.Helper()
	return tt.must(201, "POST", "/v1.0/users", fmt.Sprintf(`{"accountEnabled":true,"displayName":%[1]q,"mailNickname":%[1]q,
		"userPrincipalName":"%[1]s@contoso.onmicrosoft.com","passwordProfile":{"password":"Correct-Horse-1"}}`, name)).body
}

func (tt *tenant) newGroup(name string) object {
	tt.Helper()
	return tt.must(201, "POST", "/v1.0/groups", fmt.Sprintf(`{"displayName":%[1]q,"mailEnabled":false,"mailNickname":%[1]q,"securityEnabled":true}`, name)).body
}

// caller registers an application with Graph permissions and returns its name as a token.
func (tt *tenant) caller(permissions ...string) string {
	tt.Helper()
	name := "app with " + strings.Join(permissions, ", ")
	app := tt.newApplication(fmt.Sprintf(`{"displayName":%q}`, name))
	sp := tt.newServicePrincipal(app)
	tt.callers[name] = Caller{AppID: app.text("appId"), ServicePrincipalID: sp.text("id"), Roles: permissions}
	return name
}
