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

// Name returns the name of the program: terraform or tofu.
func (p Program) Name() string { return strings.TrimSuffix(filepath.Base(p.Path), ".exe") }
