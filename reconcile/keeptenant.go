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

// CheckTenant refuses, with a *sink.Refused, to change a tenant if the folder contains the secrets
// of another one, which was the same target before: they would be overwritten or removed. Otherwise
// it records the tenant.
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
		return &sink.Refused{File: k.Dir, Why: fmt.Sprintf("it contains the secrets of tenant %s, which was this target before", recorded.ID), Flag: "--overwrite"}
	}
	return sink.WriteJSON(file, keptTenant{ID: id})
}
