// Package sink stores the values of client secrets in the places that manifests name: a
// separate file, a line of a dotenv file, a secret of GitHub Actions or a secret of an
// Azure Key Vault. Each kind of sink has a Go file.
//
// A value is written only to its sink. The caller stores the data that a sink cannot
// store or does not return (a dotenv file cannot store a keyId, and GitHub does not
// return secrets).
package sink

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"provision/stack"
)

// Secret is a client secret with the data that its users need.
type Secret struct {
	Application string    `json:"application"` // uniqueName
	ClientID    string    `json:"clientId"`
	DisplayName string    `json:"displayName"`
	KeyID       string    `json:"keyId"`
	SecretText  string    `json:"secretText,omitempty"` // "" if the sink does not return it
	EndDateTime time.Time `json:"endDateTime"`

	StartDateTime time.Time `json:"startDateTime,omitzero"` // when it was created

	// Retiring are older credentials that stay valid for a while after a rotation,
	// so that clients which still use them do not fail.
	Retiring []Retiring `json:"retiring,omitempty"`
}

// Retiring is a client secret that is revoked after a time.
type Retiring struct {
	KeyID string    `json:"keyId"`
	Until time.Time `json:"until"`
}

// Retires reports whether a rotation keeps the credential valid until later than now.
func (s Secret) Retires(keyID string, now time.Time) bool {
	return slices.ContainsFunc(s.Retiring, func(r Retiring) bool { return r.KeyID == keyID && now.Before(r.Until) })
}

// Sink stores one secret.
type Sink interface {
	// Check finds out whether Write can succeed, before a secret is created that would
	// be lost.
	Check(ctx context.Context) error

	// Read returns the parts of the secret that the sink returns: everything, only the
	// value, or nothing. found is false if there is no secret.
	Read(ctx context.Context) (s Secret, found bool, err error)

	// Write replaces the secret by s. If it fails, nothing has changed.
	Write(ctx context.Context, s Secret) error

	// Forget removes the secret. It returns no error if there is none.
	Forget(ctx context.Context) error
}

// File is a sink in a file of the user's, which may contain something else.
type File interface {
	Sink

	// Content returns what is at the place of the secret: each value of a variable, or the
	// content of a file. It is empty if there is nothing.
	Content() ([]string, error)

	// Text returns the content after a Write of s.
	Text(s Secret) string

	// Taken describes something at the place of the secret that does not show that
	// provision wrote it, or returns "".
	Taken() (what string, err error)
}

// Access is the access to sinks: the services, and the project folder for files.
type Access struct {
	Project string // relative file names of manifests start here; "" is the working directory

	GitHub GitHub
	Vaults Vaults
}

// Own is provision's own file of a secret.
func Own(path string) Sink { return file(path) }

// Open returns the sink at where for a secret of application (its uniqueName).
func (a Access) Open(where stack.Sink, application string) (Sink, error) {
	switch {
	case where.Env != nil:
		return env{stack.EnvSink{File: a.Path(where.Env.File), Key: where.Env.Key}}, nil
	case where.GitHub != nil:
		return github{*where.GitHub, a.GitHub}, nil
	case where.KeyVault != nil:
		return a.Vaults.open(*where.KeyVault, application)
	}
	return named{file(a.Path(where.File)), application}, nil
}

// Path returns the path of a file that a manifest names.
func (a Access) Path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(a.Project, name)
}

// Here reports whether a sink is on this machine.
func (a Access) Here(where stack.Sink) bool {
	service := ""
	switch {
	case where.GitHub != nil:
		service = a.GitHub.URL
	case where.KeyVault != nil:
		service = where.KeyVault.Vault
	default:
		return true
	}
	u, err := url.Parse(service)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// Error is the error for a sink that cannot be used, with a hint.
type Error struct {
	Where string
	Hint  string
	Err   error
	File  bool // the sink is a file that the manifest names, and not a service
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Where, e.Err) }

func (e *Error) Unwrap() error { return e.Err }
