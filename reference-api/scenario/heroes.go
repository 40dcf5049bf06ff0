package scenario

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/google/uuid"

	referenceapi "provision/reference-api"
)

// hero is the stored object. Every field that is not a pointer is required.
type hero struct {
	ID                string  `json:"id"` // assigned by the API; a value in a request is ignored
	Name              string  `json:"name"`
	Race              string  `json:"race"`
	Class             string  `json:"class_"`
	Level             int     `json:"level"`
	HitPoints         int     `json:"hit_points"`
	ArmorClass        int     `json:"armor_class"`
	Speed             int     `json:"speed"`
	Background        *string `json:"background"`
	Alignment         *string `json:"alignment"`
	PersonalityTraits *string `json:"personality_traits"`
	Ideals            *string `json:"ideals"`
	Bonds             *string `json:"bonds"`
	Flaws             *string `json:"flaws"`
}

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
	data, err := io.ReadAll(r.Body)
	if errors.As(err, new(*http.MaxBytesError)) {
		detail(w, http.StatusRequestEntityTooLarge, "The body is too large")
		return
	}
	var stated map[string]json.RawMessage
	if err != nil || json.Unmarshal(data, &stated) != nil || stated == nil {
		detail(w, http.StatusBadRequest, "The body is not a JSON object")
		return
	}
	for _, name := range []string{"name", "race", "class_", "level", "hit_points", "armor_class", "speed"} {
		if _, ok := stated[name]; !ok {
			detail(w, http.StatusUnprocessableEntity, "A hero has a "+name)
			return
		}
	}
	var wanted hero
	if json.Unmarshal(data, &wanted) != nil {
		detail(w, http.StatusUnprocessableEntity, "A member of the hero is of the wrong type")
		return
	}
	wanted.ID = uuid.Must(uuid.NewV7()).String() // in the order of their making
	made, err := h.kept.update(wanted.ID, func(hero, bool) hero { return wanted })
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
