package login

import (
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"
)

// Each call returns the next key in order, while the key after it is generated.
func TestKeysAhead(t *testing.T) {
	t.Parallel()
	failure := errors.New("no randomness")
	started := make(chan int, 10)
	made := 0
	generate := keysAhead(func() (*rsa.PrivateKey, error) {
		made++
		started <- made
		if made == 3 {
			return nil, failure
		}
		return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(int64(made))}}, nil
	})
	for n := 1; n <= 4; n++ {
		key, err := generate()
		switch {
		case n == 3 && !errors.Is(err, failure):
			t.Errorf("key 3: %v", err)
		case n != 3 && (err != nil || key.N.Int64() != int64(n)):
			t.Errorf("key %d: %v %v", n, key, err)
		}
	}
	for n := 1; n <= 5; n++ {
		if got := <-started; got != n { // without the lookahead, the fifth never starts
			t.Errorf("generation %d started as number %d", n, got)
		}
	}
}
