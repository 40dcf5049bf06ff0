package login

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"provision/emulator/directory"
)

const password = "Correct-Horse-7"

// testClock is a clock that moves only when a test moves it.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a tenant with a few applications and people in it, served over TLS.
//
//	api     v2 tokens, scopes read_data and write_data, roles Admin (users) and Job (applications)
//	ledger  v1 tokens, scope read
//	guarded v2 tokens, scope enter, assignment required
//	desktop public client: http://localhost; granted api read_data for everybody
//	site    confidential web application with a secret; granted api read_data, write_data, ledger read, Graph User.Read
//	page    single-page application; pre-authorized by api for read_data
//	daemon  has a secret and the role Job at api; no redirect URI
//	ada     Admin at api; bob nothing; carol Admin at api through the group operators; eve disabled
type world struct {
	hasKey                                                          bool
	t                                                               testing.TB
	clock                                                           *testClock
	tenants                                                         *directory.Tenants
	dir                                                             *directory.Directory // of the home tenant
	login                                                           *Login
	origin                                                          string
	server                                                          *httptest.Server
	serving                                                         atomic.Pointer[Login]
	api, ledger, guarded, desktop, site, page, daemon               *directory.Application
	apiSP, ledgerSP, guardedSP, desktopSP, siteSP, pageSP, daemonSP *directory.ServicePrincipal
	graphSP                                                         *directory.ServicePrincipal
	siteSecret, daemonSecret                                        string
	ada, bob, carol, eve                                            *directory.User
	operators                                                       *directory.Group
}

const (
	readID  = "11111111-0000-4000-8000-000000000001"
	writeID = "11111111-0000-4000-8000-000000000002"
	adminID = "11111111-0000-4000-8000-000000000003"
	jobID   = "11111111-0000-4000-8000-000000000004"
)

func ptr[T any](v T) *T { return &v }

func scope(id, value string) directory.PermissionScope {
	return directory.PermissionScope{
		ID: id, Value: value, Type: "User", IsEnabled: true,
		AdminConsentDisplayName: &value, AdminConsentDescription: &value,
		UserConsentDisplayName: &value, UserConsentDescription: &value,
	}
}

func role(id, value string, members ...string) directory.AppRole {
	return directory.AppRole{ID: id, Value: &value, DisplayName: &value, Description: &value, AllowedMemberTypes: members, IsEnabled: true}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: &testClock{now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}}
	var err error
	if w.tenants, err = directory.OpenTenants("", directory.Seed{}, w.clock.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.tenants.Close() })
	w.dir = w.tenants.Home()
	w.populate()
	w.server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.serving.Load().Handler().ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	w.origin = w.server.URL
	w.open()
	return w
}

// open starts the authorization server on the directory, as after a restart.
func (w *world) open() {
	w.t.Helper()
	var err error
	if w.login, err = New(Config{Tenants: w.tenants, Origin: w.origin, Clock: w.clock.Now, GenerateKey: w.generateKey}); err != nil {
		w.t.Fatal(err)
	}
	w.serving.Store(w.login)
}

