package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

const sourceOwner = "OWASP API Security Top 10: API1:2023 Broken Object Level Authorization"

// ownerCases are cases of callers who meet all requirements of an alternative but did not create
// the object.
func (s *Suite) ownerCases(e endpoint) []Case {
	i := slices.IndexFunc(e.alternatives, func(r requirement) bool { return r.owner })
	if i < 0 || e.stated.Setup == nil {
		return nil
	}
	e = e.each()[i]
	peer, cannot := s.peer(e)
	cases := []Case{s.ownerCase(e, "owner-peer", CauseOwner, "the token of "+describe(peer, cannot)+", who did not make the object", peer, cannot, (*ownerTrial).own)}
	if !e.listing() {
		cases = append(cases,
			s.ownerCase(e, "owner-methods", CauseOwner, "the token of "+describe(peer, cannot)+", who did not make the object, and every other method", peer, cannot,
				func(t *ownerTrial, ctx context.Context) (string, error) { return t.sendMethods(ctx, peer) }))
	} else {
		cases = append(cases, s.ownerCase(e, "owner-pages", CauseOwner, "the token of "+describe(peer, cannot)+", who did not make the object, for other pages of the list", peer, cannot, (*ownerTrial).pages))
	}
	cases = append(cases,
		s.ownerCase(e, "owner-claimed", CauseOwnerClaimed, "the token of "+describe(peer, cannot)+", and the owner's id and name in the query, in headers and in the body", peer, cannot, (*ownerTrial).claimed),
		s.ownerCase(e, "owner-names", CauseOwner, "a correctly signed token of "+describe(peer, cannot)+" with the names of the owner, with the owner's id as name, and with an id that is partly the owner's", peer, cannot, (*ownerTrial).named),
		s.ownerCase(e, "owner-roles", CauseOwner, "a correctly signed token of "+describe(peer, cannot)+" with roles that no alternative names", peer, cannot, (*ownerTrial).privileged),
		s.ownerCase(e, "owner-create", CauseOwnerClaimed, "the request of setup with the token of "+describe(peer, cannot)+", and the owner's id and name in the body, in the query and in headers", peer, cannot, (*ownerTrial).create))
	if !homeOnly(s) && len(s.Tenants) > 0 && e.made.User != "" {
		cases = append(cases, s.ownerCase(e, "owner-other-tenant", CauseOwner, "a correctly signed token of a user of "+s.Tenants[0].Name+", another tenant, who has the owner's name", peer, cannot, (*ownerTrial).foreigner))
	}
	if stated := e.stated.Requires.Alternatives()[i]; stated.Allows(applications) && newRequirement(stated).apps {
		app, none := s.itself("whose roles are enough", s.addApplication(e.sufficient()...), func(a Application) bool {
			return e.satisfiedBy(a.Roles) && a.Name != e.made.Application && !e.letsIn(e.itselfOf(a))
		})
		cases = append(cases, s.ownerCase(e, "owner-application", CauseOwner, "the token of "+describe(app, none)+", which did not make the object", app, none, (*ownerTrial).own))
	}
	return cases
}

// peer returns a caller that meets the alternative except for the ownership, and meets no
// alternative without ownership.
func (s *Suite) peer(e endpoint) (subject, *skipped) {
	other := e
	other.owner = false
	return s.signedInTo(e, "who meets the requirement and is not "+cmp.Or(e.made.User, e.made.Application), s.addEntitled(other, "peer"), func(u User, client Application) bool {
		return u.Name != e.made.User && e.satisfiedBy(u.Roles) && e.fitsButRoles(u) && !e.letsIn(e.callerOf(u, client))
	})
}

// listing reports whether the endpoint lists objects: its answer must contain the object
// that setup created, and its request does not name the object.
func (e endpoint) listing() bool {
	refers := func(v any) bool {
		raw, _ := json.Marshal(v)
		return strings.Contains(string(raw), "${setup.")
	}
	return e.stated.Expect != nil && refers(e.stated.Expect) && !refers(e.request) && !refers(e.stated.Parameters) && !refers(e.stated.Body)
}

// hiding allows an endpoint that accepts only owners to answer 404 to other authenticated callers,
// so that they do not learn whether the object exists.
func (e endpoint) hiding(cases []Case) []Case {
	if !slices.ContainsFunc(e.alternatives, func(r requirement) bool { return r.owner }) {
		return cases
	}
	for i := range cases {
		if slices.Contains([]CauseID{CauseRole, CauseRolePart, CauseRoleCompare, CauseTwice}, cases[i].Means) {
			cases[i].alsoBlockedBy = append(slices.Clone(cases[i].alsoBlockedBy), CauseOwner) // a caller without the role who is admitted is not the owner either
		}
		if expect := &cases[i].Expect; expect.Status == http.StatusForbidden {
			expect.Also = append(slices.Clone(expect.Also), http.StatusNotFound)
		} else if expect.MayAdmit { // a caller who is admitted is not the owner
			expect.Tolerates = append(slices.Clone(expect.Tolerates), http.StatusNotFound)
		}
	}
	return cases
}

