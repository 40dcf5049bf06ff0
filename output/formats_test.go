package output_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/output"
)

// TestFormats: plain values, values with every special character of a format, and secrets.
func TestFormats(t *testing.T) {
	variables := []output.Variable{
		{Name: "PLAIN", Value: "https://a.example/x"},
		{Name: "SPACE", Value: "a b"},
		{Name: "HARD", Value: "it's \"$x\" `y` ${z} %{w} \\ 100%\nnext"},
		{Name: "KEY", Value: "s3cret", Secret: true},
	}
	file := filepath.Join(t.TempDir(), "github")
	t.Setenv("GITHUB_OUTPUT", file)
	for format, want := range map[string]string{
		"env":    "PLAIN=https://a.example/x\nSPACE=a b\nHARD=it's \"$x\" `y` ${z} %{w} \\ 100%\nnext\nKEY=s3cret\n",
		"dotenv": "PLAIN=https://a.example/x\nSPACE='a b'\nHARD=\"it's \\\"\\$x\\\" \\`y\\` \\${z} %{w} \\\\ 100%\nnext\"\nKEY=s3cret\n",
		"json":   "{\n  \"HARD\": \"it's \\\"$x\\\" `y` ${z} %{w} \\\\ 100%\\nnext\",\n  \"KEY\": \"s3cret\",\n  \"PLAIN\": \"https://a.example/x\",\n  \"SPACE\": \"a b\"\n}\n",
		"tfvars": "plain = \"https://a.example/x\"\nspace = \"a b\"\nhard = \"it's \\\"$x\\\" `y` $${z} %%{w} \\\\ 100%\\nnext\"\nkey = \"s3cret\"\n",
		"github": "::add-mask::s3cret\n",
		"azure-devops": "##vso[task.setvariable variable=PLAIN;issecret=false]https://a.example/x\n##vso[task.setvariable variable=SPACE;issecret=false]a b\n" +
			"##vso[task.setvariable variable=HARD;issecret=false]it's \"$x\" `y` ${z} %AZP25{w} \\ 100%AZP25%0Anext\n##vso[task.setvariable variable=KEY;issecret=true]s3cret\n",
	} {
		var b bytes.Buffer
		if err := output.Write(&b, format, variables); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(raw), "\n")
	name, end, _ := strings.Cut(lines[6], "<<")
	if name != "HARD" || lines[9] != end || strings.Join(lines[7:9], "\n") != variables[2].Value {
		t.Errorf("GitHub's outputs are\n%s", raw)
	}
	if err := output.Write(&bytes.Buffer{}, "yaml", nil); err == nil || err.Error() != `format "yaml" is not known` {
		t.Errorf("another format: %v", err)
	}
	if diff := cmp.Diff([]string{"azure-devops", "dotenv", "env", "github", "json", "tfvars"}, output.Formats()); diff != "" {
		t.Error(diff)
	}
}

// TestPostmanEnvironment is the same each time, and marks secrets.
func TestPostmanEnvironment(t *testing.T) {
	t.Parallel()
	make := func() string {
		raw, err := json.Marshal(output.PostmanEnvironment("s/env", []output.Variable{{Name: "A", Value: "1"}, {Name: "K", Value: "2", Secret: true}}))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if got := make(); got != make() || !strings.Contains(got, `{"key":"K","value":"2","type":"secret","enabled":true}`) || !strings.Contains(got, `{"key":"A","value":"1","type":"default","enabled":true}`) {
		t.Errorf("%s", got)
	}
}
