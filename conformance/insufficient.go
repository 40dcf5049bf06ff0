package conformance

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// callersBeside are users who may use another operation at the endpoint's path, but
// not the endpoint.
func (s *runState) callersBeside(e endpoint) (callers []caller) {
	_, path, _ := strings.Cut(e.request, " ")
	for _, stated := range s.Document.Endpoints {
		other := s.endpoints[identity(stated)]
		if _, at, _ := strings.Cut(other.request, " "); at != path || other.id == e.id || other.public {
			continue
		}
		for _, r := range other.alternatives {
			may := caller{scopes: slices.Concat(r.scopes, r.anyScope[:min(1, len(r.anyScope))]), roles: r.sufficient(), groups: r.groups[:min(1, len(r.groups))]}
			if r.users && !r.owner && !e.letsIn(may) && len(callers) < maxSimilarCallers {
				callers = append(callers, may)
			}
		}
	}
	return callers
}

// insufficient are valid tokens that an endpoint refuses.
type insufficient struct {
	tokens []lackingToken
	done   chan struct{}
}

// lackingToken is one of the insufficient tokens; "" means none.
type lackingToken struct {
	raw   string
	sends func(disguise) bool // the disguises that the token is sent with; nil: all
}

// insufficientTokens are valid tokens that lack a requirement of the endpoint: a token
// without the roles, a token without a scope, a token without the groups, and tokens
// of callers who may do something else at its path. They are created once for all
// cases. A token that the endpoint admits is left out, because another case reports
// it.
func (s *runState) insufficientTokens(ctx context.Context, e endpoint, g *baselineToken) []lackingToken {
	s.mu.Lock()
	made := s.insufficient[e.id]
	first := made == nil
	if first {
		made = &insufficient{done: make(chan struct{})}
		s.insufficient[e.id] = made
	}
	s.mu.Unlock()
	if !first {
		<-made.done
		return made.tokens
	}
	defer close(made.done)
	type lacking struct {
		present func(context.Context, *baselineToken) (credential, error)
		sends   func(disguise) bool
	}
	var lack []lacking
	if e.needsScope() || e.needsRole() {
		lack = append(lack, lacking{s.notEnough(e), nil})
	}
	if e.needsScope() && e.needsRole() && g.who.user != "" {
		lack = append(lack, lacking{func(ctx context.Context, g *baselineToken) (credential, error) {
			return g.present(ctx, change{"scp": "another.scope"})
		}, func(d disguise) bool { return d.scopes }})
	}
	if len(e.groups) > 0 && g.who.user != "" {
		lack = append(lack, lacking{func(ctx context.Context, g *baselineToken) (credential, error) {
			return g.present(ctx, change{"groups": nil})
		}, nil})
	}
	if g.who.user != "" {
		for _, other := range s.callersBeside(e) {
			lack = append(lack, lacking{func(ctx context.Context, g *baselineToken) (credential, error) {
				return g.present(ctx, s.claimsOf(other, g))
			}, func(d disguise) bool { return d.beside }})
		}
	}
	for _, one := range lack {
		c, err := one.present(ctx, g)
		if err != nil {
			continue // the tenant has no such token, and the case for this token reports it
		}
		scene, err := s.prepare(ctx, Case{Endpoint: e.id})
		if err != nil {
			continue
		}
		_, got, _, err := s.send(ctx, scene.request, c)
		s.cleanUp(ctx, Case{Endpoint: e.id}, scene, got)
		if err == nil && !success(got.status) && got.status < http.StatusInternalServerError {
			made.tokens = append(made.tokens, lackingToken{c.secrets[0], one.sends})
		}
	}
	return made.tokens
}
