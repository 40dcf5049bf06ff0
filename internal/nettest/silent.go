package nettest

import "net"

// Silent is a server that accepts connections and never answers.
type Silent struct {
	Address  string          // HOST:PORT
	Accepted <-chan struct{} // receives a value for each connection

	listener net.Listener
	ended    chan struct{}
}

// ListenSilently starts a Silent on a free port of 127.0.0.1.
func ListenSilently() (*Silent, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	accepted := make(chan struct{}, 100)
	s := &Silent{Address: l.Addr().String(), Accepted: accepted, listener: l, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			select {
			case accepted <- struct{}{}:
			default: // nobody counts them
			}
		}
	}()
	return s, nil
}

// Close closes the server and its connections.
func (s *Silent) Close() {
	s.listener.Close()
	<-s.ended
}
