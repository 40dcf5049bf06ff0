// Package nettest has helpers for tests of the network: free ports, and connections
// that are taken over from an HTTP server.
package nettest

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// FreePort returns a free port of 127.0.0.1.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// hijacked is the connection of a CONNECT request, of which the server may have read the
// beginning.
type hijacked struct {
	net.Conn
	read *bufio.ReadWriter
}

func (h hijacked) Read(p []byte) (int, error) { return h.read.Read(p) }

// Hijack takes over the connection of a request from its server.
func Hijack(w http.ResponseWriter) (net.Conn, error) {
	conn, read, err := w.(http.Hijacker).Hijack()
	return hijacked{conn, read}, err
}

// Tunnel connects the connection of a request, whose answer has begun, with another one
// until one of them ends, and closes both.
func Tunnel(w http.ResponseWriter, to net.Conn) {
	from, err := Hijack(w)
	if err != nil {
		to.Close()
		return
	}
	join(from, to)
}

// join copies in both directions until one of the connections ends, and closes both.
func join(a, b io.ReadWriteCloser) {
	done := make(chan struct{}, 2)
	for _, pair := range [][2]io.ReadWriteCloser{{a, b}, {b, a}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // until one of them ends
			done <- struct{}{}
		}()
	}
	<-done
	a.Close()
	b.Close()
}
