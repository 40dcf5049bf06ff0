//go:build unix

package terraform_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"provision/terraform"
)

// TestInterruptOfAScript: an interrupt does not wait for the child of a script named terraform, which has the
// output of the script open.
func TestInterruptOfAScript(t *testing.T) {
	t.Parallel()
	for name, trap := range map[string]string{"a script": "", "a script that ignores interrupts": "trap '' INT\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script, started := filepath.Join(dir, "terraform"), filepath.Join(dir, "started")
			text := "#!/bin/sh\n" + trap + "sleep 600 &\necho $! >" + started + ".new\nmv " + started + ".new " + started + "\nwait\n"
			if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
			w := terraform.Workspace{Dir: filepath.Join(dir, "workspace"), Program: terraform.Program{Path: script, Version: terraform.Oldest}}
			c := plain(t, nil)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := w.Plan(ctx, c)
				ended <- err
			}()
			var child int
			for child == 0 {
				select {
				case err := <-ended:
					t.Fatalf("the plan ended before it was interrupted: %v", err)
				case <-time.After(10 * time.Millisecond):
				}
				if raw, err := os.ReadFile(started); err == nil {
					if child, err = strconv.Atoi(strings.TrimSpace(string(raw))); err != nil {
						t.Fatal(err)
					}
				}
			}
			defer syscall.Kill(child, syscall.SIGKILL) // it may have ended
			cancel()
			select {
			case err := <-ended:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v, want the interrupt", err)
				}
			case <-time.After(5 * time.Minute):
				t.Error("the plan waits for the child of the script")
			}
		})
	}
}
