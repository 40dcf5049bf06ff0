package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAFolderOfAnotherUser: a .provision folder above the working directory is used only if it
// belongs to the caller, or to the user who called sudo.
func TestAFolderOfAnotherUser(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "project", "below")
	theirs := filepath.Join(root, ".provision")
	for _, dir := range []string{below, theirs} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(below)
	if found, err := provisionDir(); err != nil || found != theirs {
		t.Fatalf("provisionDir() = %s, %v; want the caller's own %s", found, err, theirs)
	}
	if os.Geteuid() != 0 {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal("only root can give a folder to another user")
		}
		t.Skip("only root can give a folder to another user")
	}
	if err := os.Chown(theirs, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	_, err := provisionDir()
	if err == nil || !strings.Contains(err.Error(), "belongs to another user") || (&app{}).hintFor(err) == "" {
		t.Fatalf("a folder of another user: %v", err)
	}
	t.Setenv("SUDO_UID", "4711")
	if _, err := provisionDir(); err != nil {
		t.Errorf("the folder of who called sudo: %v", err)
	}
	t.Setenv("SUDO_UID", "4712")
	if _, err := provisionDir(); err == nil {
		t.Error("sudo of another user opens it")
	}
	t.Setenv("SUDO_UID", "")
	// A link that another user owns is refused, even if it leads to the caller's folder.
	mine := filepath.Join(root, "mine")
	if err := os.Mkdir(mine, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(root, "project", ".provision")
	if err := os.Symlink(mine, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(link, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	if _, err := provisionDir(); err == nil {
		t.Error("a link of another user is followed")
	}
	// A folder in the working directory is found before a folder above it.
	if err := os.Mkdir(filepath.Join(below, ".provision"), 0o755); err != nil {
		t.Fatal(err)
	}
	if found, err := provisionDir(); err != nil || filepath.Dir(found) != below {
		t.Errorf("provisionDir() = %s, %v; want the one here", found, err)
	}
}

// TestProvisionIsNotAFolder: a link without a target, or a file, is an error that names it, also above the
// working directory.
func TestProvisionIsNotAFolder(t *testing.T) {
	for name, c := range map[string]struct {
		make func(path string) error
		want string
		hint string
	}{
		"a link without a target": {func(path string) error { return os.Symlink("disk/my state", path) }, " is a symbolic link to ROOT/disk/my state, which does not exist", "create the folder (`mkdir -p 'ROOT/disk/my state'`), or remove the link (`rm ROOT/.provision`)"},
		"a link to a file":        {func(path string) error { return os.Symlink("file", path) }, " is a symbolic link to ROOT/file, which is not a folder", "remove the link: `rm ROOT/.provision`"},
		"a file":                  {func(path string) error { return os.WriteFile(path, nil, 0o600) }, " is not a folder", "move it away: `mv ROOT/.provision ROOT/.provision.old`"},
	} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "root")
			if err := os.MkdirAll(filepath.Join(root, "below"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := c.make(filepath.Join(root, ".provision")); err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{root, filepath.Join(root, "below")} {
				t.Chdir(dir)
				_, err := provisionDir()
				if err == nil {
					t.Fatalf("in %s there is no error", dir)
				}
				here := func(text string) string { return strings.ReplaceAll(text, "ROOT", root) }
				if got, want := err.Error(), here("ROOT/.provision"+c.want); got != want {
					t.Errorf("error %q, want %q", got, want)
				}
				if got, want := (&app{}).hintFor(err), here(c.hint); got != want {
					t.Errorf("hint %q, want %q", got, want)
				}
			}
		})
	}
}
