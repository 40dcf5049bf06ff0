package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"provision/localtenant"
	"provision/reconcile/sink"
	"provision/stack"
)

// envFile returns the settings with which other programs find a served tenant.
func envFile(s localtenant.Served) []byte {
	var b bytes.Buffer
	for _, line := range [][2]string{
		{"ARM_METADATA_HOSTNAME", strings.TrimPrefix(s.Origin, "https://")},
		{"ARM_TENANT_ID", s.TenantID},
		{"ARM_CLIENT_ID", s.ClientID},
		{"ARM_CLIENT_SECRET", s.ClientSecret},
		{"SSL_CERT_FILE", s.CAFile},
		{"AZURE_AUTHORITY_HOST", s.Origin + "/"},
		{"AZURE_TENANT_ID", s.TenantID},
		{"AZURE_CLIENT_ID", s.ClientID},
		{"AZURE_CLIENT_SECRET", s.ClientSecret},
		{"GRAPH_ENDPOINT", s.Origin},
		{"PROVISION_MANAGEMENT_URL", s.ManagementURL},
		{"PROVISION_MANAGEMENT_KEY", s.ManagementKey},
		{"PROVISION_PROXY", s.Proxy},
	} {
		fmt.Fprintf(&b, "%s=%s\n", line[0], line[1])
	}
	return b.Bytes()
}

// checkEnvFile refuses to overwrite a file that is not from an emulator: such a file contains only
// the lines of an env file.
func checkEnvFile(path string, overwrite bool) error {
	if path == "" {
		return nil
	}
	if err := checkPrivateFile("env-file", path); err != nil {
		return err
	}
	old, err := stack.ReadFile(path, maxOutput)
	switch {
	case errors.Is(err, fs.ErrNotExist) || overwrite:
		return nil
	case err != nil:
		return usagef("--env-file: %w", err)
	case len(old) > 0 && !slices.Equal(variableNames(old), variableNames(envFile(localtenant.Served{}))):
		return fmt.Errorf("--env-file: %w", &sink.Refused{File: path, Why: "provision did not write it", Flag: "--overwrite"})
	}
	return nil
}

func variableNames(text []byte) (names []string) {
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	return names
}

// writeEnvFile writes a file with the administrator's secret that only its owner can
// read. remove deletes it, unless somebody has changed it.
func writeEnvFile(path string, s localtenant.Served) (remove func(), err error) {
	text := envFile(s)
	if err := sink.WritePrivate(path, text); err != nil {
		return nil, fmt.Errorf("write the env file: %w", err)
	}
	return func() {
		if now, err := stack.ReadFile(path, maxOutput); err == nil && bytes.Equal(now, text) {
			os.Remove(path)
		}
	}, nil
}
