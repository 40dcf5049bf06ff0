package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// configuration contains the same stacks for Terraform.
//
//go:embed terraform
var configuration embed.FS

// measureTerraform runs the commands of measure with Terraform and a build of its
// azuread provider, over n stacks on a fresh local tenant, in dir. It needs terraform
// on PATH and no registry.
func measureTerraform(ctx context.Context, program, provider, dir string, n int, flags []string, report func(result)) error {
	if err := os.CopyFS(dir, configuration); err != nil {
		return err
	}
	work, plugins := filepath.Join(dir, "terraform"), filepath.Join(dir, "plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		return err
	}
	provider, err := filepath.Abs(provider)
	if err == nil {
		err = os.Symlink(provider, filepath.Join(plugins, "terraform-provider-azuread"))
	}
	if err != nil {
		return err
	}
	cli := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(cli, fmt.Appendf(nil, "provider_installation {\n  dev_overrides { \"hashicorp/azuread\" = %q }\n  direct {}\n}\n", plugins), 0o600); err != nil {
		return err
	}
	log, settings := filepath.Join(dir, "requests.jsonl"), filepath.Join(dir, "tenant.env")
	stop, err := serve(ctx, program, dir, append([]string{"emulator", "--in-memory", "--request-log", log, "--env-file", settings}, flags...))
	if err != nil {
		return err
	}
	defer stop()
	tenant, err := os.ReadFile(settings)
	if err != nil {
		return err
	}
	terraform := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, "terraform", args...)
		c.Dir = work
		c.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+cli, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
		c.Env = append(c.Env, strings.Fields(string(tenant))...)
		return c
	}
	if out, err := terraform("get").CombinedOutput(); err != nil {
		return fmt.Errorf("terraform get: %w\n%s", err, out)
	}
	with := func(text string, args ...string) *exec.Cmd {
		return terraform(append(args, "-input=false", "-no-color", "-var", "stacks="+strconv.Itoa(n), "-var", "domain="+domain, "-var", "text="+text)...)
	}
	for _, step := range []struct {
		name    string
		command *exec.Cmd
	}{
		{"apply", with("one", "apply", "-auto-approve")},
		{"plan", with("one", "plan", "-detailed-exitcode")},
		{"change", with("two", "apply", "-auto-approve")},
		{"destroy", with("two", "destroy", "-auto-approve")},
	} {
		r, err := observe(step.name, step.command, log)
		if err != nil {
			return err
		}
		report(r)
	}
	return nil
}

// domain is the domain of the local tenant's users.
const domain = "contoso.onmicrosoft.com"
