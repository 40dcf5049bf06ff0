package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	headerTimeout = 10 * time.Second // for a CONNECT, a TLS handshake and a request's header each
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10 // bytes of a CONNECT
	maxTunnels    = 1024     // open at the same time
)

// Config configures a Proxy.
type Config struct {
	Hosts   []string     // the hosts that the proxy answers itself, in lower case
	TLS     *tls.Config  // has a certificate for each host
	Handler http.Handler // answers the requests to these hosts
	Logger  *slog.Logger // nil: nothing is logged
}

// Proxy ends connections to its hosts. It is safe for use by many goroutines at
// once.
type Proxy struct {
	hosts   []string
	outer   *http.Server // takes CONNECT
	inner   *http.Server // ends the tunnels
	tunnels *tunnels
}

// New returns a proxy that does not serve yet.
func New(config Config) *Proxy {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	// Clients that do not trust the certificates yet would fill the log.
	log := slog.NewLogLogger(config.Logger.Handler(), slog.LevelDebug)
	p := &Proxy{hosts: config.Hosts, tunnels: newTunnels(maxTunnels)}
	p.outer = &http.Server{
		Handler:           http.HandlerFunc(p.connect),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log,
	}
	p.inner = &http.Server{
		Handler:           directed(config.Handler),
		TLSConfig:         certified(config.TLS),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          log,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, hostKey{}, c.(*tls.Conn).NetConn().(*tunnel).host)
		},
	}
	return p
}

// Serve accepts connections of l until Shutdown or Close, and closes l. The error is
// then http.ErrServerClosed.
func (p *Proxy) Serve(l net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- p.inner.ServeTLS(p.tunnels, "", "") }()
	err := p.outer.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		p.inner.Close()
	}
	if inner := <-ended; !errors.Is(inner, http.ErrServerClosed) {
		err = errors.Join(err, inner)
	}
	return err
}

// Shutdown stops accepting connections and waits for requests in progress until ctx
// ends.
func (p *Proxy) Shutdown(ctx context.Context) error {
	return errors.Join(p.outer.Shutdown(ctx), p.inner.Shutdown(ctx))
}

// Close closes all connections.
func (p *Proxy) Close() error {
	return errors.Join(p.outer.Close(), p.inner.Close())
}

// connect opens a tunnel (CONNECT HOST:443) or refuses.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	host, refusal := p.target(r)
	if refusal != "" {
		http.Error(w, refusal, http.StatusForbidden)
		return
	}
	if !p.tunnels.reserve() {
		http.Error(w, fmt.Sprintf("more than %d connections are open", maxTunnels), http.StatusServiceUnavailable)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		p.tunnels.release()
		http.Error(w, "a tunnel needs HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	t := &tunnel{Conn: conn, host: host, reader: conn, release: p.tunnels.release}
	// A client that does not wait for the answer has sent its handshake by now.
	if early, err := buffered.Reader.Peek(buffered.Reader.Buffered()); err == nil && len(early) > 0 {
		t.reader = io.MultiReader(strings.NewReader(string(early)), conn)
	}
	_ = conn.SetDeadline(time.Now().Add(headerTimeout))
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		t.Close()
		return
	}
	_ = conn.SetDeadline(time.Time{}) // the inner server has its own
	p.tunnels.offer(t)
}

// target returns the host of a CONNECT request, or the reason of its refusal.
func (p *Proxy) target(r *http.Request) (host, refusal string) {
	if r.Method != http.MethodConnect {
		return "", "this proxy supports only CONNECT: set it in HTTPS_PROXY, not in HTTP_PROXY"
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		return "", fmt.Sprintf("CONNECT requires HOST:PORT, not %q", r.Host)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || isLoopback(host) {
		return "", "programs reach this machine without the proxy: set NO_PROXY=localhost,127.0.0.1,::1"
	}
	if !slices.Contains(p.hosts, host) {
		return "", fmt.Sprintf("%q does not end at the local tenant, and nothing else is reached through this proxy: add it to NO_PROXY", host)
	}
	if port != "443" {
		return "", fmt.Sprintf("%s ends at the local tenant only on port 443, not on %q", host, port)
	}
	return host, ""
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// certified gives each tunnel the certificate of its host.
func certified(config *tls.Config) *tls.Config {
	config = config.Clone()
	certificate := config.GetCertificate
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		host := hello.Conn.(*tunnel).host
		if hello.ServerName != "" && !strings.EqualFold(hello.ServerName, host) {
			return nil, fmt.Errorf("a handshake for %q in the tunnel to %s", hello.ServerName, host)
		}
		hello.ServerName = host // some clients name no host
		return certificate(hello)
	}
	return config
}

type hostKey struct{}

// directed checks that the requests in a tunnel are for its host.
func directed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Context().Value(hostKey{}).(string)
		if asked := strings.TrimSuffix(strings.ToLower(r.Host), ":443"); asked != host {
			http.Error(w, fmt.Sprintf("a request for %q in the tunnel to %s", r.Host, host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
