package forge

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Token is a JWS in compact form, split into the JSON of its header and payload and the
// bytes of its signature.
type Token struct {
	Header    []byte
	Payload   []byte
	Signature []byte
}

// Parse splits a token into its parts. It verifies nothing.
func Parse(compact string) (Token, error) {
	segments := strings.Split(compact, ".")
	if len(segments) != 3 {
		return Token{}, fmt.Errorf("parse token: %d segments, not three", len(segments))
	}
	var t Token
	for i, part := range []*[]byte{&t.Header, &t.Payload, &t.Signature} {
		decoded, err := base64.RawURLEncoding.DecodeString(segments[i])
		if err != nil {
			return Token{}, fmt.Errorf("parse token: segment %d is not base64url", i+1)
		}
		*part = decoded
	}
	for _, part := range [][]byte{t.Header, t.Payload} {
		if _, err := ParseObject(part); err != nil {
			return Token{}, fmt.Errorf("parse token: %w", err)
		}
	}
	return t, nil
}

// String returns the token in compact form.
func (t Token) String() string { return t.signingInput() + "." + segment(t.Signature) }

// Claims decodes the payload; numbers are json.Number.
func (t Token) Claims() (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(t.Payload))
	decoder.UseNumber()
	var claims map[string]any
	if err := decoder.Decode(&claims); err != nil || claims == nil {
		return nil, errors.New("parse token: the payload is not a json object")
	}
	return claims, nil
}

// HasHeader reports whether the header has a parameter.
func (t Token) HasHeader(name string) bool {
	header, err := ParseObject(t.Header)
	_, ok := header.Get(name)
	return err == nil && ok
}

// WithHeader gives a header parameter a value. The signature stays.
func (t Token) WithHeader(name string, value any) Token {
	t.Header = set(t.Header, name, value)
	return t
}

// WithoutHeader leaves a header parameter out. The signature stays.
func (t Token) WithoutHeader(name string) Token {
	o, err := ParseObject(t.Header)
	if err == nil {
		t.Header = slices.DeleteFunc(o, func(m Member) bool { return m.Name == name }).Bytes()
	}
	return t
}

// WithSecondHeader adds a header parameter once more, at the end.
func (t Token) WithSecondHeader(name string, value any) Token {
	o, err := ParseObject(t.Header)
	if err == nil {
		t.Header = append(o, Member{name, marshal(value)}).Bytes()
	}
	return t
}

// WithSignature replaces the signature by any other bytes.
func (t Token) WithSignature(signature []byte) Token {
	t.Signature = signature
	return t
}

// WithClaim gives a claim a value. The signature stays, and no longer matches.
func (t Token) WithClaim(name string, value any) Token {
	t.Payload = set(t.Payload, name, value)
	return t
}

// WithFlippedSignature changes one bit in the middle of the signature, where no unused
// bits of the encoding can hide the change.
func (t Token) WithFlippedSignature() Token {
	t.Signature = slices.Clone(t.Signature)
	if n := len(t.Signature); n > 0 {
		t.Signature[n/2] ^= 0x10
	}
	return t
}

// Unsigned states alg, some spelling of none, and drops the signature
// (RFC 7515, appendix A.5).
func (t Token) Unsigned(alg string) Token {
	t = t.WithHeader("alg", alg)
	t.Signature = nil
	return t
}

func (t Token) signingInput() string { return segment(t.Header) + "." + segment(t.Payload) }

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// set changes one member of a JSON object. Bytes that are no JSON object stay
// unchanged.
func set(object []byte, name string, value any) []byte {
	o, err := ParseObject(object)
	if err != nil {
		return object
	}
	return o.Set(name, value).Bytes()
}
