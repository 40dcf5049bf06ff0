// Command web-client signs a user in by the authorization code flow, without a
// library, shows the decoded tokens and calls the API of heroes with them.
package main

import (
	"bufio"
	"crypto/subtle"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
)

func main() {
	env := flag.String("env", "out/heroes/.env_oauth", "the file that `provision output --write` writes")
	api := flag.String("api", "http://127.0.0.1:9000", "the API of heroes")
	listen := flag.String("listen", "127.0.0.1:8000", "where the redirect URI leads")
	flag.Parse()
	s, err := readSettings(*env)
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	// Entra ignores the port of a redirect URI on localhost.
	redirect, err := url.Parse(s.redirectURI)
	if err != nil {
		log.Fatal(err)
	}
	redirect.Host = fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
	s.redirectURI = redirect.String()
	c := &client{settings: s, api: strings.TrimSuffix(*api, "/"), waiting: map[string]signIn{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.start)
	mux.HandleFunc("GET "+redirect.Path, c.callback)
	fmt.Printf("open http://%s/\n", redirect.Host)
	log.Fatal(http.Serve(l, mux))
}

// readSettings reads a dotenv file as provision writes it.
func readSettings(file string) (settings, error) {
	f, err := os.Open(file)
	if err != nil {
		return settings{}, err
	}
	defer f.Close()
	values := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		values[name] = strings.Trim(value, `'"`)
	}
	s := settings{
		tenantID: values["AZURE_TENANT_ID"], clientID: values["AZURE_CLIENT_ID"], clientSecret: values["AZURE_CLIENT_SECRET"],
		redirectURI: values["REDIRECT_URI"], scopes: values["SCOPES"],
		authority: "https://login.microsoftonline.com/" + values["AZURE_TENANT_ID"],
	}
	if s.tenantID == "" || s.clientID == "" || s.clientSecret == "" {
		return s, fmt.Errorf("%s: no tenant, client or secret", file)
	}
	return s, nil
}

// client is the web application. The value of a cookie identifies the pending sign-in,
// so that it ends in the browser where it began.
type client struct {
	settings
	api string

	mu      sync.Mutex
	waiting map[string]signIn
}

const cookieName = "sign-in"

func (c *client) start(w http.ResponseWriter, r *http.Request) {
	in, id := newSignIn(), random()
	c.mu.Lock()
	c.waiting[id] = in
	c.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, c.authorizeURL(in), http.StatusFound)
}

// take returns the sign-in of a browser, only once.
func (c *client) take(r *http.Request) (signIn, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return signIn{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	in, ok := c.waiting[cookie.Value]
	delete(c.waiting, cookie.Value)
	return in, ok
}

func (c *client) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	in, ok := c.take(r)
	if !ok || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(in.state)) != 1 {
		http.Error(w, "This answer belongs to another sign-in.", http.StatusBadRequest)
		return
	}
	if q.Get("error") != "" {
		http.Error(w, q.Get("error")+": "+q.Get("error_description"), http.StatusUnauthorized)
		return
	}
	got, err := c.redeem(r.Context(), in, q.Get("code"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	idToken, err := decode(got.IDToken)
	if err != nil || idToken["nonce"] != in.nonce {
		http.Error(w, "The ID token is not of this sign-in.", http.StatusBadGateway)
		return
	}
	accessToken, err := decode(got.AccessToken)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	heroes, err := c.call(r, got.AccessToken)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(map[string]any{"id_token": idToken, "access_token": accessToken, "heroes": heroes}) // fails only when the browser has disconnected
}

// call creates a hero and lists all heroes.
func (c *client) call(r *http.Request, token string) (any, error) {
	const ripley = `{"id":"","name":"Ripley","race":"human","class_":"officer","level":7,"hit_points":68,"armor_class":16,"speed":30}`
	var answer any
	for _, step := range []struct{ method, body string }{{http.MethodPost, ripley}, {http.MethodGet, ""}} {
		request, err := http.NewRequestWithContext(r.Context(), step.method, c.api+"/heroes/", strings.NewReader(step.body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode >= 300 {
			return nil, fmt.Errorf("%s /heroes/: %s %s", step.method, response.Status, data)
		}
		if err := json.Unmarshal(data, &answer); err != nil {
			return nil, err
		}
	}
	return answer, nil
}
