package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"provision/stack"
)

// identities returns the members that can name the owner: the members of setup's answer
// with the owner's id or name, and the names that APIs commonly use.
func (t *ownerTrial) identities() map[string]string {
	values := map[string]string{}
	for _, claim := range []string{"oid", "sub", "preferred_username", "upn", "unique_name", "email", "name"} {
		if v := t.owner.claims.text(claim); v != "" {
			values[v] = claim
		}
	}
	found := map[string]string{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, value := range v {
				if text, ok := value.(string); ok && values[text] != "" {
					found[name] = text
				}
				walk(value)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(parse(t.scene.setup.body))
	oid := t.owner.claims.text("oid")
	for _, name := range []string{"owner", "ownerId", "owner_id", "userId", "user_id", "user", "oid", "createdBy"} {
		if found[name] == "" {
			found[name] = oid
		}
	}
	return found
}

// actAs are headers with which administrators and services act on behalf of another
// user.
var actAs = []string{"X-User-Id", "X-Owner-Id", "X-On-Behalf-Of", "On-Behalf-Of", "Impersonate-User", "X-Impersonate-User", "X-Impersonate", "X-Act-As", "X-Acting-User", "X-Actor", "Sudo", "X-Sudo", "X-Run-As", "X-Proxied-User", "X-Effective-User"}

// widerLists are queries that widen a list in many APIs.
var widerLists = []string{"all=true&all_users=true&includeAll=true&include_all=true&showAll=true", "all=1&everyone=1&includeAll=1", "scope=all&filter=all&view=all&mine=false&my=false", "owner=*&user=*&userId=*&ownerId=*", "admin=true&isAdmin=true&as_admin=true&role=admin", "$filter=1%20eq%201&filter=*&q=*&search=*&query=*&where=true",
	"sort=id&order=desc&orderBy=id&$orderby=id&sortBy=id", "include=all&expand=all&$expand=*&fields=*&$select=*&view=full", "format=csv&export=true&download=1&$count=true&summary=true", "from=2000-01-01&to=2100-01-01&since=0&updatedSince=2000-01-01"}

// try is a request in which a peer claims to be the owner, or claims a role.
type try struct {
	how string
	c   credential
	r   request
}

// unstatedRoles are the roles of the resource, and the usual names of administrator roles,
// which no alternative names.
func (t *ownerTrial) unstatedRoles() []string {
	all := append(slices.Clone(t.state.Resource.Roles), "Admin", "Administrator", "admin", "owner", "superuser")
	return slices.DeleteFunc(all, func(role string) bool {
		return slices.Contains(t.state.endpoints[t.e.id].everyRole(), role)
	})
}

// claimedOutside names the owner in the query and in headers.
func (t *ownerTrial) claimedOutside() (url.Values, http.Header) {
	query, header := url.Values{}, http.Header{}
	for name, value := range t.identities() {
		query.Set(name, value)
		header.Set(name, value)
		header.Set("X-"+strings.NewReplacer("_", "-").Replace(name), value)
	}
	for _, name := range actAs {
		header.Set(name, t.owner.claims.text("oid"))
		query.Set(strings.ToLower(strings.TrimPrefix(name, "X-")), t.owner.claims.text("oid"))
	}
	return query, header
}

// claimed returns requests that claim that the caller is the owner.
func (t *ownerTrial) claimed(ctx context.Context) (string, error) {
	all := t.identities()
	query, header := t.claimedOutside()
	spoken := func(change func(*credential)) credential {
		c := bearer(t.peer.raw)
		change(&c)
		return c
	}
	tries := []try{
		{"with the owner in the query", spoken(func(c *credential) { c.query = query.Encode() }), t.scene.request},
		{"with the owner in headers", spoken(func(c *credential) { c.header = header }), t.scene.request},
		{"with the owner in a cookie", spoken(func(c *credential) {
			var pairs []string
			for _, name := range slices.Sorted(maps.Keys(all)) {
				pairs = append(pairs, name+"="+url.QueryEscape(all[name]))
			}
			c.header = http.Header{"Cookie": {strings.Join(pairs, "; ")}}
		}), t.scene.request},
	}
	if r := t.scene.request; r.method != http.MethodGet && r.method != http.MethodHead {
		if r, ok := claiming(r, all); ok {
			tries = append(tries, try{"with the owner in the body", bearer(t.peer.raw), r})
		}
	}
	if t.e.listing() {
		for _, wider := range widerLists {
			tries = append(tries, try{"with " + wider + " in the query", spoken(func(c *credential) { c.query = wider }), t.scene.request})
		}
		for _, form := range []string{"text/csv", "application/xml", "text/html"} {
			tries = append(tries, try{"with Accept: " + form, spoken(func(c *credential) { c.header = http.Header{"Accept": {form}} }), t.scene.request})
		}
	}
	return t.refuseAll(ctx, tries)
}

// named returns the operations that the API permits to another user who has the
// owner's names, names that equal the owner's id, or an id that is partly the owner's:
// names are not unique, and users can change them.
func (t *ownerTrial) named(ctx context.Context) (string, error) {
	oid, same := t.owner.claims.text("oid"), change{}
	for _, name := range []string{"name", "preferred_username", "upn", "unique_name", "email"} {
		if value := t.owner.claims.text(name); value != "" {
			same[name] = value
		}
	}
	upn := cmp.Or(t.owner.claims.text("preferred_username"), t.owner.claims.text("upn"))
	return t.refuseSigned(ctx, map[string]change{
		"by a caller whose email address is the owner's user name": {"email": upn, "name": upn},
		"by a caller with the owner's names":                       same,
		"by a caller whose names are the owner's user id":          {"name": oid, "preferred_username": oid},
		"by a caller whose id begins like the owner's (oid)":       {"oid": nearID(oid, false)},
		"by a caller whose id ends like the owner's (oid)":         {"oid": nearID(oid, true)},
	})
}

// privileged returns the operations that the API permits to another user with roles
// that the document does not name for them.
func (t *ownerTrial) privileged(ctx context.Context) (string, error) {
	roles := t.peer.claims.roles()
	for _, role := range t.unstatedRoles() {
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return t.refuseSigned(ctx, map[string]change{
		"by a caller with roles that the document does not name here": {"roles": roles},
	})
}

// refuseSigned sends the endpoint's request with changed tokens of the peer.
func (t *ownerTrial) refuseSigned(ctx context.Context, tokens map[string]change) (string, error) {
	var tries []try
	for _, how := range slices.Sorted(maps.Keys(tokens)) {
		signed, err := t.peer.present(ctx, tokens[how])
		if err != nil {
			return "", err
		}
		tries = append(tries, try{how, signed, t.scene.request})
	}
	return t.refuseAll(ctx, tries)
}

// refuseAll describes the first of the requests that the API does not refuse.
func (t *ownerTrial) refuseAll(ctx context.Context, tries []try) (string, error) {
	// If the API accepts the request without these additions, another case reports it.
	if wrong, err := t.refused(ctx, t.scene.request, bearer(t.peer.raw), ""); wrong != "" || err != nil {
		if err != nil {
			return "", err
		}
		return "", vacuous("the endpoint does not check the owner: see %s: owner-peer", t.e.id)
	}
	for _, try := range tries {
		if wrong, err := t.refused(ctx, try.r, try.c, try.how); wrong != "" || err != nil {
			return wrong, err
		}
	}
	return "", nil
}

// claiming adds members to the body of a request, a JSON object or a form.
func claiming[V any](r request, members map[string]V) (request, bool) {
	if stack.IsForm(r.contentType) {
		return withFields(r, members)
	}
	r.body, r.contentType = withMembers(r.body, members)
	return r, r.body != nil
}

// withMembers adds members to a JSON object. It returns nil for another body.
func withMembers[V any](body []byte, members map[string]V) ([]byte, string) {
	object := map[string]any{}
	if len(bytes.TrimSpace(body)) > 0 {
		parsed, ok := parse(body).(map[string]any)
		if !ok {
			return nil, ""
		}
		object = parsed
	}
	for name, value := range members {
		object[name] = value
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, ""
	}
	return raw, "application/json"
}

// create creates an object as the peer and names the owner in the request. The API must make the
// peer the owner, or refuse the request.
func (t *ownerTrial) create(ctx context.Context) (string, error) {
	flat, nested := map[string]any{}, map[string]any{}
	for name, value := range t.identities() {
		flat[name] = value
	}
	for _, name := range []string{"owner", "user", "createdBy", "created_by", "author"} {
		oid := t.owner.claims.text("oid")
		nested[name] = map[string]any{"id": oid, "oid": oid, "userId": oid, "name": t.owner.claims.text("preferred_username")}
	}
	query, header := t.claimedOutside()
	inURL, inHeaders := bearer(t.peer.raw), bearer(t.peer.raw)
	inURL.query, inHeaders.header = query.Encode(), header
	for _, one := range []struct {
		members map[string]any
		with    credential
	}{{flat, bearer(t.peer.raw)}, {nested, bearer(t.peer.raw)}, {nil, inURL}, {nil, inHeaders}} {
		if wrong, err := t.createWith(ctx, one.members, one.with); wrong != "" || err != nil {
			return wrong, err
		}
	}
	return "", nil
}

func (t *ownerTrial) createWith(ctx context.Context, members map[string]any, with credential) (string, error) {
	f := t.e.stated.Setup
	mark := unique()
	r, err := known{unique: mark}.request(f.Request, nil, f.Body, f.ContentType)
	if err != nil {
		return "", err
	}
	if members != nil {
		claims, ok := claiming(r, members)
		if !ok {
			return "", skip("", "the body of setup is neither a JSON object nor a form, so no owner can be put into it")
		}
		r = claims
	}
	got, err := t.ask(ctx, r, with)
	if err != nil || !success(got.status) {
		return "", err
	}
	exchange, status := t.result.Exchange, t.result.Status
	setup, err := captured(f.Capture, got)
	if err != nil {
		return "", nil // the created object is unknown
	}
	made := t.scene
	made.known.setup = setup
	if made.request, err = made.known.request(t.e.request, t.e.stated.Parameters, t.e.stated.Body, t.e.stated.ContentType); err == nil {
		made.request.meaning, err = t.e.meaning.knowing(made.known)
	}
	if err != nil {
		return "", nil
	}
	defer t.state.cleanUp(ctx, t.c, made, reply{})
	// Only a read request shows the owner without changing the object.
	reads := made.request
	if reads.method != http.MethodGet {
		reads.method, reads.body, reads.meaning = http.MethodGet, nil, nil
	}
	theirs, err := t.ask(ctx, reads, bearer(t.owner.raw))
	if err != nil {
		return "", err
	}
	mine, err := t.ask(ctx, reads, bearer(t.peer.raw))
	t.result.Exchange, t.result.Status = exchange, status
	if err != nil {
		return "", err
	}
	sees := func(a reply) bool {
		return success(a.status) && (!t.e.listing() || reads.meaning.admitted.unmet(a.body) == "")
	}
	if !sees(theirs) && !sees(mine) && made.request.method != reads.method { // the API has no such read request
		if mine, err = t.ask(ctx, made.request, bearer(t.peer.raw)); err == nil && !success(mine.status) {
			theirs, err = t.ask(ctx, made.request, bearer(t.owner.raw))
		}
		t.result.Exchange, t.result.Status = exchange, status
		if err != nil {
			return "", err
		}
	}
	if sees(theirs) && !sees(mine) {
		return fmt.Sprintf("an object that %s created in the name of %s belongs to %[1]s", t.peer.who, t.owner.who), nil
	}
	return "", nil
}
