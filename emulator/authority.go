package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	authorityLifetime = 10 * 365 * 24 * time.Hour
	// leafLifetime is shorter than the 398 days that Apple's clients accept.
	leafLifetime = 365 * 24 * time.Hour
	// renewBefore is the time before its expiry at which a certificate is replaced.
	renewBefore = 30 * 24 * time.Hour

	certificateFile = "ca.pem"
	keyFile         = "ca-key.pem"
)

// Authority is the certificate authority of a local tenant. Its time is the
// machine's, not the tenant's: clients check certificates by their own clocks.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	path        string
	now         func() time.Time

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by host
}

// ErrAuthority is the error if a tenant's certificate authority cannot be read.
var ErrAuthority = errors.New("open certificate authority")

// OpenAuthority reads the authority in a folder, or creates it on first use: ca.pem (0644)
// and ca-key.pem (0600). Without a folder it exists in memory only.
func OpenAuthority(dir string) (*Authority, error) { return openAuthority(dir, time.Now) }

func openAuthority(dir string, now func() time.Time) (*Authority, error) {
	a := &Authority{now: now, leaves: map[string]*tls.Certificate{}}
	if dir == "" {
		return a, a.create()
	}
	a.path = filepath.Join(dir, certificateFile)
	err := a.read(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && a.certificate.NotAfter.Before(now().Add(renewBefore)) {
		if err := a.create(); err != nil {
			return nil, err
		}
		err = a.write(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%w in %s: %w", ErrAuthority, dir, err)
	}
	return a, nil
}

func (a *Authority) read(dir string) error {
	keyDER, err := readPEM(filepath.Join(dir, keyFile), "PRIVATE KEY")
	if err != nil {
		return err
	}
	certificateDER, err := readPEM(a.path, "CERTIFICATE")
	if err != nil {
		return err
	}
	key, err := x509.ParsePKCS8PrivateKey(keyDER)
	if err != nil {
		return fmt.Errorf("%s: %w", keyFile, err)
	}
	if a.certificate, err = x509.ParseCertificate(certificateDER); err != nil {
		return fmt.Errorf("%s: %w", certificateFile, err)
	}
	var ok bool
	if a.key, ok = key.(*ecdsa.PrivateKey); !ok || !a.key.PublicKey.Equal(a.certificate.PublicKey) {
		return fmt.Errorf("%s is not the key of %s", keyFile, certificateFile)
	}
	return nil
}

func readPEM(path, kind string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s contains no %s", filepath.Base(path), kind)
	}
	return block.Bytes, nil
}

// write stores the key before the certificate: after a crash between the two
// there is no certificate yet, and both are created again.
func (a *Authority) write(dir string) error {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	if err := os.Remove(a.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := replaceFile(filepath.Join(dir, keyFile), keyPEM, 0o600); err != nil {
		return err
	}
	return replaceFile(a.path, a.PEM(), 0o644)
}

// replaceFile writes a file completely or not at all.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, mode); err != nil {
		return err
	}
	if err := os.Chmod(temporary, mode); err != nil { // an existing file kept its mode
		return err
	}
	return os.Rename(temporary, path)
}

func (a *Authority) create() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make certificate authority: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	now := a.now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "provision local tenant", Organization: []string{"provision"}},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(authorityLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("make certificate authority: %w", err)
	}
	a.key = key
	a.certificate, err = x509.ParseCertificate(der)
	return err
}

func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return serial, nil
}

// PEM returns the authority's certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// Path returns the file that contains PEM, or "" for an authority in memory.
func (a *Authority) Path() string { return a.path }

// Pool returns a pool that trusts this authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// localNames are the host names of the public listener.
var localNames = []string{"localhost", "127.0.0.1", "::1"}

// TLSConfig returns a server's configuration: certificates for localhost,
// 127.0.0.1 and ::1, and for each further host that a client names by SNI.
// It refuses all other hosts.
func (a *Authority) TLSConfig(hosts ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			// Clients of an IP address send no name.
			if hello.ServerName == "" || slices.Contains(localNames, hello.ServerName) {
				return a.leaf(localNames...)
			}
			if slices.Contains(hosts, hello.ServerName) {
				return a.leaf(hello.ServerName)
			}
			return nil, fmt.Errorf("no certificate for host %q", hello.ServerName)
		},
	}
}

// leaf returns a server certificate for hosts. It creates one if there is none or the
// old one is about to expire.
func (a *Authority) leaf(hosts ...string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if known, ok := a.leaves[hosts[0]]; ok && known.Leaf.NotAfter.After(a.now().Add(renewBefore)) {
		return known, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	now := a.now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: hosts[0]},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(leafLifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	// The chain includes the authority's certificate, although TLS does not need it:
	// Chromium looks there for a pinned key, and people look there for the certificate
	// to trust.
	leaf := &tls.Certificate{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key, Leaf: parsed}
	a.leaves[hosts[0]] = leaf
	return leaf, nil
}
