package sink

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

func TestALineOfADotenvFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, text, after, forgotten string }{
		"lines of Windows":      {"A=1\r\nB=2\r\n", "s", "A=1\r\nB=2\r\nKEY=s\r\n", "A=1\r\nB=2\r\n"},
		"replaced among them":   {"KEY=old\r\nB=2\r\n", "s", "KEY=s\r\nB=2\r\n", "B=2\r\n"},
		"a new file":            {"", "s3cr~t", "KEY=s3cr~t\n", ""},
		"others stay":           {"A=1\n# a comment\n\nB='2'\n", "s", "A=1\n# a comment\n\nB='2'\nKEY=s\n", "A=1\n# a comment\n\nB='2'\n"},
		"no end of line":        {"A=1", "s", "A=1\nKEY=s\n", "A=1\n"},
		"in its place":          {"A=1\nKEY=old\nB=2\n", "s", "A=1\nKEY=s\nB=2\n", "A=1\nB=2\n"},
		"exported, in quotes":   {"export KEY = \"old\"\nB=2\n", "s", "export KEY=s\nB=2\n", "B=2\n"},
		"exported, twice":       {"# mine\n\texport  KEY=old # this\nB=2\nKEY=b\n", "s", "# mine\nexport KEY=s\nB=2\n", "# mine\nB=2\n"},
		"set twice":             {"KEY=a\nB=2\nKEY=b\n", "s", "KEY=s\nB=2\n", "B=2\n"},
		"over several lines":    {"KEY=\"a\nKEY=b\nc\"\nB=2\n", "s", "KEY=s\nB=2\n", "B=2\n"},
		"inside another's":      {"B='\nKEY=b\n'\n", "s", "B='\nKEY=b\n'\nKEY=s\n", "B='\nKEY=b\n'\n"},
		"a longer name":         {"KEYS=1\nMY_KEY=2\n", "s", "KEYS=1\nMY_KEY=2\nKEY=s\n", "KEYS=1\nMY_KEY=2\n"},
		"what a shell would do": {"", "~a b$c", "KEY='~a b$c'\n", ""},
		"quotes of both kinds":  {"", `a'b"c$d\e`, `KEY="a'b\"c\$d\\e"` + "\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "folder", ".env")
			if c.before != "" {
				if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(c.before), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s, ctx := env{stack.EnvSink{File: file, Key: "KEY"}}, context.Background()
			if err := s.Check(ctx); err != nil {
				t.Fatal(err)
			}
			if err := s.Write(ctx, Secret{SecretText: c.text}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, contents(t, file)); diff != "" {
				t.Errorf("after the write (-want +got):\n%s", diff)
			}
			if got, found, err := s.Read(ctx); err != nil || !found || got.SecretText != c.text {
				t.Errorf("read back %q, %t, %v; want %q", got.SecretText, found, err, c.text)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file is %v, %v; want its owner's alone", info.Mode(), err)
			}
			if err := s.Forget(ctx); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.forgotten, contents(t, file)); diff != "" {
				t.Errorf("after it was forgotten (-want +got):\n%s", diff)
			}
			if _, found, err := s.Read(ctx); found || err != nil {
				t.Errorf("forgotten, and found: %t, %v", found, err)
			}
		})
	}
}

func contents(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestALinkIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "real"), []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, ".env")); err != nil {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skipf("no links here: %v", err)
	}
	if err := (env{stack.EnvSink{File: filepath.Join(dir, ".env"), Key: "KEY"}}).Write(context.Background(), Secret{SecretText: "s"}); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, filepath.Join(dir, "real")); got != "A=1\nKEY=s\n" {
		t.Errorf("what the link leads to is %q", got)
	}
}

func TestUnwritableFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "open"), []byte("A='1\nB=2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, where := range []stack.Sink{
		{Env: &stack.EnvSink{File: filepath.Join(dir, "open"), Key: "K"}},
		{File: dir}, {File: filepath.Join(dir, "file", "below")},
		{Env: &stack.EnvSink{File: dir, Key: "K"}}, {Env: &stack.EnvSink{File: filepath.Join(dir, "file", "below"), Key: "K"}},
	} {
		s, err := Access{}.Open(where, "s.a")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(context.Background()); err == nil {
			t.Errorf("%s: a secret could be kept there", where)
		}
	}
}

// FuzzDotenv: for any content of the file, the written text can be read, all other
// lines are unchanged, and a second write changes nothing.
func FuzzDotenv(f *testing.F) {
	f.Add("A=1\nKEY='x\ny'\nB=\"q\"\n", "s3~cr.t")
	f.Add("export KEY=1\r\n KEY =2", "'\"$`\\")
	f.Add("\r", "0")
	f.Add("KEY=1\n\r", "0")
	f.Fuzz(func(t *testing.T, before, text string) {
		if text == "" {
			return
		}
		e := env{stack.EnvSink{Key: "KEY"}}
		old := linesOf(before)
		once, err := e.with(old, text)
		if err != nil {
			if !strings.ContainsAny(before, "'\"") {
				t.Fatalf("%q: %v", before, err)
			}
			return // an unclosed quote
		}
		after := linesOf(strings.Join(once, ""))
		found, others := parted(after, "KEY")
		_, had := parted(old, "KEY")
		if len(found) != 1 || found[0] != text {
			t.Fatalf("%q holds %q, want %q alone", after, found, text)
		}
		if diff := cmp.Diff(had, others); diff != "" {
			t.Fatalf("%q → %q: others changed\n%s", before, after, diff)
		}
		if again, err := e.with(after, text); err != nil || strings.Join(again, "") != strings.Join(after, "") {
			t.Fatalf("%q → %q", after, again)
		}
	})
}
