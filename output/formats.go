package output

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// formats write variables, by name.
var formats = map[string]func(io.Writer, []Variable) error{
	"env":          writeEnv,
	"dotenv":       writeDotenv,
	"json":         writeObject,
	"tfvars":       writeTfvars,
	"github":       writeGitHub,
	"azure-devops": writeAzureDevOps,
}

// Formats returns the names of all formats.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// Write writes variables in a format. The format github writes to the file in
// $GITHUB_OUTPUT, and the commands that mask secrets to w.
func Write(w io.Writer, format string, variables []Variable) error {
	write, known := formats[format]
	if !known {
		return fmt.Errorf("format %q is not known", format)
	}
	return write(w, variables)
}

// writeEnv writes lines for env(1): KEY=VALUE, without quotes.
func writeEnv(w io.Writer, lines []Variable) error {
	return eachLine(w, lines, func(l Variable) string { return l.Name + "=" + l.Value })
}

func eachLine(w io.Writer, lines []Variable, text func(Variable) string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, text(l)); err != nil {
			return err
		}
	}
	return nil
}

// plainValue needs no quotes in a shell or in any program that reads dotenv files.
var plainValue = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]*$`)

func writeDotenv(w io.Writer, lines []Variable) error {
	return eachLine(w, lines, func(l Variable) string {
		switch {
		case plainValue.MatchString(l.Value):
			return l.Name + "=" + l.Value
		case !strings.ContainsAny(l.Value, "'\n"):
			return l.Name + "='" + l.Value + "'"
		}
		return l.Name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(l.Value) + `"`
	})
}

func writeObject(w io.Writer, lines []Variable) error {
	m := map[string]string{}
	for _, l := range lines {
		m[l.Name] = l.Value
	}
	return WriteJSON(w, m)
}

// WriteJSON writes a value as indented JSON.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// writeTfvars writes string variables of Terraform. Their names are in lower case, as
// is usual there.
func writeTfvars(w io.Writer, lines []Variable) error {
	return eachLine(w, lines, func(l Variable) string {
		return strings.ToLower(l.Name) + " = " + hclString(l.Value)
	})
}

// hclString returns a quoted string of HCL without template sequences.
func hclString(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{").Replace(value) + `"`
}

// writeGitHub sets outputs of a step of GitHub Actions. Secrets are masked in
// the job's log first.
// Source: docs.github.com/actions/reference/workflow-commands-for-github-actions.
func writeGitHub(w io.Writer, lines []Variable) error {
	for _, l := range lines {
		if l.Secret {
			if _, err := fmt.Fprintf(w, "::add-mask::%s\n", strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(l.Value)); err != nil {
				return err
			}
		}
	}
	f, err := os.OpenFile(os.Getenv("GITHUB_OUTPUT"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write GITHUB_OUTPUT: %w", err)
	}
	end := "end-" + uuid.NewString() // no value can contain it
	err = eachLine(f, lines, func(l Variable) string { return l.Name + "<<" + end + "\n" + l.Value + "\n" + end })
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// writeAzureDevOps sets variables for the steps that follow in a pipeline.
// Source: learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands.
func writeAzureDevOps(w io.Writer, lines []Variable) error {
	value := strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A")
	return eachLine(w, lines, func(l Variable) string {
		return fmt.Sprintf("##vso[task.setvariable variable=%s;issecret=%t]%s", l.Name, l.Secret, value.Replace(l.Value))
	})
}
