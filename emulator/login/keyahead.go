package login

import "crypto/rsa"

// keysAhead returns generate with a lookahead of one key: each call starts the
// generation of the key that the next call returns. A 2048-bit key takes about
// 0.1 s, and a conformance run publishes several keys while its cases wait for them.
// The returned function must not be called concurrently.
func keysAhead(generate func() (*rsa.PrivateKey, error)) func() (*rsa.PrivateKey, error) {
	type generated struct {
		key *rsa.PrivateKey
		err error
	}
	var ahead chan generated
	return func() (*rsa.PrivateKey, error) {
		var one generated
		if ahead == nil {
			one.key, one.err = generate()
		} else {
			one = <-ahead
		}
		ahead = make(chan generated, 1) // buffered, so that a key that nobody takes blocks no goroutine
		go func(made chan<- generated) {
			key, err := generate()
			made <- generated{key, err}
		}(ahead)
		return one.key, one.err
	}
}