// ownerTrial is a running owner case.
type ownerTrial struct {
	*runner
	e      endpoint
	c      Case
	scene  scene
	owner  *baselineToken
	peer   *baselineToken
	result *Result
}

func (s *Suite) ownerCase(e endpoint, name string, means CauseID, sends string, who subject, cannot *skipped, do func(*ownerTrial, context.Context) (wrong string, err error)) Case {
	c := s.denied(e, name, means, High, who, cannot)
	c.Sends, c.Source = sends, sourceOwner
	c.Gain = "everybody who may use the API reads, changes or deletes what belongs to others"
	c.Flaw = means.Title()
	c.Expect = Expect{Status: http.StatusForbidden, Also: []int{http.StatusNotFound}}
	c.try = func(ctx context.Context, r *runner, c Case) (Result, error) {
		result := Result{Case: c}
		owner, err := r.state.baselineTokenFor(e)
		if err != nil {
			return result, err
		}
		if !r.state.isAdmitted(e.key()) {
			return result, vacuous("a refusal proves nothing while the owner is refused too: see %s: %s", e.id, e.of("valid"))
		}
		peer, err := r.state.access(ctx, who)
		if err != nil {
			return result, err
		}
		t := &ownerTrial{runner: r, e: e, c: c, owner: owner, peer: peer, result: &result}
		if t.scene, err = r.state.prepare(ctx, c); err != nil {
			return result, err
		}
		wrong, err := do(t, ctx)
		left := r.state.cleanUp(ctx, c, t.scene, reply{})
		if err != nil {
			return result, err
		}
		result.Outcome, result.Note = Pass, joinNotes(result.Note, left)
		if wrong != "" {
			result.Outcome, result.Reason, result.Cause, result.cause = Fail, wrong, c.Flaw, c.Means
		}
		return result, nil
	}
	return c
}

// own sends the endpoint's own request.
func (t *ownerTrial) own(ctx context.Context) (string, error) {
	_, _, read := t.readBack(ctx)
	wrong, err := t.refused(ctx, t.scene.request, bearer(t.peer.raw), "")
	if wrong == "" && err == nil {
		c := bearer(t.peer.raw)
		c.header = ifUnchanged
		wrong, err = t.refused(ctx, t.scene.request, c, t.scene.request.method+" of somebody else's object with If-Match: *")
	}
	if read || wrong != "" || err != nil || t.scene.request.method != http.MethodDelete {
		return wrong, err
	}
	// No request reads the object, so its owner deletes it.
	_, got, _, err := t.state.send(ctx, t.scene.request, bearer(t.owner.raw))
	if err != nil || success(got.status) {
		return "", err
	}
	return fmt.Sprintf("DELETE of somebody else's object was refused (%d), and afterwards its owner cannot delete it either (%d)", t.result.Status, got.status), nil
}

// ifUnchanged is a condition that every object meets.
var ifUnchanged = http.Header{"If-Match": {"*"}, "Prefer": {"return=representation"}}

// foreigner returns a user of another tenant with the owner's name: object ids are unique, names are
// not.
func (t *ownerTrial) foreigner(ctx context.Context) (string, error) {
	tenant := t.state.Tenants[0].ID
	c, err := ofTenant(tenant, tenant)(ctx, t.owner)
	if err != nil {
		return "", err
	}
	return t.refused(ctx, t.scene.request, c, "")
}

// ask sends a request and stores the exchange, unless a wrong exchange is already stored.
func (t *ownerTrial) ask(ctx context.Context, r request, c credential) (reply, error) {
	went, got, elapsed, err := t.state.sendAll(ctx, r, c)
	t.result.Duration += elapsed
	if err == nil || t.isGone(ctx, err) {
		t.result.Exchange, t.result.Status = went.exchange(), went.status
	}
	return got, err
}