func (w *world) populate() {
	w.graphSP, _ = w.dir.ServicePrincipalByAppID(directory.MicrosoftGraphAppID)
	w.update(func(tx *directory.Tx) {
		w.api, w.apiSP = w.register(tx, &directory.Application{
			DisplayName:    "API",
			IdentifierUris: []string{"api://orders"},
			API: directory.APIApplication{
				RequestedAccessTokenVersion: ptr(2),
				OAuth2PermissionScopes:      []directory.PermissionScope{scope(readID, "read_data"), scope(writeID, "write_data")},
			},
			AppRoles: []directory.AppRole{role(adminID, "Admin", "User"), role(jobID, "Job", "Application")},
		})
		w.ledger, w.ledgerSP = w.register(tx, &directory.Application{
			DisplayName:    "Ledger",
			IdentifierUris: []string{"https://ledger." + w.dir.Tenant().Domain + "/"},
			API: directory.APIApplication{
				OAuth2PermissionScopes: []directory.PermissionScope{scope("22222222-0000-4000-8000-000000000001", "read")},
			},
		})
		w.guarded, w.guardedSP = w.register(tx, &directory.Application{
			DisplayName:    "Guarded",
			IdentifierUris: []string{"api://guarded"},
			API: directory.APIApplication{
				RequestedAccessTokenVersion: ptr(2),
				OAuth2PermissionScopes:      []directory.PermissionScope{scope("33333333-0000-4000-8000-000000000001", "enter")},
			},
		})
		guarded := w.guardedSP.Clone()
		guarded.AppRoleAssignmentRequired = true
		w.must(tx.UpdateServicePrincipal(guarded))

		w.desktop, w.desktopSP = w.register(tx, &directory.Application{
			DisplayName:            "Desktop",
			IsFallbackPublicClient: ptr(true),
			PublicClient:           directory.RedirectURIs{RedirectURIs: []string{"http://localhost"}},
		})
		w.site, w.siteSP = w.register(tx, &directory.Application{
			DisplayName: "Site",
			Web:         directory.WebApplication{RedirectURIs: []string{"https://site.example/callback"}},
		})
		w.page, w.pageSP = w.register(tx, &directory.Application{
			DisplayName: "Page",
			SPA:         directory.RedirectURIs{RedirectURIs: []string{"https://page.example/"}},
		})
		w.daemon, w.daemonSP = w.register(tx, &directory.Application{DisplayName: "Daemon"})
		w.siteSecret = w.secret(tx, w.site.ID, directory.PasswordCredential{})
		w.daemonSecret = w.secret(tx, w.daemon.ID, directory.PasswordCredential{})

		api := w.api.Clone()
		api.API.PreAuthorizedApplications = []directory.PreAuthorizedApplication{{AppID: w.page.AppID, DelegatedPermissionIDs: []string{readID}}}
		w.must(tx.UpdateApplication(api))
		w.grant(tx, w.desktopSP, w.apiSP, "read_data")
		w.grant(tx, w.desktopSP, w.guardedSP, "enter")
		w.grant(tx, w.siteSP, w.apiSP, "write_data read_data")
		w.grant(tx, w.siteSP, w.ledgerSP, "read")
		w.grant(tx, w.siteSP, w.graphSP, "User.Read")

		w.ada = w.user(tx, "ada", "Ada Lovelace")
		w.bob = w.user(tx, "bob", "Bob")
		w.carol = w.user(tx, "carol", "Carol")
		w.eve = w.user(tx, "eve", "Eve")
		eve := w.eve.Clone()
		eve.AccountEnabled = false
		w.must(tx.UpdateUser(eve))
		var err error
		w.operators, err = tx.CreateGroup(&directory.Group{DisplayName: "operators", MailNickname: "operators", SecurityEnabled: true})
		w.must(err)
		w.must(tx.AddMembers(w.operators.ID, w.carol.ID))
		w.assign(tx, w.ada.ID, w.apiSP, adminID)
		w.assign(tx, w.operators.ID, w.apiSP, adminID)
		w.assign(tx, w.daemonSP.ID, w.apiSP, jobID)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) update(change func(*directory.Tx)) {
	w.t.Helper()
	w.must(w.dir.Update(func(tx *directory.Tx) error { change(tx); return nil }))
}

func (w *world) register(tx *directory.Tx, app *directory.Application) (*directory.Application, *directory.ServicePrincipal) {
	w.t.Helper()
	app, err := tx.CreateApplication(app)
	w.must(err)
	sp, err := tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: app.AppID, AccountEnabled: true})
	w.must(err)
	return app, sp
}

// change stores a changed copy of an application.
func (w *world) change(id string, change func(*directory.Application)) {
	w.t.Helper()
	w.update(func(tx *directory.Tx) {
		app, _ := tx.Application(id)
		app = app.Clone()
		change(app)
		w.must(tx.UpdateApplication(app))
	})
}

// changePrincipal stores a changed copy of a service principal.
func (w *world) changePrincipal(id string, change func(*directory.ServicePrincipal)) {
	w.t.Helper()
	w.update(func(tx *directory.Tx) {
		sp, _ := tx.ServicePrincipal(id)
		sp = sp.Clone()
		change(sp)
		w.must(tx.UpdateServicePrincipal(sp))
	})
}

func (w *world) secret(tx *directory.Tx, holder string, c directory.PasswordCredential) string {
	w.t.Helper()
	made, err := tx.AddPassword(holder, c)
	w.must(err)
	return *made.SecretText
}

func (w *world) user(tx *directory.Tx, name, displayName string) *directory.User {
	w.t.Helper()
	given, family, _ := strings.Cut(displayName, " ")
	u, err := tx.CreateUser(&directory.User{
		AccountEnabled: true, DisplayName: displayName, MailNickname: name, GivenName: &given, Surname: &family,
		UserPrincipalName: name + "@" + w.dir.Tenant().Domain, Mail: ptr(name + "@mail.example"),
	}, password)
	w.must(err)
	return u
}

