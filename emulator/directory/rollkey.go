package directory

import (
	"crypto/sha256"
	"slices"
)

// AddKey gives an application or a service principal a certificate and, if the
// certificate comes with its private key, the password of the key. Source:
// learn.microsoft.com/graph/api/application-addkey.
func (tx *Tx) AddKey(holderID string, key KeyCredential, password string) (KeyCredential, error) {
	key.KeyID = newID()
	if key.StartDateTime.IsZero() && key.Usage == "Sign" { // Entra takes the time from the certificate, which is not read here
		key.StartDateTime, key.EndDateTime = tx.now, tx.now.AddDate(1, 0, 0)
	}
	err := tx.changeKeys(holderID, func(keys []KeyCredential, passwords []PasswordCredential) ([]KeyCredential, []PasswordCredential, error) {
		all := append(slices.Clone(keys), key)
		if err := checkKeys(keys, all); err != nil {
			return nil, nil, err
		}
		key = all[len(all)-1]
		if password != "" {
			hash := sha256.Sum256([]byte(password))
			passwords = append(slices.Clone(passwords), PasswordCredential{KeyID: key.KeyID, CustomKeyIdentifier: key.CustomKeyIdentifier,
				StartDateTime: key.StartDateTime, EndDateTime: key.EndDateTime, Hint: hintOf(password), Hash: hash[:]})
		}
		return all, passwords, nil
	})
	return key, err
}

// hintOf returns the hint of a secret: its first three characters.
func hintOf(secret string) string {
	letters := []rune(secret)
	return string(letters[:min(3, len(letters))])
}

// RemoveKey removes a certificate, and its password if it has one.
func (tx *Tx) RemoveKey(holderID, keyID string) error {
	return tx.changeKeys(holderID, func(keys []KeyCredential, passwords []PasswordCredential) ([]KeyCredential, []PasswordCredential, error) {
		without := slices.DeleteFunc(slices.Clone(keys), func(k KeyCredential) bool { return same(k.KeyID, keyID) })
		if len(without) == len(keys) {
			return nil, nil, badRequest("No key credential found with keyId '%s'.", keyID)
		}
		passwords = slices.DeleteFunc(slices.Clone(passwords), func(p PasswordCredential) bool { return same(p.KeyID, keyID) })
		return without, passwords, nil
	})
}

func (tx *Tx) changeKeys(holderID string, change func([]KeyCredential, []PasswordCredential) ([]KeyCredential, []PasswordCredential, error)) (err error) {
	if app, ok := tx.Application(holderID); ok {
		app = app.Clone()
		if app.KeyCredentials, app.PasswordCredentials, err = change(app.KeyCredentials, app.PasswordCredentials); err != nil {
			return err
		}
		return tx.storeApplication(app)
	}
	sp, ok := tx.ServicePrincipal(holderID)
	if !ok {
		return NotFound(holderID)
	}
	sp = sp.Clone()
	if sp.KeyCredentials, sp.PasswordCredentials, err = change(sp.KeyCredentials, sp.PasswordCredentials); err != nil {
		return err
	}
	tx.put(servicePrincipals, sp)
	return nil
}
