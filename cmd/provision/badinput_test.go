package main

import (
	"bytes"
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// refuse runs a command line that must be bad usage: exit code 2, one error with a hint, no
// result, and no file written to dir. It returns the error and the hint.
func refuse(t *testing.T, dir string, args ...string) (message, hint string) {
	t.Helper()
	before, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, streams{strings.NewReader(""), &stdout, &stderr})
	line := strings.Join(args, " ")
	if code != exitUsage || stdout.Len() > 0 {
		t.Errorf("%s: exit %d, want 2\n%s%s", line, code, stdout.String(), stderr.String())
	}
	for text := range strings.Lines(stderr.String()) {
		text = strings.TrimSuffix(text, "\n")
		if found, ok := strings.CutPrefix(text, "error: "); ok {
			if message != "" {
				t.Errorf("%s: a second error: %s", line, found)
			}
			message = found
		}
		if found, ok := strings.CutPrefix(strings.TrimSpace(text), "hint: "); ok {
			hint = found
		}
	}
	if message == "" || hint == "" {
		t.Errorf("%s: no error with a hint:\n%s", line, stderr.String())
	}
	after, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("%s: the folder held %v and holds %v, %v", line, before, after, err)
	}
	return message, hint
}

// readers are the command lines of all commands that read the manifests of a folder, without the
// folder.
var readers = [][]string{{"validate"}, {"check"}, {"plan"}, {"apply"}, {"verify"}, {"destroy"}, {"doctor"}, {"output"}, {"release"}, {"rotate"}, {"serve"},
	{"token", "--user", "ada"}, {"apply", "--verify"}, {"verify", "--strict"}, {"output", "--write"}}

// TestInvalidFolders: every command that reads manifests refuses a missing folder or a file,
// and suggests the folder with the most similar name.
func TestInvalidFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := write(t, dir, "orders/stack.yaml", "kind: Stack\n")
	orders := filepath.Dir(file)
	const create = "name the folder that contains the manifests, or create a stack: `provision init --from vscode-fastapi DIR`"
	for _, command := range readers {
		for argument, want := range map[string][2]string{
			filepath.Join(dir, "warehouse"):         {filepath.Join(dir, "warehouse") + ": no such folder", create},
			filepath.Join(dir, "ordrs"):             {filepath.Join(dir, "ordrs") + ": no such folder", "did you mean " + orders + "?"},
			filepath.Join(dir, "orders/stack.yml"):  {filepath.Join(dir, "orders/stack.yml") + ": no such folder", "did you mean " + orders + "?"},
			file:                                    {file + ": is a file; manifests are read from a folder", "did you mean " + orders + "?"},
			filepath.Join(dir, "reviewed.json"):     {filepath.Join(dir, "reviewed.json") + ": no such file", "`provision plan DIR --out FILE` writes a plan to a file"},
			filepath.Join(dir, "none/x/stack.yaml"): {filepath.Join(dir, "none/x/stack.yaml") + ": no such folder", create},
		} {
			message, hint := refuse(t, dir, append(slices.Clone(command), argument)...)
			if message != want[0] || hint != want[1] {
				t.Errorf("%v %s: %s, %s; want %s, %s", command, argument, message, hint, want[0], want[1])
			}
		}
		if command[0] == "check" {
			continue
		}
		if message, _ := refuse(t, dir, append(slices.Clone(command), orders, orders)...); !strings.HasPrefix(message, "provision "+command[0]+" takes one folder, not 2 arguments") {
			t.Errorf("%v with two folders: %s", command, message)
		}
	}
}