func (w *world) grant(tx *directory.Tx, client, resource *directory.ServicePrincipal, scope string) {
	w.t.Helper()
	_, err := tx.CreateGrant(&directory.OAuth2PermissionGrant{ClientID: client.ID, ResourceID: resource.ID, ConsentType: "AllPrincipals", Scope: scope})
	w.must(err)
}

func (w *world) assign(tx *directory.Tx, principal string, resource *directory.ServicePrincipal, role string) {
	w.t.Helper()
	_, err := tx.CreateAssignment(&directory.AppRoleAssignment{PrincipalID: principal, ResourceID: resource.ID, AppRoleID: role})
	w.must(err)
}

func (w *world) tid() string { return w.dir.Tenant().ID }

// browser stores cookies like a user's browser, and follows no redirects.
func (w *world) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &http.Client{
		Transport:     w.server.Client().Transport,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// page is an answer that was read completely.
type page struct {
	status   int
	header   http.Header
	body     string
	location *url.URL
}

func (w *world) do(client *http.Client, r *http.Request) page {
	w.t.Helper()
	answer, err := client.Do(r)
	w.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	w.must(err)
	p := page{status: answer.StatusCode, header: answer.Header, body: string(body)}
	if target := answer.Header.Get("Location"); target != "" {
		p.location, err = url.Parse(target)
		w.must(err)
	}
	return p
}

func (w *world) get(client *http.Client, path string, query url.Values) page {
	w.t.Helper()
	target := w.origin + path
	if query != nil {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequest(http.MethodGet, target, nil)
	w.must(err)
	return w.do(client, r)
}

func (w *world) post(client *http.Client, path string, form url.Values, header ...string) page {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, w.origin+path, strings.NewReader(form.Encode()))
	w.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(client, r)
}

// form builds a form from names and values; a name with the value "-" is removed.
func form(base url.Values, pairs ...string) url.Values {
	made := url.Values{}
	for name, values := range base {
		made[name] = slices.Clone(values)
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "-" {
			made.Del(pairs[i])
			continue
		}
		made.Set(pairs[i], pairs[i+1])
	}
	return made
}

var (
	actionPattern = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hiddenPattern = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

func hiddenFields(body string) url.Values {
	fields := url.Values{}
	for _, m := range hiddenPattern.FindAllStringSubmatch(body, -1) {
		fields.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return fields
}

// signIn fills in the sign-in form of a page.
func (w *world) signIn(client *http.Client, p page, name, pass string) page {
	w.t.Helper()
	action := actionPattern.FindStringSubmatch(p.body)
	if p.status != http.StatusOK || action == nil {
		w.t.Fatalf("no sign-in form: %d %s", p.status, p.body)
	}
	fields := hiddenFields(p.body)
	fields.Set("loginfmt", name)
	fields.Set("passwd", pass)
	return w.post(client, html.UnescapeString(action[1]), fields)
}

const verifier = "a-verifier-of-forty-three-characters-or-more-0123"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// desktopRequest returns a valid authorization request of the public client.
func (w *world) desktopRequest(pairs ...string) url.Values {
	return form(url.Values{
		"client_id": {w.desktop.AppID}, "redirect_uri": {"http://localhost:5555"}, "response_type": {"code"},
		"scope": {"api://orders/read_data openid profile offline_access"}, "state": {"a state & more"}, "nonce": {"n-1"},
		"code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}, pairs...)
}

func (w *world) siteRequest(pairs ...string) url.Values {
	return form(url.Values{
		"client_id": {w.site.AppID}, "redirect_uri": {"https://site.example/callback"}, "response_type": {"code"},
		"scope": {"api://orders/read_data openid profile offline_access"}, "state": {"s"}, "nonce": {"n-1"},
	}, pairs...)
}

func (w *world) pageRequest(pairs ...string) url.Values {
	return form(url.Values{
		"client_id": {w.page.AppID}, "redirect_uri": {"https://page.example/"}, "response_type": {"code"},
		"scope": {"api://orders/read_data openid profile offline_access"}, "state": {"s"},
		"code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}, pairs...)
}

// authorizePath and tokenPath are the v2 endpoints under the tenant's id.
func (w *world) authorizePath() string { return "/" + w.tid() + "/oauth2/v2.0/authorize" }
func (w *world) tokenPath() string     { return "/" + w.tid() + "/oauth2/v2.0/token" }

// authorized signs a user in and returns the target of the redirect.
func (w *world) authorized(request url.Values, user *directory.User) url.Values {
	w.t.Helper()
	client := w.browser()
	p := w.signIn(client, w.get(client, w.authorizePath(), request), user.UserPrincipalName, password)
	if p.location == nil {
		w.t.Fatalf("not sent on: %d %s", p.status, p.body)
	}
	return p.location.Query()
}

// code signs a user in and returns the authorization code.
func (w *world) code(request url.Values, user *directory.User) string {
	w.t.Helper()
	answer := w.authorized(request, user)
	if answer.Get("code") == "" {
		w.t.Fatalf("no code: %v", answer)
	}
	return answer.Get("code")
}

// desktopRedemption returns a valid token request for a code of desktopRequest.
func (w *world) desktopRedemption(code string, pairs ...string) url.Values {
	return form(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {w.desktop.AppID}, "code": {code},
		"redirect_uri": {"http://localhost:5555"}, "code_verifier": {verifier},
		"scope": {"api://orders/read_data openid profile offline_access"},
	}, pairs...)
}

// siteRedemption returns a valid token request for a code of siteRequest.
func (w *world) siteRedemption(code string, pairs ...string) url.Values {
	return form(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {w.site.AppID}, "client_secret": {w.siteSecret}, "code": {code},
		"redirect_uri": {"https://site.example/callback"},
	}, pairs...)
}

// pageRedemption returns a valid token request for a code of pageRequest, without the Origin header
// that a browser sends.
func (w *world) pageRedemption(code string, pairs ...string) url.Values {
	return form(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {w.page.AppID}, "code": {code},
		"redirect_uri": {"https://page.example/"}, "code_verifier": {verifier},
	}, pairs...)
}

// daemonRequest returns a valid client credentials request.
func (w *world) daemonRequest(pairs ...string) url.Values {
	return form(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {w.daemon.AppID}, "client_secret": {w.daemonSecret},
		"scope": {"api://orders/.default"},
	}, pairs...)
}

// answer is a token response or an error.
type answer struct {
	page
	fields map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.fields[name].(string)
	return s
}

func (a answer) code() int {
	codes, _ := a.fields["error_codes"].([]any)
	if len(codes) != 1 {
		return 0
	}
	return int(codes[0].(float64))
}

func (w *world) token(form url.Values, header ...string) answer {
	w.t.Helper()
	return w.tokenAt(w.tokenPath(), form, header...)
}

func (w *world) tokenAt(path string, form url.Values, header ...string) answer {
	w.t.Helper()
	a := answer{page: w.post(w.server.Client(), path, form, header...)}
	if err := json.Unmarshal([]byte(a.body), &a.fields); err != nil {
		w.t.Fatalf("answer is not JSON: %d %s", a.status, a.body)
	}
	return a
}

// granted requests tokens, and the request must succeed.
func (w *world) granted(form url.Values, header ...string) answer {
	w.t.Helper()
	a := w.token(form, header...)
	if a.status != http.StatusOK {
		w.t.Fatalf("refused: %d %s", a.status, a.text("error_description"))
	}
	return a
}

// document reads a JSON document.
func (w *world) document(path string, into any) page {
	w.t.Helper()
	p := w.get(w.server.Client(), path, nil)
	if err := json.Unmarshal([]byte(p.body), into); err != nil {
		w.t.Fatalf("%s is not JSON: %d %s", path, p.status, p.body)
	}
	return p
}

// decode checks a token against the published keys and returns its parts.
func (w *world) decode(token string) (header jose.Header, token2 map[string]any) {
	w.t.Helper()
	var set jose.JSONWebKeySet
	w.document("/"+w.tid()+"/discovery/v2.0/keys", &set)
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	w.must(err)
	keys := set.Key(parsed.Headers[0].KeyID)
	if len(keys) != 1 {
		w.t.Fatalf("kid %q is published %d times", parsed.Headers[0].KeyID, len(keys))
	}
	w.must(parsed.Claims(keys[0].Key, &token2))
	return parsed.Headers[0], token2
}

func (w *world) claims(token string) map[string]any {
	w.t.Helper()
	_, c := w.decode(token)
	return c
}

var firstKey = sync.OnceValues(generateKey)

// generateKey gives all test worlds the same first key, and generates the others.
func (w *world) generateKey() (*rsa.PrivateKey, error) {
	if !w.hasKey {
		w.hasKey = true
		return firstKey()
	}
	return generateKey()
}
