package signin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"provision/reconcile/sink"
)

// Cache stores the refresh tokens of a target in a folder, with a file (0600) for each
// user and client.
type Cache struct{ Dir string }

// Kept is a sign-in in the cache.
type Kept struct {
	User     string    `json:"user"` // user principal name
	ClientID string    `json:"clientId"`
	SignedIn time.Time `json:"signedIn"`
}

// entry is the content of a file.
type entry struct {
	Kept
	RefreshToken string `json:"refreshToken"`
}

// file returns the path of the refresh token for a request. Names from the tenant are not
// part of the path.
func (c Cache) file(r Request) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{r.Authority.URL, r.Client.ID, strings.ToLower(r.Account.UserPrincipalName)}, "\n")))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:16])+".json")
}

// read returns the refresh token for a request, or "".
func (c Cache) read(r Request) string {
	var e entry
	if _, err := sink.ReadJSON(c.file(r), &e); err != nil {
		return "" // the user signs in again
	}
	return e.RefreshToken
}

func (c Cache) write(r Request, refreshToken string, now time.Time) error {
	err := os.MkdirAll(c.Dir, 0o700)
	if err == nil {
		err = sink.WriteJSON(c.file(r), entry{Kept{r.Account.UserPrincipalName, r.Client.ID, now}, refreshToken})
	}
	if err != nil {
		return fmt.Errorf("keep the sign-in: %w", err)
	}
	return nil
}

func (c Cache) remove(r Request) { os.Remove(c.file(r)) }

// Forget removes the sign-ins that match, and returns how many there were.
func (c Cache) Forget(matches func(Kept) bool) (int, error) {
	entries, err := os.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	forgotten := 0
	for _, f := range entries {
		path := filepath.Join(c.Dir, f.Name())
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process has removed it, or has stored it under its name
		}
		if err != nil {
			return forgotten, err
		}
		var e entry
		_ = json.Unmarshal(raw, &e) // a damaged file has no tokens
		if !matches(e.Kept) {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return forgotten, err
		}
		forgotten++
	}
	return forgotten, nil
}
