// Command bench measures the requests of provision to a tenant, and their time:
// apply, a plan with nothing to do, five changes in each stack, and destroy, for
// 1, 10, 100 and 1,000 stacks of 15 objects on a local tenant.
//
//	go run ./bench
//	go run ./bench -sizes 1,10 -conditions latency
//	TERRAFORM_AZUREAD=/path/to/provider go run ./bench -sizes 10 -conditions latency
//
// TERRAFORM_AZUREAD is a build of Terraform's azuread provider: the same stacks are
// then measured with Terraform as well (terraform/).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// conditions are the simulated conditions of the local tenant, by name, as flags of `provision
// emulator`.
var conditions = []struct {
	name  string
	flags []string
}{
	{"calm", nil},
	{"latency", []string{"--latency", "80ms"}},
	{"lag", []string{"--latency", "80ms", "--replication-lag", "2s"}},
	{"quotas", []string{"--quotas", "small"}},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	names := make([]string, len(conditions))
	for i, c := range conditions {
		names[i] = c.name
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	sizes := flags.String("sizes", "1,10,100,1000", "how many stacks, separated by commas")
	chosen := flags.String("conditions", strings.Join(names, ","), "conditions of the tenant, separated by commas")
	program := flags.String("provision", "", "the program to measure (default: built from this module)")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if *program == "" {
		if *program, err = build(ctx, dir); err != nil {
			return err
		}
	}
	fmt.Println(header)
	for name := range strings.SplitSeq(*chosen, ",") {
		i := slices.Index(names, name)
		if i < 0 {
			return fmt.Errorf("condition %q is not known; choose from %s", name, strings.Join(names, ", "))
		}
		for size := range strings.SplitSeq(*sizes, ",") {
			n, err := strconv.Atoi(size)
			if err != nil || n < 1 {
				return fmt.Errorf("size %q is not a number of stacks", size)
			}
			work := filepath.Join(dir, name+"-"+size)
			report := func(program string) func(result) {
				return func(r result) { fmt.Println(r.row(program, name, n)) }
			}
			err = measure(ctx, *program, work, n, conditions[i].flags, report("provision"))
			if provider := os.Getenv("TERRAFORM_AZUREAD"); err == nil && provider != "" {
				err = measureTerraform(ctx, *program, provider, work+"-terraform", n, conditions[i].flags, report("terraform"))
			}
			if err != nil {
				return fmt.Errorf("%s, %d stacks: %w", name, n, err)
			}
		}
	}
	return nil
}

// build compiles the command line of this module.
func build(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "provision")
	c := exec.CommandContext(ctx, "go", "build", "-o", program, "provision/cmd/provision")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build provision: %w\n%s", err, out)
	}
	return program, nil
}
