package reconcile

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"provision/reconcile/sink"
)

// The passwords of users are stored in passwords.json, by userPrincipalName. During an
// apply, each new password is appended to a journal beside this file, so that the size
// of a write does not depend on the number of users. settlePasswords merges the two
// files.

func (k Keep) passwordFile() string    { return filepath.Join(k.Dir, "passwords.json") }
func (k Keep) passwordJournal() string { return filepath.Join(k.Dir, "passwords.jsonl") }

// passwordLine is a line of the journal.
type passwordLine struct {
	UserPrincipalName string `json:"userPrincipalName"`
	Password          string `json:"password"` // "" removes it

	// Pending is set while the tenant is requested to accept the password: it is not
	// known which password is valid.
	Pending bool `json:"pending,omitempty"`

	Set time.Time `json:"set,omitzero"` // the time of the request to the tenant
}

// passwordTimes contains, by userPrincipalName, the time when a stored password was
// set.
func (k Keep) passwordTimes() string { return filepath.Join(k.Dir, "passwords.times.json") }

// Passwords returns the passwords of users that provision created, by userPrincipalName
// in lower case.
func (k Keep) Passwords() (map[string]string, error) {
	all, _, err := k.passwords()
	return all, err
}

// passwords also returns the times when they were set, if they are known.
func (k Keep) passwords() (all map[string]string, set map[string]time.Time, err error) {
	all, set = map[string]string{}, map[string]time.Time{}
	if _, err := sink.ReadJSON(k.passwordFile(), &all); err != nil {
		return nil, nil, err
	}
	if _, err := sink.ReadJSON(k.passwordTimes(), &set); err != nil {
		return nil, nil, err
	}
	journal, err := os.ReadFile(k.passwordJournal())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	for raw := range bytes.Lines(journal) {
		var l passwordLine
		if json.Unmarshal(raw, &l) != nil {
			continue // the process was killed during this write, so the password was not used
		}
		if l.Password == "" || l.Pending {
			delete(all, l.UserPrincipalName)
			delete(set, l.UserPrincipalName)
		} else {
			all[l.UserPrincipalName], set[l.UserPrincipalName] = l.Password, l.Set
		}
	}
	return all, set, nil
}

// setPassword stores a user's password and the time when the tenant accepts it; ""
// removes it.
func (k Keep) setPassword(upn, password string, at time.Time) error {
	return k.journal(passwordLine{UserPrincipalName: upn, Password: password, Set: at.UTC()})
}

// journal appends a line. If the last line is incomplete, it starts a new one.
func (k Keep) journal(l passwordLine) error {
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(k.passwordJournal(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(append([]byte{'\n'}, raw...), '\n'))
	return errors.Join(err, f.Close())
}

// settlePasswords merges the journal into the file. If it is killed in between, the
// next call does the same again.
func (k Keep) settlePasswords() error {
	if _, err := os.Stat(k.passwordJournal()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	all, set, err := k.passwords()
	if err != nil {
		return err
	}
	if err := sink.WriteJSON(k.passwordFile(), all); err != nil {
		return err
	}
	if err := sink.WriteJSON(k.passwordTimes(), set); err != nil {
		return err
	}
	return os.Remove(k.passwordJournal())
}

// newPassword satisfies Entra's rule of three out of four character classes.
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
