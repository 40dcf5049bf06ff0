package token

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// maxSize limits a token. Entra's tokens are smaller, even with 200 groups, and common
// servers limit headers to less.
const maxSize = 32 << 10

// signed is a JWS whose signature is not verified yet.
type signed struct {
	kid string
	jws *jose.JSONWebSignature
}

func parse(raw string) (*signed, error) {
	if err := checkShape(raw); err != nil {
		return nil, err
	}
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	var unexpected *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &unexpected):
		return nil, fmt.Errorf("%w: alg %.20q", ErrAlgorithm, unexpected.Got)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	header := jws.Signatures[0].Protected
	// The library would evaluate b64, but Entra's tokens need no extension.
	for _, name := range []jose.HeaderKey{"crit", "b64"} {
		if _, ok := header.ExtraHeaders[name]; ok {
			return nil, fmt.Errorf("%w: header %s", ErrAlgorithm, name)
		}
	}
	if typ, ok := header.ExtraHeaders[jose.HeaderType]; ok {
		// RFC 8725, 3.11: a token with another type has another purpose.
		name, _ := typ.(string)
		if name = strings.TrimPrefix(strings.ToLower(name), "application/"); name != "jwt" && name != "at+jwt" {
			return nil, fmt.Errorf("%w: header typ %.20q", ErrNotAccess, name)
		}
	}
	if header.KeyID == "" {
		return nil, fmt.Errorf("%w: no kid", ErrUnknownKey)
	}
	return &signed{header.KeyID, jws}, nil
}

// checkShape refuses everything except three base64url segments in their canonical
// spelling, so that no two strings are the same token. It refuses a header with
// duplicate members before the header is read.
func checkShape(raw string) error {
	if len(raw) > maxSize {
		return fmt.Errorf("%w: %d bytes, more than %d", ErrMalformed, len(raw), maxSize)
	}
	segments := strings.Split(raw, ".")
	if len(segments) == 5 {
		return fmt.Errorf("%w: five segments, an encrypted token", ErrMalformed)
	}
	if len(segments) != 3 {
		return fmt.Errorf("%w: %d segments, not three", ErrMalformed, len(segments))
	}
	for i, segment := range segments {
		_, err := base64.RawURLEncoding.Strict().DecodeString(segment)
		// The decoder ignores line breaks, which a token must not contain.
		if err != nil || strings.ContainsAny(segment, "\r\n") {
			return fmt.Errorf("%w: segment %d is not base64url", ErrMalformed, i+1)
		}
	}
	return nil
}

func (s *signed) verify(key *rsa.PublicKey) ([]byte, error) {
	payload, err := s.jws.Verify(key)
	if err != nil {
		return nil, fmt.Errorf("%w: kid %.64q", ErrSignature, s.kid)
	}
	return payload, nil
}

// decodeObject reads a JSON object with the JOSE library's decoder, which refuses
// duplicate members at every depth. The standard decoder accepts them.
func decodeObject(b []byte) (map[string]any, error) {
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%w: not utf-8", ErrMalformed)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{")) {
		return nil, fmt.Errorf("%w: not a json object", ErrMalformed)
	}
	var members map[string]any
	if err := json.Unmarshal(b, &members); err != nil {
		return nil, fmt.Errorf("%w: not a json object of distinct members", ErrMalformed)
	}
	return members, nil
}
