package directory

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

func newID() string { return uuid.NewString() }

// newLinkID creates the id of an assignment or a grant. As in Entra it is not a GUID,
// but 32 bytes in base64url.
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

// securityID returns the Windows security identifier that Entra derives from an object id:
// its four little-endian words.
func securityID(id string) string {
	u := uuid.MustParse(id)
	swapped := []byte{u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6]}
	b := append(swapped, u[8:]...)
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	return fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", word(0), word(1), word(2), word(3))
}

func same(a, b string) bool { return strings.EqualFold(a, b) }