// TestInvalidInputFiles: a flag for a file to read refuses a missing file, a folder, and a file
// with other content. The hint describes the expected content.
func TestInvalidInputFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "known-failures.yaml", "failures: 1\n")
	write(t, dir, "company.pem", "no certificate\n")
	write(t, dir, "openapi.json", "{")
	write(t, dir, "swagger.json", `{"swagger": "2.0"}`)
	write(t, dir, "faults.json", `[{"staus": 429}]`)
	write(t, dir, "headers.txt", "no header\n")
	manifests := filepath.Join("..", "..", "manifests", "vscode-fastapi")
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		args          []string
		message, hint string // their first words
	}{
		{[]string{"verify", manifests, "--baseline", at("none")}, "--baseline: there is no file " + at("none"), "name the file of the known failures"},
		{[]string{"verify", manifests, "--baseline", at("known-failure.yaml")}, "--baseline: there is no file " + at("known-failure.yaml"), "did you mean " + at("known-failures.yaml") + "?"},
		{[]string{"verify", manifests, "--baseline", dir}, "--baseline: ", "name the file of the known failures"},
		{[]string{"verify", manifests, "--baseline", at("known-failures.yaml")}, at("known-failures.yaml") + ":1: failures is not a list", "as in  failures:"},
		{[]string{"apply", manifests, "--verify", "--baseline", at("none")}, "--baseline: there is no file " + at("none"), "name the file of the known failures"},
		{[]string{"verify", manifests, "--ca", at("none")}, "--ca: there is no file " + at("none"), "name a file of certificates in PEM format"},
		{[]string{"verify", manifests, "--ca", at("compny.pem")}, "--ca: there is no file " + at("compny.pem"), "did you mean " + at("company.pem") + "?"},
		{[]string{"verify", manifests, "--ca", at("company.pem")}, "--ca: " + at("company.pem") + " contains no certificate", "it must be in PEM format"},
		{[]string{"verify", manifests, "--ca", dir}, "--ca: ", "name a file of certificates in PEM format"},
		{[]string{"verify", manifests, "--header", "@" + at("none")}, "--header: there is no file " + at("none"), "name a file with one header in each line"},
		{[]string{"verify", manifests, "--header", "@" + at("headers.txt")}, "--header is not a valid header", "e.g. --header"},
		{[]string{"verify", manifests, "--openapi", at("none")}, "--openapi: there is no file " + at("none"), "name the OpenAPI document of the API"},
		{[]string{"verify", manifests, "--openapi", at("openapi.json")}, "--openapi: " + at("openapi.json") + ": neither YAML nor JSON", "export the OpenAPI 3 document"},
		{[]string{"verify", manifests, "--openapi", at("swagger.json")}, "--openapi: " + at("swagger.json") + ": this is Swagger 2.0", "export the OpenAPI 3 document"},
		{[]string{"verify", manifests, "--openapi", dir}, "--openapi: ", "name the OpenAPI document of the API"},
		{[]string{"emulator", "--faults", at("none")}, "--faults: there is no file " + at("none"), "name a JSON file of fault injection rules"},
		{[]string{"emulator", "--faults", at("faults.json")}, "--faults: " + at("faults.json") + ": ", "e.g. [{"},
		{[]string{"emulator", "--quotas", "smal"}, "--quotas: ", "e.g. --quotas small"},
		{[]string{"plan", manifests, "--out", at("none/plan.json")}, "--out: " + at("none/plan.json") + ": the folder " + at("none") + " does not exist", "`mkdir -p " + at("none") + "` makes it"},
		{[]string{"verify", manifests, "--report", "html=" + at("none/x.html")}, "--report: " + at("none/x.html") + ": the folder " + at("none") + " does not exist", "`mkdir -p "},
		{[]string{"check", manifests, "--report", "sarif=" + at("none/x.sarif")}, "--report: " + at("none/x.sarif") + ": the folder " + at("none") + " does not exist", "`mkdir -p "},
		{[]string{"import", "--all", "--stack", "s", "--out", at("openapi.json")}, "--out: ", "name a new or an empty folder"},
		{[]string{"import", "--all", "--stack", "s", "--out", dir}, "--out: " + dir + " is not empty", "name another folder"},
		{[]string{"export", "terraform", "--all", "--out", at("openapi.json")}, "--out: ", "name a new or an empty folder"},
		{[]string{"apply", at("swagger.json")}, at("swagger.json") + " is not a plan", "write one with `" + program() + " plan DIR --out " + at("swagger.json") + "`"},
		{[]string{"apply", at("swagger.json"), "--set", "a=b", "--url", "http://127.0.0.1:9"}, "--url has no effect without --verify", "leave it out, or add --verify"},
	} {
		message, hint := refuse(t, dir, c.args...)
		if !strings.HasPrefix(message, c.message) || !strings.HasPrefix(hint, c.hint) {
			t.Errorf("%v:\nerror: %s\nhint: %s\nwant\nerror: %s\nhint: %s", c.args[:1], message, hint, c.message, c.hint)
		}
	}
}

