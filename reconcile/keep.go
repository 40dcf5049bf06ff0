package reconcile

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Keep holds what Graph shows only once: client secrets and the passwords of
// users that provision made. Its files are 0600 in a 0700 folder.
type Keep struct {
	Dir string // .provision/TARGET
}

// KeptSecret is a client secret with what is needed to use it.
type KeptSecret struct {
	Application string    `json:"application"` // uniqueName
	ClientID    string    `json:"clientId"`
	DisplayName string    `json:"displayName"`
	KeyID       string    `json:"keyId"`
	SecretText  string    `json:"secretText"`
	EndDateTime time.Time `json:"endDateTime"`

	StartDateTime time.Time `json:"startDateTime,omitzero"` // when it was made

	// Retiring are older ones that a rotation left good for a while, so that
	// whoever still has them is not cut off.
	Retiring []Retiring `json:"retiring,omitempty"`
}

// Retiring is a client secret that is revoked after a time.
type Retiring struct {
	KeyID string    `json:"keyId"`
	Until time.Time `json:"until"`
}

// retires tells whether a rotation left the credential good until later than
// now.
func (s KeptSecret) retires(keyID string, now time.Time) bool {
	return slices.ContainsFunc(s.Retiring, func(r Retiring) bool { return r.KeyID == keyID && now.Before(r.Until) })
}

// sink is the file of a secret: the one its manifest names, else one of its own.
func (k Keep) sink(application, displayName, sink string) string {
	if sink != "" {
		return sink
	}
	return filepath.Join(k.Dir, "secrets", application+"."+displayName+".json")
}

// Secret reads a kept secret; ok is false when there is none.
func (k Keep) Secret(application, displayName, sink string) (s KeptSecret, ok bool, err error) {
	ok, err = readJSON(k.sink(application, displayName, sink), &s)
	return s, ok && s.SecretText != "", err
}

func (k Keep) saveSecret(s KeptSecret, sink string) error {
	return writeJSON(k.sink(s.Application, s.DisplayName, sink), s)
}

// forgetSecrets removes the kept secrets of an application that is no more.
func (k Keep) forgetSecrets(application string) error {
	files, err := filepath.Glob(filepath.Join(k.Dir, "secrets", application+".*.json"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (k Keep) passwordFile() string { return filepath.Join(k.Dir, "passwords.json") }

// Passwords are those of the users that provision made, by userPrincipalName
// in lower case.
func (k Keep) Passwords() (map[string]string, error) {
	all := map[string]string{}
	_, err := readJSON(k.passwordFile(), &all)
	return all, err
}

// setPassword keeps a user's password; "" forgets it.
func (k Keep) setPassword(upn, password string) error {
	all, err := k.Passwords()
	if err != nil {
		return err
	}
	if all[upn] == password {
		return nil
	}
	all[upn] = password
	if password == "" {
		delete(all, upn)
	}
	return writeJSON(k.passwordFile(), all)
}

// newPassword satisfies Entra's rule of three character classes out of four.
func newPassword() (string, error) {
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, 24)
	for i := range b {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", err
		}
		b[i] = letters[n.Int64()]
	}
	return "aA4-" + string(b), nil
}

func readJSON(file string, into any) (found bool, err error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, fmt.Errorf("%s: %w", file, err)
	}
	return true, nil
}

// writeJSON replaces file in one step, so that no reader and no crash sees half
// of it.
func writeJSON(file string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".*.tmp") // CreateTemp makes it 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is left to remove once it is renamed
	if _, err := f.Write(append(raw, '\n')); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
