package stack_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"provision/stack"
)

// TestMistakes loads every folder of testdata/mistakes/*.txtar and compares the mistakes that
// Load returns with the file `want` in it.
func TestMistakes(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(archive)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := t.TempDir(), ""
			for _, f := range a.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				path := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := "no mistake\n"
			if _, err := stack.Load(dir, stack.Stage{}); err != nil {
				if !errors.As(err, new(stack.Mistakes)) {
					t.Fatalf("Load returned a %T: %v", err, err)
				}
				got = strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "") + "\n"
				got = strings.ReplaceAll(got, dir, "DIR")
			}
			if os.Getenv("UPDATE") != "" {
				write(t, archive, a, got)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func write(t *testing.T, archive string, a *txtar.Archive, want string) {
	files := a.Files[:0:0]
	for _, f := range a.Files {
		if f.Name != "want" {
			files = append(files, f)
		}
	}
	a.Files = append(files, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(archive, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

const minimal = "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: s}\n"

func load(t *testing.T, stage stack.Stage, files map[string]string) ([]*stack.Stack, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return stack.Load(dir, stage)
}

func TestLoadAcceptsAllOfYAML(t *testing.T) {
	t.Parallel()
	user := "apiVersion: provision/v1\nkind: User\nmetadata: {name: %s}\nspec: {userPrincipalName: %s@x.example}\n"
	for name, files := range map[string]map[string]string{
		"a byte order mark and CRLF":  {"a.yaml": "\ufeff" + strings.ReplaceAll(minimal+"---\n"+fmt.Sprintf(user, "ada", "ada"), "\n", "\r\n")},
		"several documents in a file": {"a.yaml": minimal + "---\n---\n# nothing here\n---\n" + fmt.Sprintf(user, "ada", "ada")},
		"several files":               {"a.yaml": minimal, "b.yml": fmt.Sprintf(user, "ada", "ada")},
		"an empty file beside":        {"a.yaml": minimal, "b.yaml": "", "c.yaml": "# a comment\n", "d.yaml": fmt.Sprintf(user, "ada", "ada")},
		"a folder below":              {"a.yaml": minimal, "people/b.yaml": fmt.Sprintf(user, "ada", "ada")},
		"anchors, aliases and merge keys": {"a.yaml": minimal + "---\n" + `apiVersion: provision/v1
kind: User
metadata: {name: &n ada}
spec:
  <<: {displayName: Ada, jobTitle: Engineer}
  displayName: *n
  userPrincipalName: ada@x.example
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stacks, err := load(t, stack.Stage{}, files)
			if err != nil {
				t.Fatal(err)
			}
			if len(stacks) != 1 || len(stacks[0].Users) != 1 || stacks[0].Users[0].Name != "ada" {
				t.Fatalf("loaded %+v, want stack s with user ada", stacks)
			}
		})
	}
}

func TestLoadEndsInALoopOfLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(minimal), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "again")); err != nil {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skipf("no symbolic links here: %v", err)
	}
	stacks, err := stack.Load(dir, stack.Stage{})
	if err != nil || len(stacks) != 1 {
		t.Fatalf("Load = %d stacks, %v; want one", len(stacks), err)
	}
}

func TestLoadRefusesAHugeFile(t *testing.T) {
	t.Parallel()
	_, err := load(t, stack.Stage{}, map[string]string{"a.yaml": minimal, "b.yaml": strings.Repeat("# 5 MB of nothing\n", 5<<20/18)})
	if err == nil || !strings.Contains(err.Error(), "b.yaml: is larger than 4 MiB") {
		t.Fatalf("err = %v, want the file and its limit", err)
	}
}

func TestLoadRefusesAnAliasBomb(t *testing.T) {
	t.Parallel()
	bomb := "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: s}\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	_, err := load(t, stack.Stage{}, map[string]string{"a.yaml": bomb})
	if err == nil || !strings.Contains(err.Error(), "expand to more than") {
		t.Fatalf("err = %v, want the limit on aliases", err)
	}
}

func TestACycleOfReferencesIsNoMistake(t *testing.T) {
	t.Parallel()
	stacks, err := load(t, stack.Stage{}, map[string]string{"a.yaml": minimal + `---
apiVersion: provision/v1
kind: Application
metadata: {name: api}
spec:
  displayName: API
  api:
    oauth2PermissionScopes: [{value: read}]
    knownClientApplications: [client]
    preAuthorizedApplications: [{application: client, scopes: [read]}]
---
apiVersion: provision/v1
kind: Application
metadata: {name: client}
spec:
  displayName: Client
  web: {homePageUrl: "https://x.example/${applications.api.appId}"}
  permissions: [{resource: api, scopes: [read]}]
`})
	if err != nil || len(stacks) != 1 {
		t.Fatalf("Load: %v", err)
	}
}

func TestEveryShippedManifestIsValid(t *testing.T) {
	t.Parallel()
	if _, err := stack.Load("../manifests", stack.Stage{}); err != nil {
		t.Fatal(err)
	}
}

// FuzzLoad searches for input on which Load panics.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(minimal + "---\napiVersion: provision/v1\nkind: Application\nmetadata: {name: a}\nspec: {displayName: A, appRoles: [{value: R, displayName: R, allowedMemberTypes: [User]}]}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? [1]\n: 2"))
	f.Add([]byte("\ufeff--- !!binary x\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.yaml"), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := stack.Load(dir, stack.Stage{}); err != nil && !errors.As(err, new(stack.Mistakes)) {
			t.Fatalf("Load returned a %T: %v", err, err)
		}
	})
}

// temporary matches the test's folder in a mistake.
var temporary = regexp.MustCompile(`/\S*/`)

func relative(text string) string {
	return temporary.ReplaceAllStringFunc(text, func(path string) string {
		if strings.HasPrefix(path, os.TempDir()) {
			return ""
		}
		return path
	})
}
