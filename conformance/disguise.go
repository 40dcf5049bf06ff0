package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// disguise is a request that an API admits only if it has the flaw that the case looks
// for. The suite sends it without a token, and with valid tokens that are not
// sufficient.
type disguise struct {
	says   string // "X-Real-IP: 127.0.0.1"
	change func(spoken) credential
	// control is the route that a success is compared with; nil: noSuchRoute.
	control func(spoken) spoken
	// likeAdmitted: a success counts only if the answer is like the answer to an
	// admitted request.
	likeAdmitted bool
	// page: the answer may be a page that everybody gets, such as one that asks the user to sign
	// in. A success counts only if the answer has a text of the answer to an admitted request.
	page bool
	// without is the request without the disguise. If both get the same answer, the
	// disguise did not admit the caller. nil: no comparison.
	without func(spoken) credential
	// value returns the part of an answer that only the endpoint's operation returns.
	// A success without this part does not count. covers are other operations that the
	// API may have run instead. nil: the whole answer is compared.
	value    func(answer any) (any, bool)
	plain    func(answer any) (any, bool) // the same part of the answer to a request without a disguise
	covers   []operation
	mayBreak bool // an answer of 5xx is a note
	rare     bool // sent without a token, at one endpoint of the API only
	scopes   bool // also sent with a token that lacks only a scope
	beside   bool // also sent with tokens of callers who may use another operation at the endpoint's path
	forged   bool // change replaces the token, so no other token is sent with it
	// calledBack reports whether the API sent a request to the callback listener; nil: the token names no address.
	calledBack func() bool
	// single are the disguises that this one combines, and sets are combinations of
	// some of them that work only together. They are sent to find out which one it was.
	single, sets []disguise
	together     bool // not sent alone if the API refuses the disguise that combines it
}

// disguises are the requests that a case sends one after another to find one flaw.
type disguises func(*baselineToken) ([]disguise, error)

// maxNamed is the maximum number of spellings of one flaw in a result.
const maxNamed = 5

// inDisguise turns c into a case that sends disguises.
func inDisguise(e endpoint, c Case, alone bool, all disguises) Case {
	c.ID, c.Endpoint, c.key, c.Severity = e.id+": "+c.Name, e.id, e.key(), Critical
	c.Expect = Expect{Refused: true, Also: []int{http.StatusNotImplemented}}
	c.stage = stageRest
	c.try = func(ctx context.Context, r *runner, c Case) (Result, error) {
		t := &disguiseTrial{runner: r, result: Result{Case: c}, alone: alone}
		return t.run(ctx, all)
	}
	return c
}

// disguiseTrial is the execution of such a case.
type disguiseTrial struct {
	*runner
	result Result
	scene  scene
	token  string // "": none
	alone  bool   // all variants are sent only at this endpoint, also rare ones and ones that could be combined
	wrong  []string
	notes  []string
}

func (t *disguiseTrial) run(ctx context.Context, all disguises) (Result, error) {
	s, e := t.state, t.state.endpoints[t.result.Endpoint]
	g, err := s.baselineTokenFor(e)
	if err != nil {
		return t.result, err
	}
	if !s.isAdmitted(e.key()) {
		return t.result, vacuous("a refusal proves nothing because the endpoint admits no caller: see %s: valid", e.id)
	}
	sent, err := all(g)
	if err != nil {
		return t.result, err
	}
	var tokens []lackingToken
	if len(sent) > 0 && !sent[0].forged {
		tokens = s.insufficientTokens(ctx, e, g)
	}
	if !t.isOpen(e.id) {
		tokens = append([]lackingToken{{}}, tokens...)
	}
	if len(tokens) == 0 {
		return t.result, vacuous("the endpoint admits all requests without a token: see %s: no-token", e.id)
	}
	if t.scene, err = s.prepare(ctx, t.result.Case); err != nil {
		return t.result, err
	}
	defer s.cleanUp(ctx, t.result.Case, t.scene, reply{})
	for _, token := range tokens {
		t.token = token.raw
		some := sent
		if token.sends != nil {
			some = slices.DeleteFunc(slices.Clone(sent), func(d disguise) bool { return !token.sends(d) })
		}
		if err := t.sendAll(ctx, some); err != nil {
			return t.result, err
		}
		if len(t.wrong) > 0 {
			t.fail()
			return t.result, nil
		}
	}
	t.result.Outcome = Pass
	if t.result.Note = joinNotes(t.notes...); t.result.Note != "" {
		t.result.Outcome = Note
	}
	return t.result, nil
}

