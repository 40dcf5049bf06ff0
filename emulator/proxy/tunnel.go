package proxy

import (
	"io"
	"net"
	"sync"
)

// tunnel is the client's side of a connection to one host.
type tunnel struct {
	net.Conn
	host    string
	reader  io.Reader // the bytes after the CONNECT, then the connection
	closing sync.Once
	release func()
}

func (t *tunnel) Read(p []byte) (int, error) { return t.reader.Read(p) }

func (t *tunnel) Close() error {
	t.closing.Do(t.release)
	return t.Conn.Close()
}

// tunnels is the listener of the server behind the tunnels: it accepts a connection of
// the proxy's port after the answer to its CONNECT.
type tunnels struct {
	ready   chan *tunnel
	slots   chan struct{}
	closed  chan struct{}
	closing sync.Once
}

func newTunnels(limit int) *tunnels {
	return &tunnels{ready: make(chan *tunnel), slots: make(chan struct{}, limit), closed: make(chan struct{})}
}

// reserve reserves one of the free places for a tunnel. It returns false if there is no free
// place.
func (l *tunnels) reserve() bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l *tunnels) release() { <-l.slots }

// offer passes a tunnel to the next call of Accept, or closes it with the listener.
func (l *tunnels) offer(t *tunnel) {
	select {
	case l.ready <- t:
	case <-l.closed:
		t.Close()
	}
}

func (l *tunnels) Accept() (net.Conn, error) {
	select {
	case t := <-l.ready:
		return t, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *tunnels) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return nil
}

// Addr names the listener in errors. It is no address to connect to.
func (l *tunnels) Addr() net.Addr { return &net.UnixAddr{Name: "tunnels", Net: "tunnel"} }
