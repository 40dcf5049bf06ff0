package login

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"provision/emulator/directory"
)

const sealingKeyKey = "sealing-key"

// purpose is the use of a sealed text. A text that was sealed for one purpose is not
// accepted for another.
type purpose string

const (
	authorizationCode purpose = "authorization code"
	deviceCode        purpose = "device code"
	refreshToken      purpose = "refresh token"
	signInContext     purpose = "sign-in context"
	consentContext    purpose = "consent context"
	sessionCookie     purpose = "session"
)

// sealer turns state into encrypted and authenticated text that only this tenant can
// create. Sealed state needs no store and survives a restart.
type sealer struct {
	aead     cipher.AEAD // AES-256-GCM
	pairwise []byte      // key of pairwise subjects
}

func openSealer(d *directory.Directory) (*sealer, error) {
	secret, found := d.Load(bucket, sealingKeyKey)
	if !found {
		secret = make([]byte, 32)
		rand.Read(secret)
		if _, err := d.SaveOnce(bucket, sealingKeyKey, secret); err != nil {
			return nil, fmt.Errorf("store sealing key: %w", err)
		}
		secret, _ = d.Load(bucket, sealingKeyKey)
	}
	sealing, err := hkdf.Key(sha256.New, secret, nil, "seal", 32)
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	pairwise, err := hkdf.Key(sha256.New, secret, nil, "pairwise subject", 32)
	if err != nil {
		return nil, fmt.Errorf("derive subject key: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, fmt.Errorf("open sealing key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("open sealing key: %w", err)
	}
	return &sealer{aead: aead, pairwise: pairwise}, nil
}

// sealPrefix begins everything sealed; Entra's codes and refresh tokens begin
// with a version in the same way.
const sealPrefix = "1."

// close seals a value as text that is safe in a URL. cloud is the cloud whose endpoint seals
// it; "" is the tenant's own origin.
func (s *sealer) close(p purpose, cloud string, value any) (string, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", p, err)
	}
	return sealPrefix + base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, p.in(cloud))), nil
}

var errSeal = errors.New("not sealed by this tenant for this purpose")

// in returns the data that authenticates a purpose in a cloud.
func (p purpose) in(cloud string) []byte {
	if cloud == "" {
		return []byte(p)
	}
	return []byte(string(p) + "\x00" + cloud)
}

// open unseals text that close sealed for the same purpose in one of the clouds, and
// stores the content in value.
func (s *sealer) open(p purpose, clouds []string, text string, value any) error {
	encoded, ok := strings.CutPrefix(text, sealPrefix)
	if !ok {
		return errSeal
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return errSeal
	}
	for _, cloud := range clouds {
		if plain, err := s.aead.Open(nil, nil, sealed, p.in(cloud)); err == nil {
			return json.Unmarshal(plain, value)
		}
	}
	return errSeal
}

// cloudMarkLength is the number of bytes of a sealed name of a cloud.
const cloudMarkLength = 16

// cloudMark seals the name of a cloud for the claim aio. Every mark has the same length.
func (s *sealer) cloudMark(cloud string) string {
	plain := make([]byte, cloudMarkLength)
	copy(plain, cloud)
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, []byte("cloud")))
}

// markedCloud returns the cloud that a claim aio contains. ok is false if it is not a mark: the
// management API signs any claims.
func (s *sealer) markedCloud(aio string) (cloud string, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(aio)
	if err != nil {
		return "", false
	}
	plain, err := s.aead.Open(nil, nil, sealed, []byte("cloud"))
	return strings.TrimRight(string(plain), "\x00"), err == nil
}

// subject is the sub claim: it is different for each application, and always the same
// for a user at one application.
func (s *sealer) subject(tenantID, appID, userID string) string {
	mac := hmac.New(sha256.New, s.pairwise)
	fmt.Fprintf(mac, "%s\x00%s\x00%s", tenantID, appID, userID)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// opaque is random text of n bytes.
func opaque(n int) string {
	random := make([]byte, n)
	rand.Read(random)
	return base64.RawURLEncoding.EncodeToString(random)
}
