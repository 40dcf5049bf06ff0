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
