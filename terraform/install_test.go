package terraform

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/gofrs/flock"
)

// installed is a program that answers `version` like Terraform.
const installed = "#!/bin/sh\necho '{\"terraform_version\": \"" + Installed + "\", \"platform\": \"linux_amd64\", \"provider_selections\": {}}'\n"

// TestInstall installs from a site on loopback with checksums that a test key signs, and from
// sites with a defect.
func TestInstall(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the program of the site is a shell script")
	}
	signer, key := signingKey(t)
	another, _ := signingKey(t)
	for name, test := range map[string]struct {
		signer  *openpgp.Entity
		key     string
		archive []byte // the archive of the site; nil means the archive to which the checksum belongs
		want    string // "" if the installation succeeds
	}{
		"signed":                {signer: signer, key: key},
		"signed by another key": {signer: another, key: key, want: "signature"},
		"not by HashiCorp":      {signer: signer, want: "signature"},
		"another archive":       {signer: signer, key: key, archive: zipped(t, "#!/bin/sh\nexit 1\n"), want: "another checksum"},
		"half an archive":       {signer: signer, key: key, archive: zipped(t, installed)[:40], want: "another checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive := test.archive
			if archive == nil {
				archive = zipped(t, installed)
			}
			url, requests := serveReleases(t, test.signer, archive)
			dir := filepath.Join(t.TempDir(), "terraform")
			p, err := installFrom(t.Context(), site{url: url, publicKey: test.key}, dir)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "install Terraform "+Installed+": ") {
					t.Errorf("the error is %v, want one line with %q", err, test.want)
				}
				if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != lockFile {
					t.Errorf("it leaves %v (%v)", left, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Version != Installed || p.Path != filepath.Join(dir, Installed, "terraform") {
				t.Errorf("installed %+v", p)
			}
			before := len(*requests)
			if again, err := installFrom(t.Context(), site{url: url, publicKey: test.key}, dir); err != nil || again != p {
				t.Errorf("again: %+v, %v", again, err)
			}
			if before != 4 || len(*requests) != before {
				t.Errorf("the site was asked for %v", *requests)
			}
		})
	}
}

// TestInstallAfterAnInterruption installs to a path where an interrupted download of an older
// version of provision has left an incomplete folder.
func TestInstallAfterAnInterruption(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the program of the site is a shell script")
	}
	signer, key := signingKey(t)
	url, _ := serveReleases(t, signer, zipped(t, installed))
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, Installed), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Installed, "LICENSE.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := installFrom(t.Context(), site{url: url, publicKey: key}, dir); err != nil || p.Version != Installed {
		t.Errorf("installed %+v, %v", p, err)
	}
}

// TestInstallSideBySide installs with several processes in parallel: one downloads, and the others
// use its program. The files of a killed download are removed.
func TestInstallSideBySide(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the program of the site is a shell script")
	}
	signer, key := signingKey(t)
	url, requests := serveReleases(t, signer, zipped(t, installed))
	dir := filepath.Join(t.TempDir(), "[x") // not a pattern of temporary files
	if err := os.MkdirAll(filepath.Join(dir, ".download-1", "part"), 0o700); err != nil {
		t.Fatal(err)
	}
	results := make(chan error)
	const processes = 4
	for range processes {
		go func() {
			_, err := installFrom(t.Context(), site{url: url, publicKey: key}, dir)
			results <- err
		}()
	}
	for range processes {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if len(*requests) != 4 {
		t.Errorf("the site was asked for %v", *requests)
	}
	if left, err := fs.Glob(os.DirFS(dir), ".download-*"); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v (%v)", left, err)
	}
}

// TestInstallEndsWithItsContext: a process that waits for another process's download can be
// interrupted.
func TestInstallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := flock.New(filepath.Join(dir, lockFile))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := installFrom(ctx, site{}, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
}

// signingKey returns a new key pair, and its public key as text.
func signingKey(t *testing.T) (*openpgp.Entity, string) {
	t.Helper()
	entity, err := openpgp.NewEntity("Contoso releases", "", "releases@contoso.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err == nil {
		err = entity.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return entity, text.String()
}

// zipped returns an archive with the program.
func zipped(t *testing.T, program string) []byte {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	w, err := z.Create("terraform")
	if err == nil {
		_, err = w.Write([]byte(program))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// serveReleases serves the release of Terraform like releases.hashicorp.com, and returns the
// requested paths. The checksum is always the checksum of the correct archive.
func serveReleases(t *testing.T, signer *openpgp.Entity, archive []byte) (string, *[]string) {
	t.Helper()
	name := fmt.Sprintf("terraform_%s_%s_%s.zip", Installed, runtime.GOOS, runtime.GOARCH)
	sums := fmt.Sprintf("%x  %s\n", sha256.Sum256(zipped(t, installed)), name)
	var signature bytes.Buffer
	if err := openpgp.DetachSign(&signature, signer, strings.NewReader(sums), nil); err != nil {
		t.Fatal(err)
	}
	requests := &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*requests = append(*requests, r.URL.Path)
		sumsName := "terraform_" + Installed + "_SHA256SUMS"
		switch strings.TrimPrefix(r.URL.Path, "/terraform/"+Installed+"/") {
		case "index.json":
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{
				"name": "terraform", "version": Installed, "shasums": sumsName, "shasums_signature": sumsName + ".sig", "shasums_signatures": []string{sumsName + ".sig"},
				"builds": []map[string]string{{
					"name": "terraform", "version": Installed, "os": runtime.GOOS, "arch": runtime.GOARCH, "filename": name,
					"url": "https://releases.hashicorp.com/terraform/" + Installed + "/" + name,
				}},
			})
		case sumsName:
			_, _ = w.Write([]byte(sums))
		case sumsName + ".sig":
			_, _ = w.Write(signature.Bytes())
		case name:
			w.Header().Set("Content-Type", "application/zip")
			_, _ = w.Write(archive)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}
