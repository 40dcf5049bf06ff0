package emulatortest

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"sync/atomic"
)

// signingKeys are the keys of all tenants of the test process: the first, the second
// key of each, and so on. Generating them takes a third of the time of tests with many
// tenants.
var signingKeys struct {
	sync.Mutex
	made []func() (*rsa.PrivateKey, error)
}

// sharedKeys hands out the keys of a tenant, one after another.
func sharedKeys() func() (*rsa.PrivateKey, error) {
	var handedOut atomic.Int32
	return func() (*rsa.PrivateKey, error) {
		i := int(handedOut.Add(1)) - 1
		signingKeys.Lock()
		for len(signingKeys.made) <= i {
			signingKeys.made = append(signingKeys.made, sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }))
		}
		key := signingKeys.made[i]
		signingKeys.Unlock()
		return key()
	}
}
