package conformance

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"time"
)

// SignInByBrowser lets a person sign in with a browser: open shows the sign-in page in
// it. The code arrives at the redirect URI, a port of loopback, or any free port if the
// URI contains none (RFC 8252, section 7.3). The page asks for the password of user,
// even if another user is signed in to the browser. With "" any user can sign in.
func (a *Authority) SignInByBrowser(ctx context.Context, client Client, user string, scopes []string, open func(address string) error) (Grant, error) {
	listener, redirect, err := listenForRedirect(client.RedirectURI)
	if err != nil {
		return Grant{}, err
	}
	client.RedirectURI = redirect.String()
	request, err := a.codeRequest(ctx, client, scopes)
	if err != nil {
		listener.Close()
		return Grant{}, err
	}
	if user != "" {
		query := request.address.Query()
		query.Set("login_hint", user)
		query.Set("prompt", "login")
		request.address.RawQuery = query.Encode()
	}
	answers := make(chan url.Values, 1)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0), Handler: takeRedirect(redirect.Path, request.state, answers)}
	go func() { _ = server.Serve(listener) }() // ends with Close, which is no error
	defer server.Close()
	if err := open(request.address.String()); err != nil {
		return Grant{}, err
	}
	select {
	case answer := <-answers:
		shown, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		_ = server.Shutdown(shown) // the browser has its page, or has gone
		return a.redeemCode(ctx, request, answer)
	case <-ctx.Done():
		return Grant{}, fmt.Errorf("wait for the sign-in: %w", ctx.Err())
	}
}

// listenForRedirect listens at the address of a redirect URI.
func listenForRedirect(uri string) (net.Listener, *url.URL, error) {
	redirect, err := url.Parse(uri)
	if err != nil || redirect.Scheme != "http" || redirect.Hostname() != "localhost" && redirect.Hostname() != "127.0.0.1" {
		return nil, nil, fmt.Errorf("a browser can only come back to http://localhost, and not to %q", uri)
	}
	port := redirect.Port()
	if port == "" {
		port = "0"
	}
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, nil, fmt.Errorf("listen where %s leads: %w", uri, err)
	}
	redirect.Host = fmt.Sprintf("%s:%d", redirect.Hostname(), listener.Addr().(*net.TCPAddr).Port)
	return listener, redirect, nil
}

// takeRedirect answers the browser that returns, and passes on the values that it
// brings: only once, and only with the state of this sign-in.
func takeRedirect(path, state string, answers chan<- url.Values) http.Handler {
	if path == "" {
		path = "/"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if r.Method != http.MethodGet || r.URL.Path != path || query.Get("state") != state {
			http.Error(w, "There is nothing here.", http.StatusNotFound)
			return
		}
		select {
		case answers <- query:
			text := "Signed in. You may close this window."
			if query.Get("error") != "" {
				text = "The sign-in was refused: " + query.Get("error_description")
			}
			_, _ = fmt.Fprintln(w, text) // fails only when the browser has gone
		default:
			http.Error(w, "This sign-in has ended already.", http.StatusConflict)
		}
	})
}

// Browser gets a token for the user who signs in to client in a browser.
func (t *Tenant) Browser(ctx context.Context, client string, scopes []string, open func(address string) error) (string, error) {
	c, ok := t.Clients[client]
	if !ok || c.RedirectURI == "" {
		return "", Unavailable("application %s has no redirect URI to sign in to", client)
	}
	grant, err := t.Authority.SignInByBrowser(ctx, c, "", t.asked(scopes), open)
	return grant.AccessToken, err
}
