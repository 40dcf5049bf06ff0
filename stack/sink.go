package stack

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"strings"
)

// Sink is the place that stores the value of a secret: exactly one field is set, or none
// for provision's own file.
type Sink struct {
	File     string        `json:"file,omitempty"` // from the project folder
	Env      *EnvSink      `json:"env,omitempty"`
	GitHub   *GitHubSink   `json:"github,omitempty"`
	KeyVault *KeyVaultSink `json:"keyVault,omitempty"`
}

// EnvSink is a line of a dotenv file.
type EnvSink struct {
	File string `json:"file"` // from the project folder
	Key  string `json:"key"`
}

// GitHubSink is a secret of GitHub Actions: of a repository or, if Environment is set,
// of an environment of the repository.
type GitHubSink struct {
	Repository  string `json:"repository"` // OWNER/NAME
	Environment string `json:"environment,omitempty"`
	Name        string `json:"name"`
}

// KeyVaultSink is a secret of an Azure Key Vault.
type KeyVaultSink struct {
	Vault string `json:"vault"` // its URL
	Name  string `json:"name"`
}

// UnmarshalJSON reads an object, or a string for a file.
func (s *Sink) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &s.File)
	}
	type object Sink
	return json.Unmarshal(raw, (*object)(s))
}

// Waits reports whether the sink is known only after Terraform has created it.
func (s Sink) Waits() bool { return s.KeyVault != nil && len(OutputsOf(s.KeyVault.Vault)) > 0 }

// Path returns the file of the user that contains the secret, or "" for other sinks.
func (s Sink) Path() string {
	if s.Env != nil {
		return s.Env.File
	}
	return s.File
}

// String returns the displayed form of the sink. Sinks with equal forms are the same sink.
func (s Sink) String() string {
	switch {
	case s.Env != nil:
		return s.Env.Key + " in " + filepath.Clean(s.Env.File)
	case s.GitHub != nil && s.GitHub.Environment != "":
		return "secret " + strings.ToUpper(s.GitHub.Name) + " of " + s.GitHub.Repository + ", environment " + s.GitHub.Environment
	case s.GitHub != nil:
		return "secret " + strings.ToUpper(s.GitHub.Name) + " of " + s.GitHub.Repository
	case s.KeyVault != nil:
		return "secret " + strings.ToLower(s.KeyVault.Name) + " of " + strings.ToLower(strings.TrimSuffix(s.KeyVault.Vault, "/"))
	case s.File != "":
		return filepath.Clean(s.File)
	}
	return ""
}

// checkSecrets checks that no other secret has the name or the place of a secret.
func (l *loader) checkSecrets(s *loaded, a *Application) {
	seen := map[string]bool{}
	for i, secret := range a.Secrets {
		at := func(path ...any) Position {
			return l.at(s, "Application", a.Name, append([]any{"secrets", i}, path...)...)
		}
		if seen[secret.Name] {
			l.mistakes.add(at("name"), "", "secret %q is declared twice", secret.Name)
		}
		seen[secret.Name] = true
		if _, err := Lifetime(secret.Lifetime); err != nil {
			l.mistakes.add(at("lifetime"), cmp.Or(DurationHint(secret.Lifetime, Lifetime), "write a number of days up to 730, e.g. 180d"), "lifetime: %v", err)
		}
		if g := secret.Sink.GitHub; g != nil && strings.HasPrefix(strings.ToUpper(g.Name), "GITHUB_") {
			l.mistakes.add(at("sink", "github", "name"), "choose another name", "GitHub reserves names that begin with GITHUB_")
		}
		place := secret.Sink.String()
		if place == "" {
			continue
		}
		owner := s.Name + "/" + a.Name + "/" + secret.Name
		if first, taken := l.sinks[place]; taken {
			l.mistakes.add(at("sink"), "choose another sink: each secret needs its own", "secret %s uses the same sink: %s", first, place)
		} else if file := secret.Sink.Path(); file != "" {
			l.checkFile(at("sink"), file, secret.Sink.Env != nil, "secret "+owner)
		}
		l.sinks[place] = owner
	}
}

// checkFile checks that a file is not one of provision's own, and that no secret and no Output has it: only lines of a
// dotenv file can be several secrets.
func (l *loader) checkFile(at Position, file string, line bool, owner string) {
	file = filepath.Clean(file)
	if first, _, _ := strings.Cut(filepath.ToSlash(file), "/"); first == ".provision" {
		l.mistakes.add(at, "choose a file outside of .provision", "%s is in the folder in which provision keeps its own files", file)
	}
	first, taken := l.files[file]
	if taken && !(line && first.lines) {
		l.mistakes.add(at, "choose another file", "%s uses the same file: %s", first.owner, file)
	}
	if !taken {
		l.files[file] = fileUse{owner, line}
	}
}

// fileUse is what a file of the manifests contains: one secret or Output, or lines of which some are secrets.
type fileUse struct {
	owner string
	lines bool
}
