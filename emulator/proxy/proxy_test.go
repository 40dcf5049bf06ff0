package proxy

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

var hosts = []string{"login.example", "graph.example"}

// rig is a served proxy.
type rig struct {
	testing.TB
	*Proxy
	address string
	roots   *x509.CertPool
	ended   chan error
}

// start serves a proxy. Its tenant answers with the request that it received, unless another
// handler is given.
func start(t testing.TB, handler http.Handler) *rig {
	t.Helper()
	if handler == nil {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %s %s%s", r.Proto, r.Method, r.Host, r.URL.Path)
		})
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{TB: t, roots: x509.NewCertPool(), ended: make(chan error, 1)}
	certificates := map[string]*tls.Certificate{}
	for i, host := range hosts {
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i)), DNSNames: []string{host}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		r.roots.AddCert(leaf)
		certificates[host] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	}
	r.Proxy = New(Config{Hosts: hosts, Handler: handler, TLS: &tls.Config{
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return certificates[hello.ServerName], nil },
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = l.Addr().String()
	go func() { r.ended <- r.Serve(l) }()
	t.Cleanup(func() { r.Close() })
	return r
}

func (r *rig) client(http2 bool) *http.Client {
	transport := &http.Transport{
		Proxy:             http.ProxyURL(&url.URL{Scheme: "http", Host: r.address}),
		TLSClientConfig:   &tls.Config{RootCAs: r.roots},
		ForceAttemptHTTP2: http2,
	}
	r.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 2 * time.Minute}
}

