package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/http/httpguts"

	"provision/conformance"
	"provision/stack"
)

// targetFlags adds the flags for the address of the API and the connection to it.
func targetFlags(c *cobra.Command) {
	c.Flags().String("url", "", "base URL of the API, e.g. https://localhost:8443/v1 (default: the url of the Conformance document, else the bundled API)")
	c.Flags().StringArray("header", nil, "header to send with every request to the API, e.g. \"X-Version: 2\"; @FILE reads one header per line (may be repeated)")
	c.Flags().String("ca", "", "PEM file of the certificate authority that issued the API's certificate, e.g. company-ca.pem")
	c.Flags().String("api-proxy", "", "proxy for requests to the API, e.g. http://proxy.contoso.example:3128 (default: HTTPS_PROXY)")
	c.Flags().Duration("wait", 0, "how long to wait for an API that is still starting, e.g. 30s")
	c.Flags().String("rate", "", "maximum rate of requests to the API, e.g. 5/s or 100/m")
}

// reach describes how an API is reached, according to the flags.
type reach struct {
	url    string // "" leaves it to the document
	header http.Header
	pem    []byte // of authorities
	proxy  *url.URL
	rate   float64 // requests a second; 0 is no limit
	wait   time.Duration
}

// reach reads the flags and refuses invalid values.
func (a *app) reach() (r reach, err error) {
	r.url = a.config.GetString("url")
	if err := checkURL("--url", r.url); err != nil {
		return r, err
	}
	if r.header, err = headers(a.config.GetStringSlice("header")); err != nil {
		return r, err
	}
	if file := a.config.GetString("ca"); file != "" {
		if r.pem, err = readInput("ca", file); err != nil {
			return r, err
		}
		if !x509.NewCertPool().AppendCertsFromPEM(r.pem) {
			return r, hint(usagef("--ca: %s contains no certificate", file), "it must be in PEM format: -----BEGIN CERTIFICATE-----")
		}
	}
	if proxy := a.config.GetString("api-proxy"); proxy != "" {
		r.proxy, err = url.Parse(proxy)
		if err != nil || r.proxy.Host == "" || r.proxy.Scheme != "http" && r.proxy.Scheme != "https" && r.proxy.Scheme != "socks5" {
			return r, hint(usagef("--api-proxy is not the URL of a proxy"), "as in --api-proxy http://proxy.contoso.example:3128; https and socks5 are also supported")
		}
	}
	r.wait = a.config.GetDuration("wait")
	r.rate, err = parseRate(a.config.GetString("rate"))
	return r, err
}

// await waits until an API gives any answer, or until the time is over. It returns no error: the
// run itself reports an API that does not answer.
func (r reach) await(ctx context.Context, client *http.Client, url string) error {
	for deadline := time.Now().Add(r.wait); time.Now().Before(deadline); {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err == nil {
			return answer.Body.Close()
		}
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			return nil // it will not become better
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// unreachable adds to the error of an API that does not answer how long provision waited.
func (r reach) unreachable(err error, url string) error {
	if r.wait > 0 {
		return hint(fmt.Errorf("%w (after --wait %s)", err, r.wait), "start the API at %s, or name its address with --url; a longer --wait gives it more time to start", url)
	}
	return hint(err, "start the API at %s, or name its address with --url; --wait 30s waits until it answers", url)
}

// hostPort is an address without a scheme. No password can be in it.
var hostPort = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$`)

// checkURL refuses a URL to which no path can be appended. Its errors never contain
// a password.
func checkURL(what, text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		if near, wrong := url.Parse("http://" + text); wrong == nil && hostPort.MatchString(text) && near.Host != "" {
			return hint(usagef("%s is not the URL of an API: http:// or https:// is missing", what), "did you mean %s?", near)
		}
		return hint(usagef("%s is not the URL of an API", what), "as in http://127.0.0.1:8000 or https://api.contoso.example/v1")
	case u.User != nil:
		return hint(usagef("%s contains a user name or password", what), "send the credentials that the API requires with --header")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return hint(usagef("%s has a query or a fragment", what), "remove the part from ? or #; the endpoints are appended to the URL")
	}
	return nil
}

// headers reads "Name: value", and @FILE with one header per line.
func headers(stated []string) (http.Header, error) {
	h := http.Header{}
	for _, line := range stated {
		lines := []string{line}
		if file, ok := strings.CutPrefix(line, "@"); ok {
			raw, err := readInput("header", file)
			if err != nil {
				return nil, err
			}
			lines = strings.Split(string(raw), "\n")
		}
		for _, line := range lines {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			name, value, ok := strings.Cut(line, ":")
			name, value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
			switch {
			case !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
				return nil, hint(usagef("--header is not a valid header"), "e.g. --header \"X-Version: 2\"") // it is not quoted: it may be a secret
			case name == "Authorization":
				return nil, hint(usagef("--header cannot be Authorization"), "the cases set this header: provision gets the tokens for them")
			}
			h.Add(name, value)
		}
	}
	return h, nil
}

// parseRate reads 5/s, 100/m, 1000/h, or 5, which means 5/s.
func parseRate(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	seconds := map[string]float64{"s": 1, "m": 60, "h": 3600}[cmp.Or(unit, "s")]
	if err != nil || !(n > 0 && n < 1e6) || seconds == 0 {
		return 0, hint(usagef("--rate %q is not a rate of requests", text), "e.g. --rate 5/s, 100/m or 1000/h")
	}
	return n / seconds, nil
}

// targetOf returns the API of a document, at url.
func (s *connection) targetOf(r reach, url string, document *stack.Conformance) conformance.Target {
	header := http.Header{}
	for name, value := range document.Headers {
		header.Set(name, value)
	}
	for name, values := range r.header {
		header[name] = values
	}
	return conformance.Target{URL: strings.TrimSuffix(url, "/"), HTTPClient: s.targetClient(r), Header: header, Rate: r.rate}
}

// targetClient sends the requests of the cases. An API may have a public
// certificate, one of the local tenant's authority or one of --ca. Requests to the
// tenant do not use this client, and therefore not the API's proxy.
func (s *connection) targetClient(r reach) *http.Client {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(r.pem)
	if pem, err := os.ReadFile(s.caFile); err == nil {
		roots.AppendCertsFromPEM(pem)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4}
	if r.proxy != nil {
		transport.Proxy = http.ProxyURL(r.proxy)
	}
	return &http.Client{Timeout: s.http.Timeout, Transport: transport}
}
