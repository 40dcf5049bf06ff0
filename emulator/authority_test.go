package emulator

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// handshake connects to a server of an authority and returns its certificate.
func handshake(t *testing.T, server *tls.Config, roots *x509.CertPool, name string) (*x509.Certificate, error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_ = conn.(*tls.Conn).Handshake() // the client reports the error
			conn.Close()
		}
	}()
	client, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.ConnectionState().PeerCertificates[0], nil
}

func TestCertificatesAreValid(t *testing.T) {
	t.Parallel()
	a, err := OpenAuthority("")
	if err != nil {
		t.Fatal(err)
	}
	config := a.TLSConfig("login.microsoftonline.com")
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "login.microsoftonline.com"} {
		if _, err := handshake(t, config, a.Pool(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := handshake(t, config, a.Pool(), "example.com"); err == nil {
		t.Error("there is a certificate for any host")
	}
	other, err := OpenAuthority("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := handshake(t, config, other.Pool(), "localhost"); err == nil {
		t.Error("a client that trusts another authority connects")
	}
	if a.Path() != "" {
		t.Errorf("an authority in memory has the file %q", a.Path())
	}
}

func TestAuthorityIsCreatedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	for file, mode := range map[string]os.FileMode{"ca.pem": 0o644, "ca-key.pem": 0o600} {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v", file, info.Mode().Perm(), mode)
		}
	}
	if data, err := os.ReadFile(first.Path()); err != nil || !bytes.Equal(data, first.PEM()) || bytes.Contains(data, []byte("KEY")) {
		t.Errorf("%s holds something else than the certificate: %v", first.Path(), err)
	}
	second, err := OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := handshake(t, second.TLSConfig(), first.Pool(), "localhost"); err != nil {
		t.Errorf("a client that trusts the authority of the last run: %v", err)
	}
}

func TestAuthorityIsRenewed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string // "" if it is created again, otherwise the error
	}{
		"without its certificate, as after a crash": {func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "ca.pem")) }, ""},
		"without its key":                 {func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "ca-key.pem")) }, ""},
		"with a certificate that is none": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "ca.pem"), "x") }, "ca.pem contains no CERTIFICATE"},
		"with the key of another": {func(t *testing.T, dir string) {
			other := t.TempDir()
			if _, err := OpenAuthority(other); err != nil {
				t.Fatal(err)
			}
			key, err := os.ReadFile(filepath.Join(other, "ca-key.pem"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "ca-key.pem"), string(key))
		}, "ca-key.pem is not the key of ca.pem"},
	} {
		dir := t.TempDir()
		first, err := OpenAuthority(dir)
		if err != nil {
			t.Fatal(err)
		}
		test.spoil(t, dir)
		second, err := OpenAuthority(dir)
		switch {
		case test.want == "" && (err != nil || bytes.Equal(first.PEM(), second.PEM())):
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCertificatesAreRenewed(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	clock := func() time.Time { return now }
	a, err := openAuthority(dir, clock)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := a.leaf("localhost")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := a.leaf("localhost"); again != leaf {
		t.Error("a certificate is made for each connection")
	}
	now = now.Add(leafLifetime - renewBefore + time.Hour)
	renewed, err := a.leaf("localhost")
	if err != nil || !renewed.Leaf.NotAfter.After(leaf.Leaf.NotAfter) {
		t.Errorf("a certificate that is about to expire is not renewed: %v", err)
	}
	now = now.Add(authorityLifetime)
	b, err := openAuthority(dir, clock)
	if err != nil || bytes.Equal(a.PEM(), b.PEM()) {
		t.Errorf("an authority that has expired is not made again: %v", err)
	}
}
