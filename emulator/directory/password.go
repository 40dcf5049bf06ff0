package directory

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"
	"time"
	"unicode"
)

// passwordIterations is far lower than a public service requires: the passwords give access only
// to a tenant on this machine and are stored next to it. Tests sign in hundreds of times, and a
// plan can test thousands of passwords.
const passwordIterations = 1_000

// PasswordHash keeps a user's password as PBKDF2-HMAC-SHA256 (RFC 8018).
type PasswordHash struct {
	Salt       []byte    `json:"salt"`
	Iterations int       `json:"iterations"`
	Key        []byte    `json:"key"`
	Changed    time.Time `json:"changed,omitzero"` // in whole seconds; zero: it is the first password
}

func hashPassword(password string) PasswordHash {
	h := PasswordHash{Salt: make([]byte, 16), Iterations: passwordIterations}
	rand.Read(h.Salt)
	h.Key = h.derive(password)
	return h
}

func (h PasswordHash) derive(password string) []byte {
	key, err := pbkdf2.Key(sha256.New, password, h.Salt, h.Iterations, sha256.Size)
	if err != nil {
		panic("directory: pbkdf2: " + err.Error()) // cannot fail: the key length and the salt are constants
	}
	return key
}

// CheckPassword reports whether text is the user's password.
func (u *User) CheckPassword(text string) bool {
	if len(u.Password.Key) == 0 {
		return false
	}
	return subtle.ConstantTimeCompare(u.Password.derive(text), u.Password.Key) == 1
}

// Matches reports whether secret is the text of the credential. It does not check
// whether the credential has expired.
func (c PasswordCredential) Matches(secret string) bool {
	hash := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(hash[:], c.Hash) == 1
}

// checkComplexity checks a password against Entra's default policy: 8 to 256
// characters, of three of the kinds lower case, upper case, digits and symbols.
// Source: learn.microsoft.com/entra/identity/authentication/concept-sspr-policy.
func checkComplexity(password string) error {
	kinds := map[string]bool{}
	length := 0
	for _, c := range password {
		length++
		switch {
		case unicode.IsLower(c):
			kinds["lower"] = true
		case unicode.IsUpper(c):
			kinds["upper"] = true
		case unicode.IsDigit(c):
			kinds["digit"] = true
		default:
			kinds["symbol"] = true
		}
	}
	if length < 8 || length > 256 || len(kinds) < 3 {
		return &Error{Status: 400, Code: "Request_BadRequest", Target: "passwordProfile",
			Message: "The specified password does not comply with password complexity requirements. Please provide a different password."}
	}
	return nil
}

// newSecret creates the value of a client secret: 40 characters of Entra's alphabet, of
// which the fourth and fifth are "8Q".
func newSecret() string {
	t := strings.ReplaceAll(randomText(30), "-", "~")
	return t[:3] + "8Q" + t[5:]
}

// AddPassword creates a client secret of an application or a service principal and
// returns it with its text, which cannot be read again. Start defaults to now,
// end to two years later.
func (tx *Tx) AddPassword(holderID string, c PasswordCredential) (PasswordCredential, error) {
	c, kept := tx.makePassword(c)
	if err := checkLifetime(kept); err != nil {
		return c, err
	}
	if app, ok := tx.Application(holderID); ok {
		if err := tx.restrictionsOf(app.ID, false).checkNewPassword(app.CreatedDateTime, kept); err != nil {
			return c, err
		}
		app = app.Clone()
		app.PasswordCredentials = append(app.PasswordCredentials, kept)
		return c, tx.storeApplication(app)
	}
	if sp, ok := tx.ServicePrincipal(holderID); ok {
		if err := tx.restrictionsOf(sp.ID, true).checkNewPassword(sp.CreatedDateTime, kept); err != nil {
			return c, err
		}
		sp = sp.Clone()
		sp.PasswordCredentials = append(sp.PasswordCredentials, kept)
		tx.put(servicePrincipals, sp)
		return c, nil
	}
	return c, NotFound(holderID)
}

// RemovePassword removes a client secret.
func (tx *Tx) RemovePassword(holderID, keyID string) error {
	without := func(credentials []PasswordCredential) ([]PasswordCredential, error) {
		for i, c := range credentials {
			if same(c.KeyID, keyID) {
				return append(credentials[:i:i], credentials[i+1:]...), nil
			}
		}
		return nil, badRequest("No password credential found with keyId '%s'.", keyID)
	}
	var err error
	if app, ok := tx.Application(holderID); ok {
		app = app.Clone()
		if app.PasswordCredentials, err = without(app.PasswordCredentials); err != nil {
			return err
		}
		return tx.storeApplication(app)
	}
	if sp, ok := tx.ServicePrincipal(holderID); ok {
		sp = sp.Clone()
		if sp.PasswordCredentials, err = without(sp.PasswordCredentials); err != nil {
			return err
		}
		tx.put(servicePrincipals, sp)
		return nil
	}
	return NotFound(holderID)
}

// keptPasswords returns the stored secrets that an update still lists. An update can remove
// secrets, but cannot change or add a secret.
func keptPasswords(stored, listed []PasswordCredential) ([]PasswordCredential, error) {
	var kept []PasswordCredential
	for _, l := range listed {
		i := slices.IndexFunc(stored, func(c PasswordCredential) bool { return same(c.KeyID, l.KeyID) })
		if i < 0 {
			return nil, badRequest("New password credentials must be generated using service actions.")
		}
		kept = append(kept, stored[i])
	}
	return kept, nil
}

// makePassword completes a credential with defaults. It returns two versions: one for
// the answer, with the secret, and one for the store.
func (tx *Tx) makePassword(c PasswordCredential) (answered, kept PasswordCredential) {
	secret := newSecret()
	hash := sha256.Sum256([]byte(secret))
	c.KeyID, c.Hint, c.SecretText, c.Hash = newID(), secret[:3], nil, hash[:]
	if c.StartDateTime.IsZero() {
		c.StartDateTime = tx.now
	}
	if c.EndDateTime.IsZero() {
		c.EndDateTime = c.StartDateTime.AddDate(2, 0, 0)
	}
	kept = c
	c.SecretText, c.Hash = &secret, nil
	return c, kept
}

func checkLifetime(c PasswordCredential) error {
	if c.EndDateTime.Before(c.StartDateTime.Add(time.Second)) {
		return badRequest("The endDateTime of a password credential must be later than its startDateTime.")
	}
	return nil
}
