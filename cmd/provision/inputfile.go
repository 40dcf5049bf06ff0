package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"provision/internal/display"
	"provision/stack"
)

// inputs contains, for each flag that names a file to read, a description of the file.
var inputs = map[string]string{
	"baseline": "name the file of the known failures; `--report baseline=known-failures.yaml` writes one",
	"ca":       "name a file of certificates in PEM format, e.g. --ca company-ca.pem",
	"faults":   "name a JSON file of fault injection rules, e.g. --faults faults.json",
	"header":   "name a file with one header in each line, e.g. --header @headers.txt",
	"openapi":  "name the OpenAPI document of the API, e.g. --openapi openapi.json",
}

// readInput reads the file that a flag names.
func readInput(flag, path string) ([]byte, error) {
	raw, err := stack.ReadFile(path, maxInput)
	switch {
	case err == nil:
		return raw, nil
	case errors.Is(err, fs.ErrNotExist):
		err = usagef("--%s: there is no file %s", flag, path)
		if near := nearestFile(path); near != "" {
			return nil, hint(err, "did you mean %s?", display.ShellQuote(near))
		}
	default:
		err = usage{fmt.Errorf("--%s: %w", flag, err)}
	}
	return nil, hint(err, "%s", inputs[flag])
}

// nearestFile returns the file of the same folder with the most similar name, or "".
func nearestFile(path string) string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	if near := stack.Nearest(filepath.Base(path), names); near != "" {
		return filepath.Join(filepath.Dir(path), near)
	}
	return ""
}
