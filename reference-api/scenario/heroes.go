package scenario

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	referenceapi "provision/reference-api"
)

type hero struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Power string `json:"power,omitempty"`
}

const maxHeroText = 200 // bytes of a name or a power

// heroes answers the four requests of the heroes API.
type heroes struct{ kept *store[hero] }

func openHeroes(c Config) (*Scenario, error) {
	kept, err := openStore[hero](c.Dir, "heroes")
	if err != nil {
		return nil, err
	}
	h := heroes{kept}
	return &Scenario{close: kept.close, Handlers: map[string]http.Handler{
		"POST /heroes/":       http.HandlerFunc(h.create),
		"GET /heroes/":        http.HandlerFunc(h.list),
		"GET /heroes/{id}":    http.HandlerFunc(h.read),
		"DELETE /heroes/{id}": http.HandlerFunc(h.remove),
	}}, nil
}

func (h heroes) create(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Name  string `json:"name"`
		Power string `json:"power"`
	}
	decoder := json.NewDecoder(r.Body)
	err := decoder.Decode(&wanted)
	if _, more := decoder.Token(); err == nil && more != io.EOF {
		err = errors.New("something follows the object")
	}
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		detail(w, http.StatusRequestEntityTooLarge, "The body is too large")
		return
	case err != nil:
		detail(w, http.StatusBadRequest, "The body is not a JSON object")
		return
	case strings.TrimSpace(wanted.Name) == "" || len(wanted.Name) > maxHeroText || len(wanted.Power) > maxHeroText:
		detail(w, http.StatusUnprocessableEntity, "A hero has a name and may have a power, each of at most 200 bytes")
		return
	}
	id := uuid.Must(uuid.NewV7()).String() // in the order of their making
	made, err := h.kept.update(id, func(hero, bool) hero {
		return hero{ID: id, Name: wanted.Name, Power: wanted.Power}
	})
	if err != nil {
		broken(w)
		return
	}
	w.Header().Set("Location", "/heroes/"+made.ID)
	referenceapi.WriteJSON(w, http.StatusCreated, made)
}

func (h heroes) list(w http.ResponseWriter, _ *http.Request) {
	all, err := h.kept.all()
	if err != nil {
		broken(w)
		return
	}
	referenceapi.WriteJSON(w, http.StatusOK, all)
}

func (h heroes) read(w http.ResponseWriter, r *http.Request) {
	found, ok, err := h.kept.get(r.PathValue("id"))
	switch {
	case err != nil:
		broken(w)
	case !ok:
		detail(w, http.StatusNotFound, "No such hero")
	default:
		referenceapi.WriteJSON(w, http.StatusOK, found)
	}
}

func (h heroes) remove(w http.ResponseWriter, r *http.Request) {
	found, err := h.kept.remove(r.PathValue("id"))
	switch {
	case err != nil:
		broken(w)
	case !found:
		detail(w, http.StatusNotFound, "No such hero")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func detail(w http.ResponseWriter, status int, text string) {
	referenceapi.WriteJSON(w, status, map[string]string{"detail": text})
}

func broken(w http.ResponseWriter) {
	detail(w, http.StatusInternalServerError, "The request could not be carried out")
}
