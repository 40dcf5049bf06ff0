// Package nettest has helpers for tests of the network: free ports, and connections
// that are taken over from an HTTP server.
package nettest

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
)

// FreePort returns a free port of 127.0.0.1. The system does not assign ports of this
// range by itself, so that another program seldom takes the port before the caller does.
func FreePort() (string, error) {
	for range 100 {
		port := strconv.Itoa(firstPort + rand.IntN(ports))
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
			return port, l.Close()
		}
	}
	return "", fmt.Errorf("none of 100 random ports from %d to %d is free", firstPort, firstPort+ports-1)
}

// The range of FreePort is above the ports of local tenants, and below the ports that systems
// assign.
const (
	firstPort = 30000
	ports     = 2768
)

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
