package emulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"provision/emulator/proxy"
)

// Listen opens the public listeners. For 127.0.0.1, ::1 and localhost it opens the
// port on 127.0.0.1 and, if the machine has IPv6, on ::1, because clients resolve
// localhost to either. For other addresses it opens one listener. Port 0 selects a
// free port.
func Listen(address string) ([]net.Listener, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: want HOST:PORT", address)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %q is not a port", address, portText)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", address, err)
		}
		return []net.Listener{l}, nil
	}
	// A port that is free on 127.0.0.1 may be in use on ::1.
	for attempt := 0; ; attempt++ {
		listeners, err := listenLoopback(int(port))
		if err == nil || port != 0 || attempt == 20 || !errors.Is(err, syscall.EADDRINUSE) {
			return listeners, err
		}
	}
}

func listenLoopback(port int) ([]net.Listener, error) {
	v4, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen on 127.0.0.1:%d: %w", port, err)
	}
	port = v4.Addr().(*net.TCPAddr).Port
	v6, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
	switch {
	case err == nil:
		return []net.Listener{v4, v6}, nil
	case errors.Is(err, syscall.EADDRINUSE):
		v4.Close()
		return nil, fmt.Errorf("listen on [::1]:%d: %w", port, err)
	}
	return []net.Listener{v4}, nil // no IPv6 here
}

// Origin returns the origin that clients reach listeners by:
// https://localhost:PORT.
func Origin(listeners []net.Listener) string {
	return fmt.Sprintf("https://localhost:%d", listeners[0].Addr().(*net.TCPAddr).Port)
}

// Listeners are the listeners of a local tenant.
type Listeners struct {
	Public     []net.Listener // TLS: localhost, and Microsoft's public hosts for clients that are redirected
	Management net.Listener
	Proxy      net.Listener // for HTTPS_PROXY
}

// Close closes all listeners, for a caller who does not serve on them.
func (l Listeners) Close() {
	for _, each := range append(l.Public, l.Management, l.Proxy) {
		if each != nil {
			each.Close()
		}
	}
}

// Server serves a local tenant.
type Server struct {
	ManagementURL string // http://127.0.0.1:PORT
	ProxyURL      string // http://127.0.0.1:PORT
	public        *http.Server
	management    *http.Server
	proxy         *proxy.Proxy
	failed        chan error
}

// Serve serves the public origin with TLS on listeners, and the management API and the
// proxy on separate loopback ports, until Shutdown. It closes the listeners.
func (e *Emulator) Serve(listeners []net.Listener) (*Server, error) {
	l := Listeners{Public: listeners}
	for _, other := range []struct {
		what string
		into *net.Listener
	}{{"the management API", &l.Management}, {"the proxy", &l.Proxy}} {
		var err error
		if *other.into, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			l.Close()
			return nil, fmt.Errorf("listen for %s: %w", other.what, err)
		}
	}
	return e.ServeOn(l), nil
}

// ServeOn is Serve with every listener chosen by the caller.
func (e *Emulator) ServeOn(l Listeners) *Server {
	certificates := e.authority.TLSConfig(MicrosoftHosts...)
	s := &Server{
		ManagementURL: plainURL(l.Management),
		ProxyURL:      plainURL(l.Proxy),
		public:        e.httpServer(e.Handler()),
		management:    e.httpServer(e.Management()),
		proxy:         proxy.New(proxy.Config{Hosts: MicrosoftHosts, TLS: certificates, Handler: e.Handler(), Logger: e.logger}),
		failed:        make(chan error, len(l.Public)+2),
	}
	s.public.TLSConfig = certificates
	run := func(serve func() error) {
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}
	for _, listener := range l.Public {
		go run(func() error { return s.public.ServeTLS(listener, "", "") })
	}
	go run(func() error { return s.management.Serve(l.Management) })
	go run(func() error { return s.proxy.Serve(l.Proxy) })
	return s
}

// plainURL returns the URL of a listener for this machine. The listener can be on every address.
func plainURL(l net.Listener) string {
	address := *l.Addr().(*net.TCPAddr)
	if address.IP.IsUnspecified() {
		address.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + address.String()
}

func (e *Emulator) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		// Clients that do not trust the authority yet would fill the log.
		ErrorLog: slog.NewLogLogger(e.logger.Handler(), slog.LevelDebug),
	}
}

// Failed returns the error of a listener that failed before Shutdown.
func (s *Server) Failed() <-chan error { return s.failed }

// Shutdown stops listening and waits for requests in progress. When ctx ends, it
// cancels the remaining ones.
func (s *Server) Shutdown(ctx context.Context) error {
	var all errgroup.Group // in parallel, so that none uses up the time of the others
	for _, shutdown := range []func(context.Context) error{s.proxy.Shutdown, s.public.Shutdown, s.management.Shutdown} {
		all.Go(func() error { return shutdown(ctx) })
	}
	err := all.Wait()
	if err != nil {
		err = errors.Join(err, s.proxy.Close(), s.public.Close(), s.management.Close())
	}
	return err
}
