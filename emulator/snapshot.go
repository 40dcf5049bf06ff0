package emulator

import (
	"errors"
	"io"
	"net/http"

	"provision/emulator/directory"
)

// maxSnapshot bounds the size of a snapshot that is restored.
const maxSnapshot = 512 << 20

// snapshot returns the content of a tenant's directory.
func (e *Emulator) snapshot(w http.ResponseWriter, r *http.Request) {
	d, found := e.tenantAsked(w, r)
	if !found {
		return
	}
	dump := d.Canonical
	switch format := r.URL.Query().Get("format"); format {
	case "", "canonical":
	case "full":
		dump = d.Export
	default:
		managementError(w, http.StatusBadRequest, "unknown format %q: canonical or full", format)
		return
	}
	data, err := dump()
	if err != nil {
		managementError(w, http.StatusInternalServerError, "%v", err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(data)
}

// takeSnapshotBack restores a tenant's directory from a full snapshot.
func (e *Emulator) takeSnapshotBack(w http.ResponseWriter, r *http.Request) {
	d, found := e.tenantAsked(w, r)
	if !found {
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSnapshot))
	if err != nil {
		managementError(w, http.StatusBadRequest, "read request: %v", err)
		return
	}
	answerChange(w, d.Import(data))
}

// reset restores the initial directory of a tenant.
func (e *Emulator) reset(w http.ResponseWriter, r *http.Request) {
	if d, found := e.tenantAsked(w, r); found {
		answerChange(w, d.Reset())
	}
}

func answerChange(w http.ResponseWriter, err error) {
	var refusal *directory.Error
	switch {
	case errors.As(err, &refusal):
		managementError(w, refusal.Status, "%s", refusal.Message)
	case err != nil:
		managementError(w, http.StatusInternalServerError, "%v", err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// signIns answers the sign-in log, oldest first.
func (e *Emulator) signIns(w http.ResponseWriter, r *http.Request) {
	if d, found := e.tenantAsked(w, r); found {
		managementAnswer(w, map[string]any{"value": d.SignIns()})
	}
}