// raw sends bytes to the proxy and returns the connection with a reader of the answer.
func (r *rig) raw(text string) (net.Conn, *bufio.Reader) {
	r.Helper()
	conn, err := net.Dial("tcp", r.address)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if _, err := io.WriteString(conn, text); err != nil {
		r.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// tunnel opens a tunnel to a host.
func (r *rig) tunnel(host string) net.Conn {
	r.Helper()
	conn, reader := r.raw("CONNECT " + host + ":443 HTTP/1.1\r\nHost: " + host + ":443\r\n\r\n")
	answer, err := http.ReadResponse(reader, nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		r.Fatalf("CONNECT %s: %v, %v", host, answer, err)
	}
	return conn
}

func TestHostsEndAtTheProxy(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	for _, http2 := range []bool{false, true} {
		protocol := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2]
		client := r.client(http2)
		for range 2 {
			for address, want := range map[string]string{
				"https://login.example/t/oauth2": protocol + " GET login.example/t/oauth2",
				"https://graph.example/v1.0/me":  protocol + " GET graph.example/v1.0/me",
			} {
				answer, err := client.Get(address)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				if string(body) != want {
					t.Errorf("%s: %q, want %q", address, body, want)
				}
			}
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	for name, test := range map[string]struct{ request, want string }{
		"another host":          {"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", `403 "example.com" does not end at the local tenant, and nothing else is reached through this proxy: add it to NO_PROXY`},
		"a host below one":      {"CONNECT x.login.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", `403 "x.login.example" does not end`},
		"another port":          {"CONNECT login.example:8443 HTTP/1.1\r\nHost: x\r\n\r\n", `403 login.example ends at the local tenant only on port 443`},
		"localhost":             {"CONNECT localhost:443 HTTP/1.1\r\nHost: x\r\n\r\n", `403 programs reach this machine without the proxy`},
		"a loopback address":    {"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n", `403 programs reach this machine without the proxy`},
		"the other one":         {"CONNECT [::1]:22 HTTP/1.1\r\nHost: x\r\n\r\n", `403 programs reach this machine without the proxy`},
		"no port":               {"CONNECT login.example HTTP/1.1\r\nHost: x\r\n\r\n", `403 CONNECT requires HOST:PORT`},
		"a plain request":       {"GET http://login.example/ HTTP/1.1\r\nHost: login.example\r\n\r\n", `403 this proxy supports only CONNECT`},
		"a request to a server": {"GET / HTTP/1.1\r\nHost: login.example\r\n\r\n", `403 this proxy supports only CONNECT`},
		"no HTTP":               {"\x16\x03\x01\x00\x05hello\r\n\r\n", `400 `},
	} {
		_, reader := r.raw(test.request)
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, _ := io.ReadAll(answer.Body)
		got := fmt.Sprintf("%d %s", answer.StatusCode, body)
		if !strings.HasPrefix(got, test.want) || answer.StatusCode == http.StatusForbidden && strings.Count(string(body), "\n") != 1 {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestHostsAreNamedInAnySpelling(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	for _, host := range []string{"LOGIN.example", "login.example."} {
		conn := tls.Client(r.tunnel(host), &tls.Config{RootCAs: r.roots, ServerName: "login.example"})
		if err := conn.Handshake(); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestTunnelIsHeldToItsHost(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	if err := tls.Client(r.tunnel("login.example"), &tls.Config{RootCAs: r.roots, ServerName: "graph.example"}).Handshake(); err == nil {
		t.Error("a handshake for another host goes through")
	}
	// A client that sends no name gets the certificate of the tunnel's host.
	silent := tls.Client(r.tunnel("graph.example"), &tls.Config{InsecureSkipVerify: true})
	if err := silent.Handshake(); err != nil {
		t.Fatal(err)
	}
	if names := silent.ConnectionState().PeerCertificates[0].DNSNames; names[0] != "graph.example" {
		t.Errorf("without a name the certificate is for %v", names)
	}
	for host, want := range map[string]int{
		"graph.example": http.StatusOK, "graph.example:443": http.StatusOK, "Graph.Example": http.StatusOK,
		"login.example": http.StatusMisdirectedRequest, "graph.example:8443": http.StatusMisdirectedRequest,
	} {
		conn := tls.Client(r.tunnel("graph.example"), &tls.Config{RootCAs: r.roots, ServerName: "graph.example"})
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != want {
			t.Errorf("a request for %s: %d, want %d", host, answer.StatusCode, want)
		}
	}
}

// early is a connection that sends the first bytes together with its CONNECT.
type early struct {
	net.Conn
	before string
}

func (e *early) Write(p []byte) (int, error) {
	n, err := e.Conn.Write(append([]byte(e.before), p...))
	n, e.before = n-len(e.before), ""
	return n, err
}

func TestClientThatDoesNotWait(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	conn, reader := r.raw("")
	// The answer to the CONNECT is read before the answer to the handshake.
	hello := &early{Conn: conn, before: "CONNECT login.example:443 HTTP/1.1\r\nHost: x\r\n\r\n"}
	secure := tls.Client(&afterAnswer{early: hello, reader: reader}, &tls.Config{RootCAs: r.roots, ServerName: "login.example"})
	if err := secure.Handshake(); err != nil {
		t.Fatal(err)
	}
}

type afterAnswer struct {
	*early
	reader   *bufio.Reader
	answered bool
}

func (a *afterAnswer) Read(p []byte) (int, error) {
	for !a.answered {
		line, err := a.reader.ReadString('\n')
		if err != nil {
			return 0, err
		}
		a.answered = line == "\r\n"
	}
	return a.reader.Read(p)
}

func TestTunnelsAreLimited(t *testing.T) {
	t.Parallel()
	l := newTunnels(1)
	near, far := net.Pipe()
	defer far.Close()
	if !l.reserve() || l.reserve() {
		t.Fatal("a limit of one is not one")
	}
	tunnel := &tunnel{Conn: near, release: l.release}
	tunnel.Close()
	tunnel.Close() // releases it once
	if !l.reserve() || l.reserve() {
		t.Error("a closed tunnel does not give its place back once")
	}
}

func TestShutdownWaitsForRequests(t *testing.T) {
	t.Parallel()
	asked, goOn := make(chan struct{}), make(chan struct{})
	r := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-goOn
		fmt.Fprint(w, "done")
	}))
	client := r.client(false)
	got := make(chan string, 1)
	go func() {
		answer, err := client.Get("https://login.example/")
		if err != nil {
			got <- err.Error()
			return
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		got <- string(body)
	}()
	<-asked
	over := make(chan error, 1)
	go func() { over <- r.Shutdown(t.Context()) }()
	if err := <-r.ended; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serving ended with %v", err)
	}
	if _, err := net.Dial("tcp", r.address); err == nil {
		t.Error("a proxy that is shut down still listens")
	}
	close(goOn)
	if body := <-got; body != "done" {
		t.Errorf("the request under way got %q", body)
	}
	if err := <-over; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownGivesUpInTime(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	r := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	go func() {
		if answer, err := r.client(false).Get("https://login.example/"); err == nil {
			answer.Body.Close()
		}
	}()
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	<-r.ended
}

func TestListenerThatBreaksEndsServing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	p := New(Config{Hosts: hosts, TLS: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }}, Handler: http.NotFoundHandler()})
	if err := p.Serve(l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("serving ended with %v", err)
	}
}
