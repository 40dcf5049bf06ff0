package login

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"provision/emulator/directory"
)

const (
	bucket         = "login" // of the directory's key-value space
	signingKeysKey = "signing-keys"
	keyBits        = 2048
)

// keyState is the state of a signing key. A next key is published before it signs, so
// that validators already know it; a retired key stays published while tokens that it
// signed are valid.
type keyState string

const (
	next    keyState = "next"
	current keyState = "current"
	retired keyState = "retired"
)

// signingKey is an RSA key with the self-signed certificate that publishes it.
// Its id is the certificate's SHA-1 thumbprint, as Entra names its keys.
type signingKey struct {
	id          string
	state       keyState
	private     *rsa.PrivateKey
	certificate *x509.Certificate
	signV1      jose.Signer // header typ, alg, kid, x5t
	signV2      jose.Signer // header typ, alg, kid
	tenant      string      // the only tenant whose tokens it signs; "" means every tenant
	stored      storedKey
}

// storedKey is a signing key as the directory keeps it.
type storedKey struct {
	State       keyState `json:"state"`
	PrivateKey  []byte   `json:"privateKey"`  // PKCS #8, DER
	Certificate []byte   `json:"certificate"` // DER
	Tenant      string   `json:"tenant,omitempty"`
	Owner       string   `json:"owner,omitempty"` // who published it temporarily, and removes it
}

// keyring holds the tenant's signing keys: exactly one is current. The list is
// immutable: a change replaces it by a new list.
type keyring struct {
	keys      atomic.Pointer[[]*signingKey]
	directory *directory.Directory
	generate  func() (*rsa.PrivateKey, error) // of the keys after the first; called under changing
	changing  sync.Mutex
}

// generateKey creates a signing key.
func generateKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }

// openKeyring reads the signing keys from the directory or creates the first one.
func openKeyring(d *directory.Directory, generate func() (*rsa.PrivateKey, error), now time.Time) (*keyring, error) {
	data, found := d.Load(bucket, signingKeysKey)
	if !found {
		made, err := newSigningKey(generate, current, now)
		if err != nil {
			return nil, err
		}
		if data, err = json.Marshal([]storedKey{made}); err != nil {
			return nil, fmt.Errorf("store signing key: %w", err)
		}
		if _, err := d.SaveOnce(bucket, signingKeysKey, data); err != nil {
			return nil, fmt.Errorf("store signing key: %w", err)
		}
		// Another process may have been faster; then its key is the tenant's key.
		data, _ = d.Load(bucket, signingKeysKey)
	}
	var stored []storedKey
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	keys := make([]*signingKey, len(stored))
	for i, s := range stored {
		var err error
		if keys[i], err = s.open(); err != nil {
			return nil, fmt.Errorf("read signing key %d: %w", i+1, err)
		}
	}
	ring := &keyring{directory: d, generate: keysAhead(generate)}
	ring.keys.Store(&keys)
	if ring.current() == nil {
		return nil, fmt.Errorf("read signing keys: none of %d is current", len(keys))
	}
	return ring, nil
}

func newSigningKey(generate func() (*rsa.PrivateKey, error), state keyState, now time.Time) (storedKey, error) {
	private, err := generate()
	if err != nil {
		return storedKey{}, fmt.Errorf("make signing key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return storedKey{}, fmt.Errorf("make signing key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "accounts.accesscontrol.windows.net"}, // like the lifetime of Entra's signing certificates
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(5, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return storedKey{}, fmt.Errorf("make signing certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return storedKey{}, fmt.Errorf("make signing key: %w", err)
	}
	return storedKey{State: state, PrivateKey: pkcs8, Certificate: certificate}, nil
}

func (s storedKey) open() (*signingKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(s.PrivateKey) // precomputes the CRT values
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("an RSA key is needed, not %T", parsed)
	}
	certificate, err := x509.ParseCertificate(s.Certificate)
	if err != nil {
		return nil, err
	}
	thumbprint := sha1.Sum(certificate.Raw)
	k := &signingKey{
		id:          base64.RawURLEncoding.EncodeToString(thumbprint[:]),
		state:       s.State,
		private:     private,
		certificate: certificate,
		tenant:      s.Tenant,
		stored:      s,
	}
	header := k.header()
	if k.signV2, err = k.signer(header); err != nil {
		return nil, err
	}
	header["x5t"] = k.id
	if k.signV1, err = k.signer(header); err != nil {
		return nil, err
	}
	return k, nil
}

// header returns the JOSE header of a v2 token.
func (k *signingKey) header() map[string]any {
	return map[string]any{"typ": "JWT", "kid": k.id}
}

// signer signs RS256 under a header. The header can state another alg; the signature remains
// RS256.
func (k *signingKey) signer(header map[string]any) (jose.Signer, error) {
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: k.private}, options)
}

func (r *keyring) all() []*signingKey { return *r.keys.Load() }

func (r *keyring) current() *signingKey {
	for _, k := range r.all() {
		if k.state == current {
			return k
		}
	}
	return nil
}

func (r *keyring) byID(id string) (*signingKey, bool) {
	for _, k := range r.all() {
		if k.id == id {
			return k, true
		}
	}
	return nil, false
}

// Sign makes a JWT with any claims and signs it with the tenant's current key, so
// that only the claims and the header can be wrong. Fields of header replace the
// fields of a v2 token (typ, alg, kid) or are added to them; a field with the value
// nil is left out. The signature is always RS256, even if alg has another value. If
// kid is the id of a next or retired key, that key signs.
func (l *Login) Sign(header, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	return l.SignPayload(header, payload)
}

// SignPayload signs a payload without changing it. The payload may contain a claim
// twice or not be JSON.
func (l *Login) SignPayload(header map[string]any, payload []byte) (string, error) {
	key := l.keys.current()
	if id, ok := header["kid"].(string); ok {
		if named, found := l.keys.byID(id); found {
			key = named
		}
	}
	full := key.header()
	for name, value := range header {
		if value == nil {
			delete(full, name)
			continue
		}
		full[name] = value
	}
	signer, err := key.signer(full)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	return signPayload(signer, payload)
}

func signJWT(signer jose.Signer, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	return signPayload(signer, payload)
}

func signPayload(signer jose.Signer, payload []byte) (string, error) {
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	return token, nil
}
