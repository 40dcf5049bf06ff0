package main

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

// outputFormats write what a stack is known by.
var outputFormats = map[string]func(io.Writer, []outputLine) error{
	"env":          writeEnv,
	"dotenv":       writeDotenv,
	"json":         writeOutputJSON,
	"tfvars":       writeTfvars,
	"github":       writeGitHub,
	"azure-devops": writeAzureDevOps,
}

func outputFormatNames() []string { return slices.Sorted(maps.Keys(outputFormats)) }

// writeEnv writes what env(1) takes: KEY=VALUE, and nothing is quoted.
func writeEnv(w io.Writer, lines []outputLine) error {
	return eachLine(w, lines, func(l outputLine) string { return l.key + "=" + l.value })
}

func eachLine(w io.Writer, lines []outputLine, text func(outputLine) string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, text(l)); err != nil {
			return err
		}
	}
	return nil
}

// plainValue needs no quotes in a shell or in any reader of dotenv files.
var plainValue = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]*$`)

func writeDotenv(w io.Writer, lines []outputLine) error {
	return eachLine(w, lines, func(l outputLine) string {
		switch {
		case plainValue.MatchString(l.value):
			return l.key + "=" + l.value
		case !strings.ContainsAny(l.value, "'\n"):
			return l.key + "='" + l.value + "'"
		}
		return l.key + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(l.value) + `"`
	})
}

func writeOutputJSON(w io.Writer, lines []outputLine) error {
	m := map[string]string{}
	for _, l := range lines {
		m[l.key] = l.value
	}
	return writeIndented(w, m)
}

func writeIndented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// writeTfvars writes string variables of Terraform, under names in small
// letters as is usual there.
func writeTfvars(w io.Writer, lines []outputLine) error {
	return eachLine(w, lines, func(l outputLine) string {
		return strings.ToLower(l.key) + " = " + hclString(l.value)
	})
}

// hclString is a quoted template of HCL in which nothing is a template.
func hclString(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{").Replace(value) + `"`
}

// writeGitHub sets outputs of a step of GitHub Actions. Secrets are masked in
// the job's log first.
// Source: docs.github.com/actions/reference/workflow-commands-for-github-actions.
func writeGitHub(w io.Writer, lines []outputLine) error {
	for _, l := range lines {
		if l.secret {
			if _, err := fmt.Fprintf(w, "::add-mask::%s\n", strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(l.value)); err != nil {
				return err
			}
		}
	}
	f, err := os.OpenFile(os.Getenv("GITHUB_OUTPUT"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write GITHUB_OUTPUT: %w", err)
	}
	end := "end-" + uuid.NewString() // no value can hold it
	err = eachLine(f, lines, func(l outputLine) string { return l.key + "<<" + end + "\n" + l.value + "\n" + end })
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// writeAzureDevOps sets variables for the steps that follow in a pipeline.
// Source: learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands.
func writeAzureDevOps(w io.Writer, lines []outputLine) error {
	value := strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A")
	return eachLine(w, lines, func(l outputLine) string {
		return fmt.Sprintf("##vso[task.setvariable variable=%s;issecret=%t]%s", l.key, l.secret, value.Replace(l.value))
	})
}
