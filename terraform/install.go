package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// Installed is the version that Install downloads.
const Installed = "1.11.4"

// lockFile is locked by the process that downloads.
const lockFile = ".lock"

// downloadPrefix begins the name of the folder of a download that is not complete.
const downloadPrefix = ".download-"

// site is a site with the structure of releases.hashicorp.com. The zero value is that site.
type site struct {
	url       string
	publicKey string // the armored OpenPGP key that signs the checksums
}

// Install downloads Terraform from HashiCorp's releases into a folder. It checks the
// signature of the checksums and the checksum of the archive. It downloads nothing if the
// folder already contains the program.
func Install(ctx context.Context, dir string) (Program, error) {
	return installFrom(ctx, site{}, dir)
}

func installFrom(ctx context.Context, from site, dir string) (Program, error) {
	folder := filepath.Join(dir, Installed)
	path := filepath.Join(folder, product.Terraform.BinaryName())
	if _, err := os.Stat(path); err == nil {
		return checkProgram(ctx, path)
	}
	if err := download(ctx, from, dir, folder); err != nil {
		return Program{}, fmt.Errorf("install Terraform %s: %w", Installed, err)
	}
	return checkProgram(ctx, path)
}

// download downloads the program to a temporary folder in dir, and renames that folder when
// it is complete: an interrupted download never looks like an installed program. A lock makes
// processes download one after the other, and the later ones find the program of the first.
func download(ctx context.Context, from site, dir, folder string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	defer lock.Close()
	if _, err := os.Stat(filepath.Join(folder, product.Terraform.BinaryName())); err == nil {
		return nil // another process has installed it meanwhile
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, left := range entries { // of interrupted downloads
		if !strings.HasPrefix(left.Name(), downloadPrefix) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, left.Name())); err != nil {
			return err
		}
	}
	temporary, err := os.MkdirTemp(dir, downloadPrefix+"*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	installer := &releases.ExactVersion{
		Product:          product.Terraform,
		Version:          version.Must(version.NewVersion(Installed)),
		InstallDir:       temporary,
		ApiBaseURL:       from.url,
		ArmoredPublicKey: from.publicKey,
		// The client of hc-install silently repeats a failed connection for 15 seconds.
		HTTPClient: &http.Client{},
	}
	if _, err := installer.Install(ctx); errors.Is(err, fs.ErrNotExist) {
		// hc-install discards the error of a wrong checksum, and then reports that the
		// program is missing.
		return errors.New("the downloaded archive has another checksum than the signed one, or cannot be unpacked")
	} else if err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil { // an incomplete installation
		return err
	}
	return os.Rename(temporary, folder)
}
