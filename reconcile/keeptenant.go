package reconcile

import (
	"fmt"
	"path/filepath"
	"strings"

	"provision/reconcile/sink"
)

// keptTenant is the tenant whose secrets and records a folder contains.
type keptTenant struct {
	ID string `json:"id"`
}

// CheckTenant returns a *sink.Refused if the folder contains the secrets of another tenant, because
// the target referred to that tenant before: a change would overwrite or remove its secrets.
// Otherwise CheckTenant records the tenant.
func (k Keep) CheckTenant(id string) error {
	file := filepath.Join(k.Dir, "tenant.json")
	var recorded keptTenant
	if _, err := sink.ReadJSON(file, &recorded); err != nil {
		return err
	}
	if strings.EqualFold(recorded.ID, id) {
		return nil
	}
	kept, err := k.KeptSecrets()
	if err != nil {
		return err
	}
	if recorded.ID != "" && len(kept) > 0 && !k.Overwrite {
		return &sink.Refused{File: k.Dir, Why: fmt.Sprintf("it contains the secrets of tenant %s, to which this target referred before", recorded.ID), Flag: "--overwrite"}
	}
	return sink.WriteJSON(file, keptTenant{ID: id})
}