// fail describes the failure.
func (t *disguiseTrial) fail() {
	with := "without a token"
	if t.token != "" {
		with = "with a valid token that is not sufficient"
		t.result.Severity, t.result.Gain = High, "anybody who has a valid token can use operations that require more permissions"
	}
	t.result.Outcome, t.result.Cause, t.result.cause = Fail, t.result.Flaw, t.result.causeOf(t.result.Status, false)
	if t.result.Group == Signature {
		with = "with forged tokens"
	}
	t.result.Reason = fmt.Sprintf("expected %s; %s: %s", t.result.Expect, with, strings.Join(t.wrong, "; "))
}

func (t *disguiseTrial) sendAll(ctx context.Context, sent []disguise) error {
	// A request that was admitted has changed or deleted the object that the next request
	// needs.
	most := 1
	if strings.HasPrefix(t.state.endpoints[t.result.Endpoint].request, http.MethodGet+" ") {
		most = maxNamed
	}
	for _, d := range sent {
		if len(t.wrong) >= most {
			return nil
		}
		if d.rare && (!t.alone || t.token != "" && d.single == nil) {
			continue
		}
		wrong, err := t.send(ctx, d)
		if err != nil {
			return err
		}
		if wrong == "" && (!t.alone || d.together || t.token != "") {
			continue
		}
		before := len(t.wrong)
		if err := t.sendAll(ctx, d.single); err != nil {
			return err
		}
		if wrong != "" && len(t.wrong) == before {
			if err := t.sendAll(ctx, d.sets); err != nil {
				return err
			}
		}
		if wrong != "" && len(t.wrong) == before {
			t.wrong = append(t.wrong, wrong)
		}
	}
	return nil
}

// send sends one request and describes the error in the answer.
func (t *disguiseTrial) send(ctx context.Context, d disguise) (wrong string, err error) {
	went, got, err := t.ask(ctx, t.scene.request, d.change(t.state.spoken(t.scene.request)))
	if err != nil {
		return "", err
	}
	if d.calledBack != nil && d.calledBack() {
		wrong = d.says + ", and the API asked the address"
	} else if got.status >= http.StatusInternalServerError && got.status != http.StatusNotImplemented {
		if d.mayBreak {
			if note := fmt.Sprintf("%s is answered %d", d.says, got.status); len(t.notes) == 0 {
				t.notes = append(t.notes, note)
			}
			return "", nil
		}
		wrong = fmt.Sprintf("%s (%d)", d.says, got.status)
	} else if d.value != nil {
		if !success(cmp.Or(got.stated, got.status)) || !t.ran(ctx, d, got) {
			return "", nil
		}
		wrong = fmt.Sprintf("%s (%d)", d.says, cmp.Or(got.stated, got.status))
	} else if success(got.status) {
		in, err := t.grantsAccess(ctx, d, got)
		if err != nil || !in {
			return "", err
		}
		wrong = fmt.Sprintf("%s (%d)", d.says, got.status)
	}
	if t.result.Exchange == nil || wrong != "" && len(t.wrong) == 0 {
		t.result.Exchange, t.result.Status = went.exchange(), got.status
	}
	return wrong, nil
}

