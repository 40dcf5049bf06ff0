package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// graphToken is a token for Microsoft Graph, which every client of the tenant can get.
var graphToken = check{
	name: "graph-token", means: CauseAudience, lacks: true, severity: High,
	sends:  "a real token for Microsoft Graph",
	gain:   "every program that reads a user's profile can call the API as that user",
	flaw:   "the API does not check the audience (aud)",
	source: "Microsoft: Access tokens, Validate tokens; RFC 8725, section 3.9",
	present: func(ctx context.Context, g *baselineToken) (credential, error) {
		raw, err := g.run.fetchForeignToken(ctx)
		if err != nil {
			return credential{}, err
		}
		return bearer(raw), nil
	},
}

// fetchForeignToken gets a token for Microsoft Graph by whichever of the stack's clients
// can have one: an application with a secret always can.
func (s *runState) fetchForeignToken(ctx context.Context) (string, error) {
	got := s.shared(subject{application: "a token for Microsoft Graph"}).signIn(ctx, func() (got signedIn) { // a name that no application can have
		got.access, got.err = s.fetchForeign(ctx)
		return got
	})
	return got.access, got.err
}

func (s *runState) fetchForeign(ctx context.Context) (string, error) {
	var candidates []subject
	if app, cannot := s.itself("with a secret", "", func(Application) bool { return true }); cannot == nil {
		candidates = append(candidates, subject{client: app.application})
	}
	for _, client := range s.clients() {
		if i := slices.IndexFunc(s.Users, func(u User) bool { return u.Unavailable == "" }); i >= 0 {
			candidates = append(candidates, subject{user: s.Users[i].Name, client: client.Name})
		}
	}
	reason := "no client can request one"
	for _, who := range candidates {
		raw, err := s.Tokens.Foreign(ctx, who.client, who.user)
		var refused *AADSTSError
		switch {
		case err == nil:
			_, claims, err := decode(raw)
			if err != nil {
				return "", fmt.Errorf("a token for Microsoft Graph: %w", err)
			}
			if slices.Contains(s.Resource.Audiences, claims.text("aud")) {
				return "", fmt.Errorf("a token for Microsoft Graph: it is for %q, the API itself", claims.text("aud"))
			}
			return raw, nil
		case errors.As(err, &refused), errors.Is(err, ErrUnavailable):
			reason = plain(err).Error()
		default:
			return "", fmt.Errorf("a token for Microsoft Graph: %w", err)
		}
	}
	// The case wrong-audience uses such a token too, so the document does not have to
	// declare a client for this case.
	return "", skip("", "no client of the stack gets a token for Microsoft Graph; an application with redirect URIs and the permission User.Read of Microsoft Graph does: %s", reason)
}
