package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"provision/stack"
)

// paging serves the list of a shop in pages of one item, and links to the next page in one of
// several ways.
type paging struct {
	*shop
	name func(w http.ResponseWriter, r *http.Request, page map[string]any, next int)
	most int // the number of served pages; 0: all
}

func (p paging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/orders" || r.Method != "GET" {
		p.shop.ServeHTTP(w, r)
		return
	}
	recorded := httptest.NewRecorder()
	p.shop.ServeHTTP(recorded, r)
	var all struct{ Value []any }
	if recorded.Code != 200 || json.Unmarshal(recorded.Body.Bytes(), &all) != nil {
		w.WriteHeader(recorded.Code)
		return
	}
	// The first pages contain only other items.
	items := append([]any{object{"id": "x1"}, object{"id": "x2"}, object{"id": "x3"}}, all.Value...)
	at, _ := strconv.Atoi(r.URL.Query().Get("page"))
	page := object{"value": items[at:min(at+1, len(items))]}
	if at+1 < len(items) && (p.most == 0 || at+1 < p.most) {
		p.name(w, r, page, at+1)
	}
	answer(w, 200, page)
}

func TestPagesOfAListing(t *testing.T) {
	t.Parallel()
	everybodys := func(claims, *ownedOrder, *http.Request) bool { return true }
	for how, way := range map[string]struct {
		next *stack.Next
		name func(w http.ResponseWriter, r *http.Request, page map[string]any, next int)
	}{
		"an address": {&stack.Next{Capture: stack.Capture{Pointer: "/nextLink"}}, func(_ http.ResponseWriter, r *http.Request, page map[string]any, next int) {
			page["nextLink"] = fmt.Sprintf("https://%s/orders?page=%d", r.Host, next)
		}},
		"an address of another host": {&stack.Next{Capture: stack.Capture{Pointer: "/links/next"}}, func(_ http.ResponseWriter, _ *http.Request, page map[string]any, next int) {
			page["links"] = object{"next": fmt.Sprintf("https://orders.contoso.example/orders?page=%d", next)}
		}},
		"a relative address": {&stack.Next{Capture: stack.Capture{Pointer: "/next"}}, func(_ http.ResponseWriter, _ *http.Request, page map[string]any, next int) {
			page["next"] = fmt.Sprintf("?page=%d", next)
		}},
		"a Link": {&stack.Next{Capture: stack.Capture{Header: "Link", Match: `<([^>]+)>; *rel="?next`}}, func(w http.ResponseWriter, _ *http.Request, _ map[string]any, next int) {
			w.Header().Set("Link", fmt.Sprintf(`</orders?page=%d>; rel="next"`, next))
		}},
		"a number": {&stack.Next{Capture: stack.Capture{Pointer: "/nextPage"}, Query: "page"}, func(_ http.ResponseWriter, _ *http.Request, page map[string]any, next int) {
			page["nextPage"] = next
		}},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			for _, test := range []struct {
				what  string
				shop  *shop
				most  int
				loops bool
				want  Outcome
				valid Outcome
			}{
				{"to its owner alone", &shop{}, 0, false, Pass, Pass},
				{"to everybody", &shop{lists: everybodys}, 0, false, Fail, Pass},
				{"to nobody", &shop{}, 2, false, "", Fail},
				{"without an end", &shop{}, 3, true, "", Fail},
			} {
				suite := shopSuite(t, test.shop, "GET /orders")
				api := paging{test.shop, way.name, test.most}
				if test.loops {
					api.name = func(w http.ResponseWriter, r *http.Request, page map[string]any, next int) { way.name(w, r, page, 1) }
				}
				server := serve(t, api)
				suite.Target = Target{URL: server.URL, HTTPClient: server.Client()}
				suite.Document.Endpoints[0].Next = way.next
				suite.Only, suite.Changes = "*", TenantChanges{}
				suite.leaves = func(c Case) bool { return c.Name != "owner-peer" && c.stage != stageFirst && c.stage != stageBase }
				r := run(t, suite)
				if got := r.result(t, "GET /orders: valid"); got.Outcome != test.valid {
					t.Errorf("shown %s: valid: %s %s", test.what, got.Outcome, got.Reason)
				}
				if got := r.result(t, "GET /orders: owner-peer"); test.want != "" && got.Outcome != test.want {
					t.Errorf("shown %s: %s %s", test.what, got.Outcome, got.Reason)
				}
			}
		})
	}
}

