package reconcile

import (
	"strings"

	"provision/reconcile/sink"
)

// KeptSecret describes where a client secret is stored.
type KeptSecret struct {
	Application, KeyID string
	Where              string // a file or a sink, as displayed

	Retiring []sink.Retiring // older secrets, which a rotation replaced
}

// KeptSecrets lists the stored client secrets of the target, without their values.
func (k Keep) KeptSecrets() ([]KeptSecret, error) {
	index, err := k.index()
	if err != nil {
		return nil, err
	}
	var all []KeptSecret
	for application, entries := range index {
		for _, e := range entries {
			where := e.file
			if text := e.Sink.String(); text != "" {
				where = text
			}
			all = append(all, KeptSecret{application, strings.ToLower(e.KeyID), where, e.Retiring})
		}
	}
	return all, nil
}

// PasswordFile returns the file with the passwords of users.
func (k Keep) PasswordFile() string { return k.passwordFile() }
