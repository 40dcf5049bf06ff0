package stack

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Certificate is a certificate with which an application signs in. The manifests never
// contain its private key.
type Certificate struct {
	Name string `json:"name"` // keyCredential.displayName
	File string `json:"file"` // PEM, in the manifest's folder

	DER      []byte    `json:"-"` // the content of the file
	NotAfter time.Time `json:"-"`
}

// Thumbprint is the SHA-1 of the certificate in upper case hexadecimal digits, which
// identifies it for Entra and clients (x5t, RFC 7515 section 4.1.7).
func (c Certificate) Thumbprint() string {
	sum := sha1.Sum(c.DER)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// checkCertificates reads the files.
func (l *loader) checkCertificates(s *loaded, a *Application) {
	seen, files := map[string]bool{}, map[string]string{}
	for i := range a.Certificates {
		c := &a.Certificates[i]
		at := func(path ...any) Position {
			return l.at(s, "Application", a.Name, append([]any{"certificates", i}, path...)...)
		}
		if seen[c.Name] {
			l.mistakes.add(at("name"), "", "certificate %q is declared twice", c.Name)
		}
		seen[c.Name] = true
		file := c.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(a.Pos.File), file)
		}
		if inside, err := filepath.Rel(l.root, file); err == nil && filepath.IsLocal(inside) && exists(file) && !leadsInto(l.root, file) {
			l.mistakes.add(at("file"), "copy the certificate file into the folder", "certificate %s: %s leads out of %s by a link", c.Name, c.File, l.root)
			continue
		}
		raw, err := readFile(file)
		if err != nil {
			l.mistakes.add(at("file"), "", "certificate %s: %v", c.Name, err)
			continue
		}
		certificate, err := readCertificate(raw)
		if err != nil {
			hint := ""
			if errors.Is(err, errPrivateKey) {
				hint = "keep the key where the application runs, and put only the certificate here: openssl x509 -in FILE"
			}
			l.mistakes.add(at("file"), hint, "certificate %s: %s %v", c.Name, c.File, err)
			continue
		}
		c.DER, c.NotAfter = certificate.Raw, certificate.NotAfter.UTC()
		if other := files[c.Thumbprint()]; other != "" {
			l.mistakes.add(at("file"), "", "certificate %s is certificate %s", c.Name, other)
		}
		files[c.Thumbprint()] = c.Name
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

var errPrivateKey = errors.New("contains a private key, which must not be stored with manifests")

// readCertificate reads a PEM file with one certificate.
func readCertificate(raw []byte) (*x509.Certificate, error) {
	var found *x509.Certificate
	for {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		switch {
		case strings.Contains(block.Type, "PRIVATE KEY"):
			return nil, errPrivateKey
		case block.Type != "CERTIFICATE":
			continue
		case found != nil:
			return nil, errors.New("contains several certificates; one is required")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("contains no X.509 certificate: %w", err)
		}
		found = certificate
	}
	if found == nil {
		return nil, errors.New("contains no certificate in PEM format (-----BEGIN CERTIFICATE-----)")
	}
	switch found.PublicKey.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return found, nil
	}
	return nil, errors.New("contains a certificate whose key is neither RSA nor EC; Entra does not accept it")
}
