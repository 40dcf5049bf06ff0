package scenario

import (
	"net/http"
	"time"

	referenceapi "provision/reference-api"
)

// person is a user, identified by tenant and object id, which are never reused for
// another user. Names can change and are stored only for display.
type person struct {
	TenantID   string    `json:"tid"`
	ObjectID   string    `json:"oid"`
	Name       string    `json:"name"`
	Username   string    `json:"username"`
	Registered time.Time `json:"registered"`
	Requests   int       `json:"requests"`
}

// openPeople registers each user at the first request.
func openPeople(c Config) (*Scenario, error) {
	kept, err := openStore[person](c.Dir, "people")
	if err != nil {
		return nil, err
	}
	me := func(w http.ResponseWriter, r *http.Request) {
		claims := referenceapi.Claims(r.Context())
		known, err := kept.update(claims.TenantID+"/"+claims.ObjectID, func(p person, found bool) person {
			if !found {
				p = person{TenantID: claims.TenantID, ObjectID: claims.ObjectID, Registered: time.Now().UTC()}
			}
			p.Name, p.Username = claims.Name, claims.Username
			p.Requests++
			return p
		})
		if err != nil {
			broken(w)
			return
		}
		referenceapi.WriteJSON(w, http.StatusOK, known)
	}
	return &Scenario{close: kept.close, Handlers: map[string]http.Handler{"GET /api/me": http.HandlerFunc(me)}}, nil
}

// openProfile answers with the profile of the signed-in user, which it reads from the
// token.
func openProfile(Config) (*Scenario, error) {
	me := func(w http.ResponseWriter, r *http.Request) {
		claims := referenceapi.Claims(r.Context())
		referenceapi.WriteJSON(w, http.StatusOK, map[string]any{
			"oid": claims.ObjectID, "name": claims.Name, "username": claims.Username, "scopes": claims.Scopes, "roles": claims.Roles,
		})
	}
	return &Scenario{Handlers: map[string]http.Handler{"GET /api/me": http.HandlerFunc(me)}}, nil
}
