//go:build unix

package stack_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"provision/stack"
)

// TestSpecialFilesAndOutsideLinksAreMistakes: a special file, and a link that leads out of the
// folder, is a mistake with its path. Opening a FIFO would wait for a writer forever.
func TestSpecialFilesAndOutsideLinksAreMistakes(t *testing.T) {
	t.Parallel()
	const application = `---
apiVersion: provision/v1
kind: Application
metadata: {name: a}
spec: {displayName: A, certificates: [{name: c, file: c.pem}]}
`
	for name, c := range map[string]struct {
		manifest string
		prepare  func(dir, outside string) error
		want     string // "" is no mistake
	}{
		"a FIFO": {minimal, func(dir, _ string) error { return syscall.Mkfifo(filepath.Join(dir, "b.yaml"), 0o600) },
			"b.yaml: is a FIFO, not a file"},
		"a socket": {minimal, func(dir, _ string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "b.yml"), Net: "unix"})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		}, "b.yml: is a socket, not a file"},
		"a link to a device": {minimal, func(dir, _ string) error { return os.Symlink("/dev/zero", filepath.Join(dir, "b.yaml")) },
			"b.yaml: the link leads out of "},
		"a link to a FIFO inside": {minimal, func(dir, _ string) error {
			if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
				return err
			}
			return os.Symlink("pipe", filepath.Join(dir, "b.yaml"))
		}, "b.yaml: is a FIFO, not a file"},
		"a link to a manifest outside": {minimal, func(dir, outside string) error {
			if err := os.WriteFile(filepath.Join(outside, "x.yaml"), nil, 0o600); err != nil {
				return err
			}
			return os.Symlink(filepath.Join(outside, "x.yaml"), filepath.Join(dir, "b.yaml"))
		}, "b.yaml: the link leads out of "},
		"a link to a folder outside": {minimal, func(dir, outside string) error { return os.Symlink(outside, filepath.Join(dir, "more")) },
			"more: the link leads out of "},
		"a link over another one": {minimal, func(dir, outside string) error {
			if err := os.Symlink(outside, filepath.Join(outside, "..", "hop")); err != nil {
				return err
			}
			return os.Symlink("../hop", filepath.Join(dir, "more"))
		}, "more: the link leads out of "},
		"a link to nothing": {minimal, func(dir, outside string) error {
			return os.Symlink(filepath.Join(outside, "nothing"), filepath.Join(dir, "b.yaml"))
		},
			"b.yaml: the link leads to nothing that can be read: no such file or directory"},
		"a link to itself": {minimal, func(dir, _ string) error { return os.Symlink("b.yaml", filepath.Join(dir, "b.yaml")) },
			"b.yaml: the link leads to nothing that can be read: too many levels of symbolic links"},
		"a link within": {minimal, func(dir, _ string) error {
			if err := os.MkdirAll(filepath.Join(dir, "..data"), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, "..data", "b.yaml"), nil, 0o600); err != nil {
				return err
			}
			return os.Symlink(filepath.Join("..data", "b.yaml"), filepath.Join(dir, "b.yaml"))
		}, ""},
		"a FIFO of another name": {minimal, func(dir, _ string) error { return syscall.Mkfifo(filepath.Join(dir, "b.txt"), 0o600) }, ""},
		"a FIFO for a certificate": {minimal + application, func(dir, _ string) error { return syscall.Mkfifo(filepath.Join(dir, "c.pem"), 0o600) },
			"certificate c: is a FIFO, not a file"},
		"a link to a certificate outside": {minimal + application, func(dir, outside string) error {
			if err := os.WriteFile(filepath.Join(outside, "c.pem"), nil, 0o600); err != nil {
				return err
			}
			return os.Symlink(filepath.Join(outside, "c.pem"), filepath.Join(dir, "c.pem"))
		}, "certificate c: c.pem leads out of "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			dir, outside := filepath.Join(root, "stack"), filepath.Join(root, "outside")
			for _, d := range []string{dir, outside} {
				if err := os.Mkdir(d, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(c.manifest), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := c.prepare(dir, outside); err != nil {
				t.Fatal(err)
			}
			_, err := stack.Load(dir, stack.Stage{})
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
}

// TestDanglingLinkHidesNoOtherMistake: the link is one mistake among the others, and has a hint.
func TestDanglingLinkHidesNoOtherMistake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(strings.Replace(minimal, "kind: Stack", "kind: Stak", 1)), 0o600),
		os.Symlink("nowhere", filepath.Join(dir, "b.yaml")), os.Symlink("nowhere", filepath.Join(dir, "folder")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = stack.Load(dir, stack.Stage{})
	var mistakes stack.Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) != 3 {
		t.Fatalf("%v, want three mistakes", err)
	}
	for i, want := range []string{"a.yaml", "b.yaml", "folder"} {
		m := mistakes[i]
		if filepath.Base(m.Pos.File) != want || i > 0 && m.Hint != "remove the link, or make it lead to a manifest or folder below "+dir {
			t.Errorf("%s: %s (%s), want %s with a hint about the link", m.Pos, m.Message, m.Hint, want)
		}
	}
}
