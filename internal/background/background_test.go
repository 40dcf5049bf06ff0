//go:build unix

package background_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"provision/internal/background"
)

// TestMain is also the started program: it answers at ADDRESS.
func TestMain(m *testing.M) {
	switch os.Getenv("PROGRAM") {
	case "answers":
		http.ListenAndServe(os.Getenv("ADDRESS"), http.NotFoundHandler())
	case "ends":
		os.Stderr.WriteString("no such module: app\n")
		os.Exit(7)
	case "silent":
		select {}
	default:
		os.Exit(m.Run())
	}
}

func program(t *testing.T, dir, what string) background.Program {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	t.Cleanup(func() {
		if err := background.Stop(context.Background(), dir); err != nil {
			t.Error(err)
		}
	})
	return background.Program{Dir: dir, Command: []string{os.Args[0]}, Env: append(os.Environ(), "PROGRAM="+what, "ADDRESS="+address),
		URL: "http://" + address, Patience: 30 * time.Second}
}

func running(t *testing.T, dir string) bool {
	t.Helper()
	is, err := background.Running(dir)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	first := program(t, dir, "answers")
	if running(t, dir) || background.Ended(dir) {
		t.Fatal("a program runs, or has ended, before the start")
	}
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if background.Ended(dir) {
		t.Error("the running program has ended")
	}
	second := program(t, dir, "answers")
	if err := second.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(first.URL); err == nil {
		t.Error("the first program still answers after the second was started in its folder")
	}
	if err := background.Stop(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(second.URL); err == nil || running(t, dir) || !background.Ended(dir) {
		t.Error("the program still answers after it was stopped")
	}
}

func TestStopLeavesAProcessThatHasTheIDOfAnEndedOne(t *testing.T) {
	t.Parallel()
	dir, other := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "other")
	p, innocent := program(t, dir, "answers"), program(t, other, "answers")
	for _, start := range []background.Program{p, innocent} {
		if err := start.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := background.Stop(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(other, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pid"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := background.Stop(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if !running(t, other) {
		t.Error("Stop has ended a program of another folder")
	}
}

func TestStartReportsTheReason(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		what string
		want []string
	}{
		"the program ends":         {"ends", []string{"the command `" + filepath.Base(os.Args[0]) + " main:app` ended before it answered", "exit status 7", "no such module: app"}},
		"the program is not ready": {"silent", []string{"did not answer", "within 300ms"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			p := program(t, dir, test.what)
			p.Command = append(p.Command, "main:app")
			if test.what == "silent" {
				p.Patience = 300 * time.Millisecond
			}
			err := p.Start(t.Context())
			if err == nil {
				t.Fatal("it started")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error is %q, want %q in it", err, part)
				}
			}
			if running(t, dir) {
				t.Error("it still runs")
			}
		})
	}
	t.Run("the address is taken", func(t *testing.T) {
		t.Parallel()
		first := program(t, filepath.Join(t.TempDir(), "first"), "answers")
		if err := first.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "second")
		second := program(t, dir, "answers")
		second.URL = first.URL
		if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "another program already answers at "+first.URL) {
			t.Errorf("the error is %v", err)
		}
		if running(t, dir) {
			t.Error("it runs")
		}
	})
}
