package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"provision/stack"
)

// ownedOrder is an order with its creator.
type ownedOrder struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	Name  string `json:"name"`
	Read  int    `json:"timesRead"`
}

// shop is an API that stores orders with their creators.
type shop struct {
	ruled
	allows  func(c claims, o *ownedOrder, r *http.Request) bool // nil: correct
	owner   func(c claims, r *http.Request, body map[string]any) string
	refuses func(w http.ResponseWriter, r *http.Request, s *shop, o *ownedOrder) // nil: 404
	lists   func(c claims, o *ownedOrder, r *http.Request) bool

	mu     sync.Mutex
	last   int
	orders map[string]*ownedOrder
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, c := s.status(r.Header.Get("Authorization"))
	if status != 200 {
		answer(w, status, object{"detail": "no"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	body := object{}
	_ = json.NewDecoder(r.Body).Decode(&body)
	name, _ := body["name"].(string)
	oid, _ := c["oid"].(string)
	switch {
	case r.URL.Path == "/orders" && r.Method == "POST":
		s.last++
		o := &ownedOrder{ID: fmt.Sprint("o", s.last), Owner: oid, Name: name}
		if s.owner != nil {
			o.Owner = s.owner(c, r, body)
		}
		s.orders[o.ID] = o
		w.Header().Set("Location", "/orders/"+o.ID)
		answer(w, 201, o)
		return
	case r.URL.Path == "/orders" && r.Method == "GET":
		var mine []*ownedOrder
		for _, id := range slices.Sorted(maps.Keys(s.orders)) {
			if o := s.orders[id]; o.Owner == oid && s.lists == nil || s.lists != nil && s.lists(c, o, r) {
				mine = append(mine, o)
			}
		}
		answer(w, 200, object{"value": mine})
		return
	}
	o := s.orders[strings.TrimPrefix(r.URL.Path, "/orders/")]
	allowed := o != nil && (o.Owner == oid || c.role("Admin"))
	if o != nil && s.allows != nil {
		allowed = s.allows(c, o, r)
	}
	switch {
	case o == nil:
		answer(w, 404, object{"detail": "no such order"})
	case !allowed && s.refuses != nil:
		s.refuses(w, r, s, o)
	case !allowed:
		answer(w, 404, object{"detail": "no such order"})
	case r.Method == "GET" || r.Method == "HEAD":
		o.Read++
		answer(w, 200, o)
	case r.Method == "PUT" || r.Method == "PATCH":
		o.Name = name
		answer(w, 200, o)
	case r.Method == "DELETE":
		delete(s.orders, o.ID)
		w.WriteHeader(204)
	default:
		answer(w, 405, nil)
	}
}

func shopSuite(t *testing.T, s *shop, endpoints ...string) *Suite {
	t.Helper()
	suite := ruledSuite(t, stack.Requires{}, nil)
	s.issuer, s.orders = suite.Issuer.URL, map[string]*ownedOrder{}
	s.decide = func(c claims) bool { return c.scope("Orders.Read") }
	server := serve(t, s)
	suite.Target = Target{URL: server.URL, HTTPClient: server.Client()}
	requires := stack.Requires{AnyOf: []stack.Requires{{Scopes: []string{"Orders.Read"}, Owner: true}, {Scopes: []string{"Orders.Read"}, AnyRole: []string{"Admin"}}}}
	setup := &stack.Fixture{Request: "POST /orders", As: stack.As{User: "ina"}, Body: object{"name": "${unique}"}, Capture: map[string]stack.Capture{"order": {Header: "Location", Match: "([^/]+)$"}}}
	cleanup := &stack.Fixture{Request: "DELETE /orders/${setup.order}", As: stack.As{User: "max"}}
	suite.Document.Endpoints = nil
	for _, request := range endpoints {
		e := stack.Endpoint{Request: request, Requires: &requires, Setup: setup, Cleanup: cleanup}
		switch method, path, _ := strings.Cut(request, " "); {
		case path == "/orders":
			e.Requires = &stack.Requires{Scopes: []string{"Orders.Read"}, Owner: true}
			e.Expect = &stack.Expect{Contains: "${setup.order}"}
		default:
			e.Parameters = object{"id": "${setup.order}"}
			if method == "PUT" || method == "PATCH" {
				e.Body = object{"name": "${unique}"}
			}
		}
		suite.Document.Endpoints = append(suite.Document.Endpoints, e)
	}
	return suite
}

func TestOwnersOfObjects(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*shop{
		"404": {},
		"403": {refuses: func(w http.ResponseWriter, _ *http.Request, _ *shop, _ *ownedOrder) {
			answer(w, 403, object{"detail": "not yours"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite := shopSuite(t, s, "GET /orders/{id}", "PUT /orders/{id}", "DELETE /orders/{id}", "GET /orders")
			if name != "404" {
				solely(suite, Authorization)
			}
			r := run(t, suite)
			for _, result := range r.results {
				if result.Outcome == Fail || result.Outcome == Error || result.Outcome == Skip && strings.HasPrefix(result.Name, "owner") {
					t.Errorf("%s: %s %d: %s %s", result.ID, result.Outcome, result.Status, result.Reason, result.Cause)
				}
			}
			if len(r.summary.Unproven) > 0 {
				t.Errorf("unproven: %v", r.summary.Unproven)
			}
		})
	}
}

// Callers who may read the objects of others may also request the head at the endpoint of another
// method, even if its parameter has another name.
func TestHeadOfAnotherUsersObject(t *testing.T) {
	t.Parallel()
	mine := func(c claims, o *ownedOrder) bool { return o.Owner == c["oid"] }
	for name, c := range map[string]struct {
		read  string
		allow func(claims, *ownedOrder, *http.Request) bool
		want  Outcome
	}{
		"by the GET of administrators": {"GET /orders/{order}", func(c claims, o *ownedOrder, r *http.Request) bool {
			return mine(c, o) || c.role("Admin") && (r.Method == "GET" || r.Method == "HEAD")
		}, Pass},
		"nobody else may": {"GET /orders/{order}", func(c claims, o *ownedOrder, r *http.Request) bool {
			return mine(c, o) || c.role("Admin") && r.Method == "GET" || r.Method == "HEAD"
		}, Fail},
		"no GET is stated": {"", func(c claims, o *ownedOrder, r *http.Request) bool {
			return mine(c, o) || c.role("Admin") && r.Method == "HEAD"
		}, Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := []string{"DELETE /orders/{id}"}
			if c.read != "" {
				requests = append(requests, c.read)
			}
			suite := solely(shopSuite(t, &shop{allows: c.allow}, requests...), Authorization)
			suite.Document.Endpoints[0].Requires = &stack.Requires{Scopes: []string{"Orders.Read"}, Owner: true}
			for i := range suite.Document.Endpoints {
				e := &suite.Document.Endpoints[i]
				e.Parameters = object{"id": "${setup.order}", "order": "${setup.order}"}
				e.Cleanup = &stack.Fixture{Request: "DELETE /orders/${setup.order}", As: stack.As{User: "ina"}}
			}
			r := run(t, suite)
			wrong := slices.DeleteFunc(r.ids(Fail), func(id string) bool { return !strings.HasSuffix(id, ": owner-methods") })
			if (len(wrong) > 0) != (c.want == Fail) {
				t.Errorf("failed: %q, want %s", wrong, c.want)
			}
		})
	}
}

func TestOwnerMutants(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	mine := func(c claims, o *ownedOrder) bool { return o.Owner == c["oid"] || c.role("Admin") }
	claimed := func(c claims, o *ownedOrder, value string) bool { return mine(c, o) || value == o.Owner }
	for name, m := range map[string]struct {
		request, kills string
		shop           *shop
	}{
		"nobody looks":            {"GET /orders/{id}", "owner-peer", &shop{allows: func(claims, *ownedOrder, *http.Request) bool { return true }}},
		"deletes for everybody":   {"DELETE /orders/{id}", "owner-peer", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool { return r.Method == "DELETE" || mine(c, o) }}},
		"an undeclared delete":    {"GET /orders/{id}", "owner-methods", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool { return r.Method == "DELETE" || mine(c, o) }}},
		"an undeclared change":    {"GET /orders/{id}", "owner-methods", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool { return r.Method == "PATCH" || mine(c, o) }}},
		"HEAD":                    {"GET /orders/{id}", "owner-methods", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool { return r.Method == "HEAD" || mine(c, o) }}},
		"the client is the owner": {"GET /orders/{id}", "owner-peer", &shop{owner: func(c claims, _ *http.Request, _ map[string]any) string { return fmt.Sprint(c["azp"]) }, allows: func(c claims, o *ownedOrder, _ *http.Request) bool { return o.Owner == c["azp"] }}},
		"the owner in the query":  {"GET /orders/{id}", "owner-claimed", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool { return claimed(c, o, r.URL.Query().Get("owner")) }}},
		"the owner in a header":   {"GET /orders/{id}", "owner-claimed", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool { return claimed(c, o, r.Header.Get("X-Owner")) }}},
		"the user in a header":    {"GET /orders/{id}", "owner-claimed", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool { return claimed(c, o, r.Header.Get("X-User-Id")) }}},
		"the user of Impersonate-User": {"GET /orders/{id}", "owner-claimed", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool {
			return claimed(c, o, r.Header.Get("Impersonate-User"))
		}}},
		"a role of nobody here": {"GET /orders/{id}", "owner-roles", &shop{allows: func(c claims, o *ownedOrder, _ *http.Request) bool {
			return mine(c, o) || c.role("Auditor") && !c.role("Clerk") || c.role("Owner") && c.role("Auditor")
		}}},
		"the owner's name": {"GET /orders/{id}", "owner-names", &shop{owner: func(c claims, _ *http.Request, _ map[string]any) string { return fmt.Sprint(c["preferred_username"]) },
			allows: func(c claims, o *ownedOrder, _ *http.Request) bool {
				return c["preferred_username"] == o.Owner || c.role("Admin")
			}}},
		"the user name as the email address": {"GET /orders/{id}", "owner-names", &shop{owner: func(c claims, _ *http.Request, _ map[string]any) string { return fmt.Sprint(c["preferred_username"]) },
			allows: func(c claims, o *ownedOrder, _ *http.Request) bool {
				return o.Owner == c["preferred_username"] || o.Owner == c["email"] || c.role("Admin")
			}}},
		"the end of the id": {"GET /orders/{id}", "owner-names", &shop{allows: func(c claims, o *ownedOrder, _ *http.Request) bool {
			return strings.HasSuffix(fmt.Sprint(c["oid"]), strings.TrimPrefix(o.Owner, "oid")) || c.role("Admin")
		}}},
		"the owner in any claim": {"GET /orders/{id}", "owner-names", &shop{allows: func(c claims, o *ownedOrder, _ *http.Request) bool {
			return mine(c, o) || c["preferred_username"] == o.Owner
		}}},
		"all of a list by a filter": {"GET /orders", "owner-claimed", &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
			return o.Owner == c["oid"] || r.URL.Query().Has("$filter")
		}}},
		"all of a list by a query": {"GET /orders", "owner-claimed", &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
			return o.Owner == c["oid"] || r.FormValue("includeAll") != ""
		}}},
		"all of a list on its second page": {"GET /orders", "owner-pages", &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
			return o.Owner == c["oid"] || r.URL.Query().Get("page") == "2"
		}}},
		"all of a list after the first items": {"GET /orders", "owner-pages", &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
			return o.Owner == c["oid"] || r.URL.Query().Has("$skip")
		}}},
		"all of a list after the first one": {"GET /orders", "owner-pages", &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
			return o.Owner == c["oid"] || r.URL.Query().Get("skip") == "1" && o.ID != "o1"
		}}},
		"all of a list that is sorted": {"GET /orders", "owner-claimed", &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
			return o.Owner == c["oid"] || r.URL.Query().Has("$orderby")
		}}},
		"all of a list as text/csv": {"GET /orders", "owner-claimed", &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
			return o.Owner == c["oid"] || r.Header.Get("Accept") == "text/csv"
		}}},
		"a condition instead of the owner": {"PUT /orders/{id}", "owner-peer", &shop{allows: func(c claims, o *ownedOrder, r *http.Request) bool {
			return mine(c, o) || r.Header.Get("If-Match") != ""
		}}},
		"made in the name of a nested owner": {"GET /orders/{id}", "owner-create", &shop{owner: func(c claims, _ *http.Request, body map[string]any) string {
			if owner, _ := body["owner"].(map[string]any); owner["id"] != nil {
				return fmt.Sprint(owner["id"])
			}
			return fmt.Sprint(c["oid"])
		}}},
		"made in the name of a header": {"GET /orders/{id}", "owner-create", &shop{owner: func(c claims, r *http.Request, _ map[string]any) string {
			return cmp.Or(r.Header.Get("X-User-Id"), fmt.Sprint(c["oid"]))
		}}},
		"made in the name of the query": {"GET /orders/{id}", "owner-create", &shop{owner: func(c claims, r *http.Request, _ map[string]any) string {
			return cmp.Or(r.URL.Query().Get("owner"), fmt.Sprint(c["oid"]))
		}}},
		"made in another's name": {"GET /orders/{id}", "owner-create", &shop{owner: func(c claims, _ *http.Request, body map[string]any) string {
			owner, _ := body["owner"].(string)
			if owner == "" {
				owner = fmt.Sprint(c["oid"])
			}
			return owner
		}}},
		"deletes and then refuses, and nobody reads": {"DELETE /orders/{id}", "owner-peer", &shop{
			allows: func(c claims, o *ownedOrder, r *http.Request) bool { return r.Method == "DELETE" && mine(c, o) },
			refuses: func(w http.ResponseWriter, r *http.Request, s *shop, o *ownedOrder) {
				if r.Method == "DELETE" {
					delete(s.orders, o.ID)
				}
				answer(w, 403, object{})
			},
		}},
		"made in another's name, and nobody reads": {"DELETE /orders/{id}", "owner-create", &shop{
			owner: func(c claims, r *http.Request, _ map[string]any) string {
				return cmp.Or(r.Header.Get("X-User-Id"), fmt.Sprint(c["oid"]))
			},
			allows: func(c claims, o *ownedOrder, r *http.Request) bool { return r.Method == "DELETE" && mine(c, o) },
		}},
		"it shows what it refuses": {"GET /orders/{id}", "owner-peer", &shop{refuses: func(w http.ResponseWriter, _ *http.Request, _ *shop, o *ownedOrder) {
			answer(w, 403, object{"detail": "not yours", "order": o})
		}}},
		"deletes and then refuses": {"DELETE /orders/{id}", "owner-peer", &shop{refuses: func(w http.ResponseWriter, r *http.Request, s *shop, o *ownedOrder) {
			if r.Method == "DELETE" {
				delete(s.orders, o.ID)
			}
			answer(w, 403, nil)
		}}},
		"changes and then refuses": {"PUT /orders/{id}", "owner-peer", &shop{refuses: func(w http.ResponseWriter, r *http.Request, _ *shop, o *ownedOrder) {
			if r.Method == "PUT" {
				o.Name = "changed"
			}
			answer(w, 404, nil)
		}}},
		"the list shows everything": {"GET /orders", "owner-peer", &shop{lists: func(claims, *ownedOrder, *http.Request) bool { return true }}},
		"the list of another owner": {"GET /orders", "owner-claimed", &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
			return o.Owner == c["oid"] && r.URL.Query().Get("owner") == "" || o.Owner == r.URL.Query().Get("owner")
		}}},
		"a list without what is theirs": {"GET /orders", "valid", &shop{lists: func(claims, *ownedOrder, *http.Request) bool { return false }}},
		"nobody but administrators":     {"GET /orders/{id}", "valid", &shop{allows: func(c claims, _ *ownedOrder, _ *http.Request) bool { return c.role("Admin") }}},
		"administrators are forgotten":  {"GET /orders/{id}", "valid alternative 2", &shop{allows: func(c claims, o *ownedOrder, _ *http.Request) bool { return o.Owner == c["oid"] }}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, solely(shopSuite(t, m.shop, m.request), Authorization))
			result := r.result(t, m.request+": "+m.kills)
			tally.mutant(result.Outcome == Fail)
			if result.Outcome != Fail {
				t.Errorf("%s: %s %d %s; failed: %s", result.ID, result.Outcome, result.Status, result.Reason, list(r.ids(Fail)))
			}
		})
	}
}

