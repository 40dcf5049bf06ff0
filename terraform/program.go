package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/terraform-exec/tfexec"
)

// Program is an installed terraform or tofu.
type Program struct {
	Path    string
	Version string
}

// Oldest is the oldest supported version of Terraform, and the first version of
// OpenTofu.
const Oldest = "1.6.0"

// Installed is the version that Install downloads.
const Installed = "1.11.4"

// ErrMissing is the error if neither program is in PATH.
var ErrMissing = errors.New("neither terraform nor tofu is in PATH")

// TooOld is the error for a program that is older than Oldest.
type TooOld struct{ Program }

func (e *TooOld) Error() string {
	return fmt.Sprintf("%s has version %s, and at least %s is needed", e.Path, e.Version, Oldest)
}

// Find looks for terraform, and then for tofu, in PATH.
func Find(ctx context.Context) (Program, error) {
	for _, name := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			return Program{}, err
		}
		return checkProgram(ctx, path)
	}
	return Program{}, ErrMissing
}

// Install downloads Terraform from HashiCorp's releases into a folder and checks the
// signature. It does nothing if the folder already contains the program.
func Install(ctx context.Context, dir string) (Program, error) {
	dir = filepath.Join(dir, Installed)
	path := filepath.Join(dir, product.Terraform.BinaryName())
	if _, err := os.Stat(path); err == nil {
		return checkProgram(ctx, path)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Program{}, err
	}
	installer := &releases.ExactVersion{Product: product.Terraform, Version: version.Must(version.NewVersion(Installed)), InstallDir: dir}
	path, err := installer.Install(ctx)
	if err != nil {
		return Program{}, fmt.Errorf("install Terraform %s: %w", Installed, err)
	}
	return checkProgram(ctx, path)
}

// checkProgram runs the program at a path to get its version.
func checkProgram(ctx context.Context, path string) (Program, error) {
	tf, err := tfexec.NewTerraform(os.TempDir(), path)
	if err != nil {
		return Program{}, err
	}
	found, _, err := tf.Version(ctx, false)
	if err != nil {
		return Program{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	p := Program{Path: path, Version: found.String()}
	if found.Core().LessThan(version.Must(version.NewVersion(Oldest))) {
		return p, &TooOld{p}
	}
	return p, nil
}

// Name is the name of the program: terraform or tofu.
func (p Program) Name() string { return strings.TrimSuffix(filepath.Base(p.Path), ".exe") }