// TestUnknownNames: the error for an unknown stack, flag, command or target suggests the most
// similar name.
func TestUnknownNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	manifests := filepath.Join("..", "..", "manifests", "vscode-fastapi")
	for _, c := range []struct {
		args          []string
		message, hint string
	}{
		{[]string{"verify", manifests, "--stack", "vscode"}, `stack "vscode" has no Conformance document here`, "choose one of: vscode-fastapi"},
		{[]string{"token", manifests, "--user", "ada", "--stack", "vscode"}, `stack "vscode" has no Conformance document here`, "choose one of: vscode-fastapi"},
		{[]string{"plan", manifests, "--only", "vscode-fastapi/ap"}, `--only: there is no document "vscode-fastapi/ap"`, "did you mean vscode-fastapi/"},
		{[]string{"plan", manifests, "--target", "locl"}, `target "locl" is not known`, "did you mean --target local?"},
		{[]string{"rotate", manifests, "--secret", "a/b/c"}, `there is no secret "a/b/c"`, "choose one of: "},
		{[]string{"init", "--from", "vscode", filepath.Join(dir, "x")}, "", ""},
		{[]string{"aply"}, `unknown command "aply"`, "did you mean `provision apply`?"},
		{[]string{"aply", "--help"}, `unknown command "aply"`, "did you mean `provision apply`?"},
		{[]string{"aply", "-h", "manifests"}, `unknown command "aply"`, "did you mean `provision apply`?"},
		{[]string{"zzz", "--help"}, `unknown command "zzz"`, "see `provision --help`"},
		{[]string{"gc", "--plan"}, "unknown flag: --plan", "did you mean --dry-run? see `provision gc --help`"},
		{[]string{"destroy", "--dry-run"}, "unknown flag: --dry-run", "did you mean --plan? see `provision destroy --help`"},
	} {
		message, hint := refuse(t, dir, c.args...)
		if !strings.HasPrefix(message, c.message) || !strings.HasPrefix(hint, c.hint) {
			t.Errorf("%v:\nerror: %s\nhint: %s\nwant\nerror: %s\nhint: %s", c.args, message, hint, c.message, c.hint)
		}
	}
}

// TestEmptyChoices: a flag that selects something refuses an empty value, because it would select
// everything.
func TestEmptyChoices(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"verify", "--only", ""}, {"verify", "--stack="}, {"verify", "--application", ""}, {"plan", "--only", ""}, {"apply", "--only="}, {"destroy", "--stack", ""},
		{"release", "--stack="}, {"rotate", "--secret", ""}, {"import", "--name", ""}, {"import", "--tag="}, {"import", "--owner", ""}, {"export", "terraform", "--stack", ""},
		{"token", "--user", ""}, {"token", "--app="}, {"output", "--stack", ""},
	} {
		flag := strings.TrimSuffix(args[len(args)-1], "=")
		if flag == "" {
			flag = args[len(args)-2]
		}
		message, hint := refuse(t, dir, args...)
		if message != flag+" is empty" || hint != "state a value, or leave "+flag+" out" {
			t.Errorf("%v: %s, %s", args, message, hint)
		}
	}
}

// TestFlagsWithoutEffect: a command refuses a combination in which it would ignore a flag.
func TestFlagsWithoutEffect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		args    []string
		message string
	}{
		{[]string{"destroy", "--stack", "s", "--set", "a=b"}, "--set has no effect with --stack, which reads no manifests"},
		{[]string{"destroy", "--stack", "s", "--suffix", "pr-1"}, "--suffix has no effect with --stack, which reads no manifests"},
		{[]string{"release", "--stack", "s", "--set", "a=b"}, "--set has no effect with --stack, which reads no manifests"},
		{[]string{"destroy", "--plan", "--yes"}, "--yes has no effect with --plan, which deletes nothing"},
		{[]string{"gc", "--dry-run", "--yes"}, "--yes has no effect with --dry-run, which deletes nothing"},
		{[]string{"gc", "--dry-run", "--no-purge"}, "--no-purge has no effect with --dry-run, which deletes nothing"},
		{[]string{"import", "--all", "--name", "API"}, "--name has no effect with --all"},
		{[]string{"import", "--all", "--tag", "x"}, "--tag has no effect with --all"},
		{[]string{"export", "terraform", "--all", "--owner", "ada"}, "--owner has no effect with --all"},
		{[]string{"emulator", "--overwrite"}, "--overwrite has no effect without --env-file"},
	} {
		if message, _ := refuse(t, dir, c.args...); message != c.message {
			t.Errorf("%v: %s, want %s", c.args, message, c.message)
		}
	}
}