// refused sends a request and describes the fault of the answer, or of the object afterwards. how
// describes the request.
func (t *ownerTrial) refused(ctx context.Context, r request, c credential, how string) (string, error) {
	before, volatile, read := t.readBack(ctx)
	got, err := t.ask(ctx, r, c)
	if err != nil {
		return "", err
	}
	exchange, status := t.result.Exchange, t.result.Status
	name := cmp.Or(how, cmp.Or(c.method, r.method)+" of somebody else's object")
	method := cmp.Or(c.method, r.method)
	switch {
	case t.e.listing():
		if got.shows || success(got.status) && r.meaning.admitted.met(got.status) && r.meaning.admitted.unmet(got.body) == "" {
			return name + ": the list shows somebody else's object", nil
		}
		return "", nil
	case got.shows || t.scene.mark != "" && bytes.Contains(got.body, []byte(t.scene.mark)) && !slices.Contains([]string{http.MethodPut, http.MethodPatch, http.MethodPost}, method),
		len(bytes.TrimSpace(before)) > 2 && bytes.Equal(bytes.TrimSpace(before), bytes.TrimSpace(got.body)) && !success(got.status):
		return fmt.Sprintf("%s: the answer (%d) shows the object", name, status), nil
	case success(got.status):
		return fmt.Sprintf("%s: expected 403 or 404, got %d", name, status), nil
	case got.status >= http.StatusInternalServerError:
		return fmt.Sprintf("%s: expected 403 or 404, got %d", name, status), nil
	}
	if read && method != http.MethodGet && method != http.MethodHead {
		after, _, still := t.readBack(ctx)
		t.result.Exchange, t.result.Status = exchange, status
		switch {
		case !still:
			return fmt.Sprintf("%s was refused (%d), and the object is gone afterwards", name, status), nil
		case !sameBut(before, after, volatile):
			return fmt.Sprintf("%s was refused (%d), and the object is changed afterwards", name, status), nil
		}
	}
	t.result.Exchange, t.result.Status = exchange, status
	return "", nil
}

// reader returns the request that reads the object, whether or not an endpoint of the
// document has it.
func (t *ownerTrial) reader() request {
	r := t.scene.request
	if r.method != http.MethodGet {
		r.method, r.body, r.contentType, r.meaning = http.MethodGet, nil, "", nil
	}
	return r
}

// readBack reads the object twice as its owner, to ignore members that change without a request.
func (t *ownerTrial) readBack(ctx context.Context) (body []byte, volatile []string, ok bool) {
	if t.e.listing() {
		return nil, nil, false
	}
	r := t.reader()
	token := bearer(t.owner.raw)
	_, first, _, err := t.state.send(ctx, r, token)
	if err != nil || !success(first.status) {
		return nil, nil, false
	}
	_, second, _, err := t.state.send(ctx, r, token)
	if err != nil || !success(second.status) {
		return nil, nil, false
	}
	a, _ := parse(first.body).(map[string]any)
	b, _ := parse(second.body).(map[string]any)
	for name := range a {
		if !sameJSON(a[name], b[name]) {
			volatile = append(volatile, name)
		}
	}
	return second.body, volatile, true
}

func sameBut(before, after []byte, volatile []string) bool {
	a, isObject := parse(before).(map[string]any)
	b, too := parse(after).(map[string]any)
	if !isObject || !too {
		return bytes.Equal(bytes.TrimSpace(before), bytes.TrimSpace(after))
	}
	for _, name := range volatile {
		delete(a, name)
		delete(b, name)
	}
	return sameJSON(a, b)
}

// sendMethods sends every other method that no endpoint of the document has for the
// object.
func (t *ownerTrial) sendMethods(ctx context.Context, peer subject) (string, error) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if _, stated := t.statedFor(method); stated || method == http.MethodHead && t.reads(peer) {
			continue
		}
		r := t.scene.request
		r.method, r.meaning = method, meaningOf(Expect{}, t.e.stated.Refusals.Or(t.state.Document.Refusals))
		if method == http.MethodPut || method == http.MethodPatch {
			r.body, r.contentType = t.changed()
		} else {
			r.body, r.contentType = nil, ""
		}
		if wrong, err := t.refused(ctx, r, bearer(t.peer.raw), ""); wrong != "" || err != nil {
			return wrong, err
		}
	}
	return "", nil
}

// statedFor returns the document's endpoint that has a method for the object.
func (t *ownerTrial) statedFor(method string) (endpoint, bool) {
	_, path, _ := strings.Cut(t.e.request, " ")
	for _, other := range t.state.Document.Endpoints {
		if request, err := parseRequest(other.Request); err == nil && unnamed(request) == method+" "+unnamed(path) {
			e, err := t.state.endpoint(other)
			return e, err == nil
		}
	}
	return endpoint{}, false
}

// reads reports whether the document allows a user to read the object, and therefore to send HEAD.
func (t *ownerTrial) reads(peer subject) bool {
	e, stated := t.statedFor(http.MethodGet)
	if !stated {
		return false
	}
	user := slices.IndexFunc(t.state.Users, func(u User) bool { return u.Name == peer.user })
	client, known := t.state.application(peer.client)
	return user >= 0 && known && e.letsIn(e.callerOf(t.state.Users[user], client))
}

// unnamed returns a path in which the parameters have no names.
func unnamed(path string) string { return parameter.ReplaceAllString(path, "{}") }

var parameter = regexp.MustCompile(`\{[^{}]*\}`)

// changed returns a body that would change the object: the body of setup with other texts.
func (t *ownerTrial) changed() ([]byte, string) {
	f := t.e.stated.Setup
	r, err := known{unique: unique()}.request(f.Request, nil, f.Body, f.ContentType)
	if err != nil || r.body == nil {
		return []byte(`{"name":"changed"}`), "application/json"
	}
	return r.body, r.contentType
}
