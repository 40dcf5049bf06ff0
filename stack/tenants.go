package stack

import (
	"bytes"
	"encoding/json"
)

// Tenants are the tenants whose users and applications an API admits. The zero value is
// the home tenant alone.
type Tenants struct {
	Any    bool     // of every tenant
	Others []string // domains or ids of tenants other than the home tenant
}

// Home reports whether only the home tenant is permitted.
func (t Tenants) Home() bool { return !t.Any && len(t.Others) == 0 }

// UnmarshalJSON reads home, any, or a list.
func (t *Tenants) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		var list []string
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for _, name := range list {
			if name != "home" {
				t.Others = append(t.Others, name)
			}
		}
		return nil
	}
	var word string
	err := json.Unmarshal(raw, &word)
	t.Any = word == "any"
	return err
}