// ran distinguishes the answer of the endpoint's operation from the answer of another
// operation of its route.
func (t *disguiseTrial) ran(ctx context.Context, d disguise, got reply) bool {
	value, ok := d.value(parse(got.body))
	if !ok {
		return false
	}
	t.state.mu.Lock()
	admitted := t.state.admitted[t.result.Endpoint]
	t.state.mu.Unlock()
	like := alike
	if own, ok := d.plain(parse(admitted)); ok {
		if like = likenessOf(value, own); like == different {
			return false
		}
	}
	for _, cover := range d.covers {
		_, answer, err := t.ask(ctx, t.scene.request, jsonBody(cover.json()))
		if err != nil {
			return false
		}
		if other, ok := d.plain(parse(answer.body)); ok && likenessOf(value, other) >= like {
			return false
		}
	}
	return true
}

// grantsAccess reports whether a success means that the endpoint admitted the caller. It is false
// if a route that does not exist gives the same answer, or if the content of the
// answer comes from another operation.
func (t *disguiseTrial) grantsAccess(ctx context.Context, d disguise, got reply) (bool, error) {
	like := t.state.likeAdmitted(t.result.Endpoint, got.body)
	if d.without != nil && like > different {
		_, plain, err := t.ask(ctx, t.scene.request, d.without(t.state.spoken(t.scene.request)))
		if err != nil || success(plain.status) && likeness(got.body, plain.body) >= like {
			return false, err
		}
	}
	if d.page && like == different && !t.quotesAdmitted(got.body) {
		return false, nil
	}
	if d.likeAdmitted {
		return like == same || like == alike && got.header.Get("Allow") == "" && got.header.Get("Access-Control-Allow-Methods") == "", nil
	}
	elsewhere := t.state.spoken(t.scene.request)
	elsewhere.path = noSuchRoute
	if d.control != nil {
		elsewhere = d.control(elsewhere)
	}
	control := d.change(elsewhere)
	if control.path == "" && control.target == "" {
		control.path = noSuchRoute
	}
	_, other, err := t.ask(ctx, t.scene.request, control)
	if err != nil || !success(other.status) {
		return true, err
	}
	switch likeness(got.body, other.body) {
	case same:
		return false, nil
	case alike:
		return like == same && t.state.likeAdmitted(t.result.Endpoint, other.body) != same, nil
	}
	return true, nil
}

// quotesAdmitted reports whether an answer of another form, such as a page, has a text of the answer
// to an admitted request. If that answer is not JSON, the texts are not known, and any answer has them.
func (t *disguiseTrial) quotesAdmitted(body []byte) bool {
	t.state.mu.Lock()
	admitted := parse(t.state.admitted[t.result.Endpoint])
	t.state.mu.Unlock()
	return admitted == nil || quotes(body, admitted)
}

// quotes reports whether a body has a text of a JSON value that is long enough to be no accident.
func quotes(body []byte, v any) bool {
	const shortest = 4
	switch v := v.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), func(one any) bool { return quotes(body, one) })
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return quotes(body, one) })
	case string:
		return len(v) >= shortest && bytes.Contains(body, []byte(v))
	}
	return false
}

// ask sends a request with the trial's token. A closed connection or a timeout counts
// as a refusal. If the request was admitted, ask deletes the object that it created.
// It sends the headers that the user sets for every request.
func (t *disguiseTrial) ask(ctx context.Context, r request, c credential) (*record, reply, error) {
	for name := range t.state.Target.Header {
		delete(c.header, name)
	}
	if t.token != "" {
		c.authorization, c.secrets = append(c.authorization, "Bearer "+t.token), append(c.secrets, t.token)
	}
	went, got, elapsed, err := t.state.send(ctx, r, c)
	t.result.Duration += elapsed
	if t.isGone(ctx, err) {
		t.result.Exchange, t.result.Status = went.exchange(), 0
		return went, got, err
	}
	var nobody *unreachable
	if errors.As(err, &nobody) && ctx.Err() == nil {
		return went, reply{}, nil
	}
	if err == nil && !t.scene.made && t.state.likeAdmitted(t.result.Endpoint, got.body) > different {
		t.state.cleanUp(ctx, t.result.Case, t.scene, got)
	}
	return went, got, err
}
