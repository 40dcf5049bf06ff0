package reconcile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// TestTextsOfOtherSecretsStay: a secret does not replace the value of another stack or target in a file. A value that
// was written over another one stays when the other secret is deleted, and destroy names its owner.
func TestTextsOfOtherSecretsStay(t *testing.T) {
	t.Parallel()
	env := func(key string) stack.Sink { return stack.Sink{Env: &stack.EnvSink{File: "app.env", Key: key}} }
	file := stack.Sink{File: "app.json"}
	of := func(name string, secrets ...stack.Secret) []*stack.Stack {
		return []*stack.Stack{{Name: name, Prune: "credentials", Applications: []*stack.Application{{Name: "a", DisplayName: "A", Secrets: secrets}}}}
	}
	key := func(name string, where stack.Sink) stack.Secret { return stack.Secret{Name: name, Sink: where} }
	for name, c := range map[string]struct {
		first, second []*stack.Stack
		target        string // of the second apply
		refused       string
		stays         string // what destroy names
		destroys      bool   // the first stack, at the end
		contains      int    // values
	}{
		"another stack": {first: of("s", key("k", env("A"))), second: of("t", key("k", env("A"))),
			refused: "A contains secret s.a k, and stack s is still in the tenant", destroys: true, contains: 1,
			stays: "A contains secret t.a k, and stack t is still in the tenant"},
		"a file of another stack": {first: of("s", key("k", file)), second: of("t", key("k", file)),
			refused: "it contains secret s.a k, and stack s is still in the tenant", destroys: true, contains: 1,
			stays: "it contains secret t.a k, and stack t is still in the tenant"},
		"another target": {first: of("s", key("k", env("A"))), second: of("s", key("k", env("A"))), target: "two",
			refused: "A contains secret s.a k of target one", destroys: true, contains: 1, stays: "A contains secret s.a k of target two"},
		"a file of another target": {first: of("s", key("k", file)), second: of("s", key("k", file)), target: "two",
			refused: "it contains secret s.a k of target one", destroys: true, contains: 1, stays: "it contains secret s.a k of target two"},
		"another stack of another target": {first: of("s", key("k", env("A"))), second: of("t", key("k", env("A"))), target: "two",
			refused: "A contains secret s.a k of target one", destroys: true, contains: 1, stays: "A contains secret t.a k of target two"},
		"another name": {first: of("s", key("k", env("A"))), second: of("s", key("other", env("A"))), contains: 1},
		"exchanged keys": {first: of("s", key("k", env("A")), key("l", env("B"))), second: of("s", key("k", env("B")), key("l", env("A"))),
			contains: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			project := t.TempDir()
			worldOf := func(target string) *world {
				w := newWorld(t)
				w.keep.Dir, w.keep.Sinks.Project = filepath.Join(project, ".provision", target), project
				return w
			}
			first := worldOf("one")
			second := first
			if c.target != "" {
				second = worldOf(c.target)
			}
			first.must(c.first, plan.Options{})
			if c.refused != "" {
				var refused *sink.Refused
				if _, err := second.apply(c.second, plan.Options{}); !errors.As(err, &refused) || refused.Why != c.refused {
					t.Errorf("apply: %v, want the refusal %q", err, c.refused)
				}
				first.settled(c.first, plan.Options{})
				second.keep.Overwrite = true
			}
			if done := second.must(c.second, plan.Options{}); len(done.Stays) > 0 {
				t.Errorf("apply warns: %v", done.Stays)
			}
			second.keep.Overwrite = false
			if c.destroys {
				var refused *sink.Refused
				stays := first.must(nil, plan.Options{Destroy: []string{"s"}}).Stays
				if len(stays) != 1 || !errors.As(stays[0], &refused) || refused.Holder == nil || refused.Why != c.stays {
					t.Errorf("destroy names %v, want %q", stays, c.stays)
				}
				second.settled(c.second, plan.Options{})
			}
			var texts int
			for _, name := range []string{"app.env", "app.json"} {
				raw, err := os.ReadFile(filepath.Join(project, name))
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				texts += strings.Count(string(raw), "=") + strings.Count(string(raw), "secretText")
			}
			if texts != c.contains {
				t.Errorf("the sinks contain %d values, want %d", texts, c.contains)
			}
		})
	}
}

// TestOneFileUnderTwoNames: two secrets whose sinks are one file, because of a symbolic link, are refused before
// anything is written.
func TestOneFileUnderTwoNames(t *testing.T) {
	t.Parallel()
	line := func(file, key string) stack.Sink { return stack.Sink{Env: &stack.EnvSink{File: file, Key: key}} }
	for name, c := range map[string]struct {
		one, other stack.Sink
		refused    bool
	}{
		"one line":                {line(".env", "A"), line("link/.env", "A"), true},
		"two lines":               {line(".env", "A"), line("link/.env", "B"), false},
		"one file":                {stack.Sink{File: "a.json"}, stack.Sink{File: "link/a.json"}, true},
		"two files":               {stack.Sink{File: "a.json"}, stack.Sink{File: "link/b.json"}, false},
		"a line and a file":       {line("a", "A"), stack.Sink{File: "link/a"}, true},
		"a file and a line":       {stack.Sink{File: "a"}, line("link/a", "A"), true},
		"folders that are made":   {line("new/.env", "A"), line("link/new/.env", "A"), true},
		"other folders of a name": {line("new/.env", "A"), line("link/old/.env", "A"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.keep.Sinks.Project = w.keep.Dir
			if runtime.GOOS == "windows" {
				t.Skip("links need a permission there")
			}
			if err := os.Symlink(".", filepath.Join(w.keep.Dir, "link")); err != nil {
				t.Fatal(err)
			}
			before := w.dump()
			stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A", Secrets: []stack.Secret{
				{Name: "one", Sink: c.one}, {Name: "other", Sink: c.other}}}}}}
			_, err := w.apply(stacks, plan.Options{})
			if refused := errors.As(err, new(*sink.Refused)); refused != c.refused || err != nil && !refused {
				t.Fatalf("error %v, want a refusal: %t", err, c.refused)
			}
			if c.refused && w.dump() != before {
				t.Error("the tenant was changed before the refusal")
			}
		})
	}
}