// TestEveryNumberIsChecked: each flag for a number, a duration or a boolean refuses other text,
// and the hint shows a valid value.
func TestEveryNumberIsChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	checked := 0
	var visit func(*cobra.Command, []string)
	visit = func(c *cobra.Command, path []string) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			kind, known := settingKinds[f.Value.Type()]
			if !known || f.Name == "help" || f.Name == "version" {
				return
			}
			checked++
			message, hint := refuse(t, dir, append(slices.Clone(path), "--"+f.Name+"=x")...)
			if want := "--" + f.Name; !strings.HasPrefix(message, want) || !strings.Contains(message, `"x"`) {
				t.Errorf("%v: %s", path, message)
			}
			if f.Value.Type() == "duration" {
				example := cmp.Or(map[string]string{"ttl": "48h", "latency": "80ms"}[f.Name], "30s")
				if want := "state the unit, e.g. --" + f.Name + " " + example; hint != want {
					t.Errorf("%v --%s: %s, want %s", path, f.Name, hint, want)
				}
			} else if hint != kind.example {
				t.Errorf("%v --%s: %s, want %s", path, f.Name, hint, kind.example)
			}
		})
		for _, below := range c.Commands() {
			if below.Name() != "completion" && below.Name() != "help" {
				visit(below, append(slices.Clone(path), below.Name()))
			}
		}
	}
	a := &app{config: viper.New()}
	visit(a.root(), nil)
	if checked < 30 {
		t.Errorf("only %d flags were found", checked)
	}
}

// TestMisspeltVariables: a PROVISION_* variable that differs from a setting in one letter gets a
// warning, and variables of other programs do not.
func TestMisspeltVariables(t *testing.T) {
	t.Parallel()
	a := &app{config: viper.New()}
	root := a.root()
	for variable, want := range map[string]string{
		"PROVISION_TARGT=staging":       "PROVISION_TARGET",
		"PROVISION_PARALELISM=2":        "PROVISION_PARALLELISM",
		"PROVISION_LOCK_TIMEOT=5m":      "PROVISION_LOCK_TIMEOUT",
		"PROVISION_TARGTE=staging":      "PROVISION_TARGET",
		"PROVISION_TARGT=":              "",
		"PROVISION_API_KEY=x":           "",
		"PROVISION_CI=x":                "",
		"PROVISION_REPO=x":              "",
		"PROVISION_TARGETS=x":           "",
		"PROVISION_USERS=x":             "",
		"PROVISION_APPLY=x":             "",
		"PROVISION_TARGET=staging":      "",
		"PROVISION_LOCK_TIMEOUT=5m":     "",
		"PROVISION_PARAMETER_port=1":    "",
		"PROVISION_PASSWORD_ADA=x":      "",
		"PROVISION_SECRET_API_KEY=x":    "",
		"PROVISION_PORTS=20000-29999":   "",
		"PROVISION_CLOUD=usgovernment":  "",
		"PROVISION_MANAGEMENT_URL=http": "",
		"PROVISION_VERSION=1.2.3":       "",
		"PROVISION_HOME=/opt":           "",
		"PROVISIONER=x":                 "",
		"PROVISION_ORDERS_DATABASE=x":   "",
		"TARGT=x":                       "",
	} {
		got := strings.Join(misspeltVariables(root, []string{"PATH=/bin", variable}), "\n")
		if want != "" {
			name, _, _ := strings.Cut(variable, "=")
			want = "variable " + name + " has no effect; did you mean " + want + "?"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", variable, got, want)
		}
	}
}
