package localtenant

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"provision/emulator"
)

// nodeProxy makes older releases of Node use the proxy.
//
//go:embed nodeproxy.cjs
var nodeProxy string

// ChildEnvironment returns the parent environment with the variables that redirect Microsoft's
// public hosts to the served tenant in each runtime. It does not set HTTP_PROXY and ALL_PROXY,
// because they would also redirect calls to http://localhost.
func (d Folder) ChildEnvironment(parent []string, served Served, credentials bool) ([]string, error) {
	bundle, err := d.writeBundle(parent)
	if err != nil {
		return nil, err
	}
	preload, err := d.writeNodeProxy()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.File("azure"), 0o700); err != nil {
		return nil, err
	}
	set := map[string]string{
		"HTTPS_PROXY": served.Proxy, "https_proxy": served.Proxy,
		"SSL_CERT_FILE":          bundle, // Go, OpenSSL, .NET, Python's ssl, httpx
		"REQUESTS_CA_BUNDLE":     bundle, // requests, and with it MSAL Python and az
		"CURL_CA_BUNDLE":         bundle,
		"NODE_EXTRA_CA_CERTS":    d.File("ca.pem"), // in addition to Node's own certificates
		"NODE_USE_ENV_PROXY":     "1",              // Node 24
		"NODE_OPTIONS":           withPreload(lookup(parent, "NODE_OPTIONS"), preload),
		"AZURE_CONFIG_DIR":       d.File("azure"), // az stores its sign-in there; the user's own sign-in does not change
		"PROVISION_STATE":        string(d),
		"PROVISION_PROXY":        served.Proxy,
		"PROVISION_PUBLIC_HOSTS": "1",
		"SSL_CERT_DIR":           "", // OpenSSL and curl would look there instead of in the bundle
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		set[name] = NoProxy(lookup(parent, "NO_PROXY") + "," + lookup(parent, "no_proxy"))
	}
	if credentials {
		for _, prefix := range []string{"AZURE_", "ARM_"} {
			set[prefix+"TENANT_ID"], set[prefix+"CLIENT_ID"], set[prefix+"CLIENT_SECRET"] = served.TenantID, served.ClientID, served.ClientSecret
		}
	}
	var environment []string
	for _, line := range parent {
		if name, _, _ := strings.Cut(line, "="); !isSet(set, name) {
			environment = append(environment, line)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if set[name] != "" {
			environment = append(environment, name+"="+set[name])
		}
	}
	return environment, nil
}

func isSet(set map[string]string, name string) bool {
	if runtime.GOOS == "windows" { // where HTTPS_PROXY and https_proxy are the same variable
		for known := range set {
			if strings.EqualFold(known, name) {
				return true
			}
		}
	}
	_, ok := set[name]
	return ok
}

// lookup returns the value of a variable, the last one if there are several.
func lookup(environment []string, name string) (value string) {
	for _, line := range environment {
		if v, ok := strings.CutPrefix(line, name+"="); ok {
			value = v
		}
	}
	return value
}

// NoProxy returns the hosts that are reached without the proxy: this machine and the hosts in
// told. It omits entries that match one of Microsoft's hosts, so that no request for the local
// tenant reaches a real tenant.
func NoProxy(told string) string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	for entry := range strings.SplitSeq(told, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" || slices.Contains(hosts, entry) || slices.ContainsFunc(emulator.MicrosoftHosts, func(host string) bool { return covers(entry, host) }) {
			continue
		}
		hosts = append(hosts, entry)
	}
	return strings.Join(hosts, ",")
}

// covers reports whether an entry of NO_PROXY matches a host: by its name, by its domain, or with *.
func covers(entry, host string) bool {
	domain := strings.ToLower(strings.TrimLeft(entry, "*."))
	domain, _, _ = strings.Cut(domain, ":")
	return domain == "" || domain == host || strings.HasSuffix(host, "."+domain)
}

// systemBundles are the files in which systems store the certificates that they trust.
var systemBundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Arch, Alpine
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", // openSUSE
	"/etc/ssl/cert.pem",      // macOS, BSD
}

// writeBundle writes the authorities that the parent trusts and the tenant's authority to one file
// (0644), and returns its path.
func (d Folder) writeBundle(parent []string) (string, error) {
	own, err := os.ReadFile(d.File("ca.pem"))
	if err != nil {
		return "", err
	}
	path := d.File("ca-bundle.pem")
	var roots []byte
	for _, file := range append([]string{lookup(parent, "SSL_CERT_FILE")}, systemBundles...) {
		if file == "" || file == path || file == d.File("ca.pem") { // of another exec, or in its env file
			continue
		}
		if roots, err = os.ReadFile(file); err == nil {
			break
		}
	}
	return path, replaceFile(path, append(append(bytes.TrimRight(roots, "\n"), '\n'), own...), 0o644)
}

// writeNodeProxy writes the preload module of Node programs, and returns its path.
func (d Folder) writeNodeProxy() (string, error) {
	hosts, err := json.Marshal(emulator.MicrosoftHosts)
	if err != nil {
		return "", err
	}
	path := d.File("nodeproxy.cjs")
	return path, replaceFile(path, []byte(strings.Replace(nodeProxy, "[/* by provision exec */]", string(hosts), 1)), 0o644)
}

// replaceFile replaces a file atomically, because another exec may read or write it at the same
// time.
func replaceFile(path string, content []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	for _, step := range []func() error{func() error { return f.Chmod(mode) }, f.Close} {
		if done := step(); err == nil {
			err = done
		}
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// withPreload adds a module to Node's options, unless it is there.
func withPreload(options, path string) string {
	preload := `--require "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
	if strings.Contains(options, preload) {
		return options
	}
	return strings.TrimSpace(options + " " + preload)
}
