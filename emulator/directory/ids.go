package directory

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"
)

func newID() string { return uuid.NewString() }

// newLinkID makes the id of an assignment or a grant: as in Entra no GUID, but
// 32 bytes in base64url.
func newLinkID() string { return randomText(32) }

func randomText(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func isUUID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == 36
}

func same(a, b string) bool { return strings.EqualFold(a, b) }
