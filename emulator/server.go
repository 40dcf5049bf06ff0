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
)

// Listen opens the public listeners. For an address on 127.0.0.1, ::1 or
// localhost they are the port on 127.0.0.1 and, where the machine has IPv6, on
// ::1, because clients resolve localhost to either; else the one address.
// Port 0 picks a free one.
func Listen(address string) ([]net.Listener, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: want HOST:PORT", address)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %q is no port", address, portText)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", address, err)
		}
		return []net.Listener{l}, nil
	}
	// A free port on the one may be taken on the other.
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

// Server serves a local tenant.
type Server struct {
	ManagementURL string // http://127.0.0.1:PORT
	public        *http.Server
	management    *http.Server
	failed        chan error
}

// Serve serves the public origin with TLS on listeners and the management API
// on a loopback port of its own, until Shutdown. It closes the listeners.
func (e *Emulator) Serve(listeners []net.Listener) (*Server, error) {
	management, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		for _, l := range listeners {
			l.Close()
		}
		return nil, fmt.Errorf("listen for the management API: %w", err)
	}
	return e.ServeManaged(listeners, management), nil
}

// ServeManaged is Serve with a listener for the management API.
func (e *Emulator) ServeManaged(listeners []net.Listener, management net.Listener) *Server {
	s := &Server{
		ManagementURL: "http://" + management.Addr().String(),
		public:        e.httpServer(e.Handler()),
		management:    e.httpServer(e.Management()),
		failed:        make(chan error, len(listeners)+1),
	}
	s.public.TLSConfig = e.authority.TLSConfig()
	run := func(serve func() error) {
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}
	for _, l := range listeners {
		go run(func() error { return s.public.ServeTLS(l, "", "") })
	}
	go run(func() error { return s.management.Serve(management) })
	return s
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

// Failed yields the error of a listener that broke before Shutdown.
func (s *Server) Failed() <-chan error { return s.failed }

// Shutdown stops listening, waits for the requests under way and, when ctx
// ends before they do, breaks them off.
func (s *Server) Shutdown(ctx context.Context) error {
	err := errors.Join(s.public.Shutdown(ctx), s.management.Shutdown(ctx))
	if err != nil {
		err = errors.Join(err, s.public.Close(), s.management.Close())
	}
	return err
}