// A user of another tenant is not the owner, whatever their name.
func TestAnOwnerOfAnotherTenant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		owner func(claims) any
		want  Outcome
	}{
		"by the object id": {func(c claims) any { return c["oid"] }, Pass},
		"by the name":      {func(c claims) any { return c["preferred_username"] }, Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shop{owner: func(cl claims, _ *http.Request, _ map[string]any) string { return fmt.Sprint(c.owner(cl)) },
				allows: func(cl claims, o *ownedOrder, _ *http.Request) bool {
					return o.Owner == fmt.Sprint(c.owner(cl)) || cl.role("Admin")
				}}
			suite := shopSuite(t, s, "GET /orders/{id}")
			home := s.issuer
			s.admits = func(iss, tid string) bool { return iss == of(home, tid) }
			suite.Document.Tenants, suite.Tenants = stack.Tenants{Any: true}, []OtherTenant{{Name: "partner.onmicrosoft.com", ID: partner}}
			r := run(t, suite)
			if result := r.result(t, "GET /orders/{id}: owner-other-tenant"); result.Outcome != c.want {
				t.Errorf("%s: %s %s, want %s", result.ID, result.Outcome, result.Reason, c.want)
			}
		})
	}
}

// If only the owner meets the requirement, the result contains the lines to declare.
func TestAnOwnerWithoutPeers(t *testing.T) {
	t.Parallel()
	suite := shopSuite(t, &shop{}, "GET /orders/{id}")
	suite.Users = slices.DeleteFunc(suite.Users, func(u User) bool { return u.Name != "ina" && u.Name != "max" })
	r := run(t, suite)
	if peer := r.result(t, "GET /orders/{id}: owner-peer"); peer.Outcome != Skip || !strings.Contains(peer.Add, "kind: User") {
		t.Errorf("%s %s, add %q; want it skipped, with a user to add", peer.Outcome, peer.Reason, peer.Add)
	}
}