// If pages begin at an item number and another client deletes an item, the pages shift: the first
// read of the list then does not contain an item that exists.
func TestPagesThatMove(t *testing.T) {
	t.Parallel()
	store := &shop{}
	suite := shopSuite(t, store, "GET /orders")
	next := func(_ http.ResponseWriter, r *http.Request, page map[string]any, next int) {
		page["nextLink"] = fmt.Sprintf("/orders?page=%d", next)
	}
	whole, moved := paging{store, next, 0}, paging{store, next, 3}
	var reads atomic.Int32
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/orders" && r.Method == "GET" && r.URL.RawQuery == "" {
			reads.Add(1)
		}
		if reads.Load()%2 == 1 {
			moved.ServeHTTP(w, r)
		} else {
			whole.ServeHTTP(w, r)
		}
	}))
	suite.Target = Target{URL: server.URL, HTTPClient: server.Client()}
	suite.Document.Endpoints[0].Next = &stack.Next{Capture: stack.Capture{Pointer: "/nextLink"}}
	suite.Only, suite.Concurrency, suite.Changes = "GET /orders: valid", 1, TenantChanges{}
	if got := run(t, suite).result(t, "GET /orders: valid"); got.Outcome != Pass || reads.Load() < 2 {
		t.Errorf("after %d reads: %s %s", reads.Load(), got.Outcome, got.Reason)
	}
}

// The next page of the owner's list, whose address names the owner, is not for others.
func TestTheOwnersNextPage(t *testing.T) {
	t.Parallel()
	store := &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
		return o.Owner == c["oid"] || o.Owner == r.URL.Query().Get("of")
	}}
	suite := shopSuite(t, store, "GET /orders")
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/orders" || r.Method != "GET" || r.URL.Query().Has("of") {
			store.ServeHTTP(w, r)
			return
		}
		status, c := store.status(r.Header.Get("Authorization"))
		answer(w, status, object{"value": []any{}, "next": fmt.Sprint("/orders?of=", c["oid"])})
	}))
	suite.Target = Target{URL: server.URL, HTTPClient: server.Client()}
	suite.Document.Endpoints[0].Next = &stack.Next{Capture: stack.Capture{Pointer: "/next"}}
	suite.Only, suite.Changes = "GET /orders: owner-*", TenantChanges{}
	r := run(t, suite)
	if got := r.result(t, "GET /orders: owner-pages"); got.Outcome != Fail || !strings.Contains(got.Reason, "the owner's next page") {
		t.Errorf("%s %s", got.Outcome, got.Reason)
	}
	if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseOwner {
		t.Errorf("findings %+v", f)
	}
}

// An API that filters only the first page by owner: the peer's list has no second page, and the
// owner's list has one only after several objects.
func TestTheOwnersNextPageOfManyObjects(t *testing.T) {
	t.Parallel()
	const size = 10
	store := &shop{}
	suite := shopSuite(t, store, "GET /orders")
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, c := store.status(r.Header.Get("Authorization"))
		if r.URL.Path != "/orders" || r.Method != "GET" || status != 200 {
			store.ServeHTTP(w, r)
			return
		}
		store.mu.Lock()
		defer store.mu.Unlock()
		after := r.URL.Query().Get("c")
		var page, rest []*ownedOrder
		for _, id := range slices.Sorted(maps.Keys(store.orders)) {
			switch o := store.orders[id]; {
			case id <= after, after == "" && o.Owner != c["oid"]:
			case len(page) == size:
				rest = append(rest, o)
			default:
				page = append(page, o)
			}
		}
		body := object{"value": page}
		if len(rest) > 0 {
			body["next"] = "/orders?c=" + page[size-1].ID
		}
		answer(w, 200, body)
	}))
	suite.Target = Target{URL: server.URL, HTTPClient: server.Client()}
	suite.Document.Endpoints[0].Next = &stack.Next{Capture: stack.Capture{Pointer: "/next"}}
	suite.Only, suite.Changes = "GET /orders: owner-*", TenantChanges{}
	r := run(t, suite)
	if got := r.result(t, "GET /orders: owner-pages"); got.Outcome != Fail || !strings.Contains(got.Reason, "the owner's next page") {
		t.Errorf("%s %s", got.Outcome, got.Reason)
	}
	if len(store.orders) > 0 {
		t.Errorf("%d orders are left", len(store.orders))
	}
}

// A query that widens a list shows an object of somebody else only on a later page, whose address
// does not repeat the query.
func TestPagesOfAWiderList(t *testing.T) {
	t.Parallel()
	store := &shop{lists: func(c claims, o *ownedOrder, r *http.Request) bool {
		return o.Owner == c["oid"] || r.URL.Query().Has("q")
	}}
	suite := shopSuite(t, store, "GET /orders")
	suite.Target = at(serve(t, paging{store, func(_ http.ResponseWriter, _ *http.Request, page map[string]any, next int) {
		page["next"] = fmt.Sprintf("/orders?page=%d", next)
	}, 0}))
	suite.Document.Endpoints[0].Next = &stack.Next{Capture: stack.Capture{Pointer: "/next"}}
	suite.Only, suite.Changes = "GET /orders: owner-claimed", TenantChanges{}
	if got := run(t, suite).result(t, "GET /orders: owner-claimed"); got.Outcome != Fail || !strings.Contains(got.Reason, "q=*") {
		t.Errorf("%s %s", got.Outcome, got.Reason)
	}
}
