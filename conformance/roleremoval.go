package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// roleRemoved returns a user whose roles were taken away a moment ago, at the first
// endpoint that needs one.
func (s *Suite) roleRemoved() []Case {
	for _, stated := range s.Document.Endpoints {
		e, err := s.endpoint(stated)
		if err != nil || e.public || !e.users || !e.needsRole() || e.several() {
			continue
		}
		who, cannot := s.signedIn(e, "whose directly assigned roles are enough", s.addEntitled(e, "somebody"),
			func(u User) bool { return e.fits(u) && len(u.GroupRoles) == 0 })
		if s.Changes.Assignments == nil {
			cannot = skip("", "%s", s.whyUnchanged("the tenant's assignments cannot be changed for a test"))
		}
		c := s.denied(e, "role-removed", CauseStaleRoles, High, who, cannot)
		c.Group, c.stage = Lifecycle, stageLifecycle
		c.Sends = "the new token of " + describe(who, cannot) + ", whose roles were removed before that"
		if cannot != nil {
			c.Sends = "the new token of a user whose roles were removed before that"
		}
		c.Source = sourceRoles
		c.Gain = "users keep access after their roles are removed"
		c.Flaw = "the API remembers the roles of users instead of reading the roles in the token (roles)"
		c.present = func(ctx context.Context, run *runState) (credential, error) {
			return run.runTrial(ctx, c, e, func(ctx context.Context, l *trial) (credential, error) { return l.removed(ctx, who) })
		}
		return []Case{c}
	}
	return nil
}

// removed sends a token with the user's roles to the API, removes the roles and signs
// the user in again.
func (l *trial) removed(ctx context.Context, who subject) (credential, error) {
	before, err := l.access(ctx, who)
	if err != nil {
		return credential{}, err
	}
	if _, err := l.ask(ctx, bearer(before.raw)); err != nil {
		return credential{}, err
	}
	changing, cancel := l.uninterrupted(ctx)
	defer cancel()
	restore, err := l.Changes.Assignments.Unassign(changing, before.claims.text("oid"))
	if err != nil {
		return credential{}, fmt.Errorf("take the roles of user %s away: %w", who.user, err)
	}
	putBack := l.restoring(restore)
	raw, err := l.withoutRoles(ctx, who)
	if err != nil {
		if left := putBack(ctx); left != "" {
			err = errors.Join(err, errors.New(left))
		}
		return credential{}, err
	}
	c := bearer(raw)
	c.restore = putBack
	return c, nil
}

// withoutRoles signs the user in again and waits until the tenant issues a token
// without the roles.
func (l *trial) withoutRoles(ctx context.Context, who subject) (string, error) {
	client, _ := l.application(who.client)
	for n := 0; ; n++ {
		access, _, err := l.Tokens.User(ctx, who.client, who.user, l.asked(client))
		if err != nil {
			return "", l.explain(who, err)
		}
		_, _, err = l.examine(who.String(), access, l.holdsRoles(l.e, nil), l.holdsScopes(who.client, l.e.requirement))
		if err == nil {
			return access, nil
		}
		if n == maxRepeats {
			return "", skip("", "the tenant does not take the roles away in time: %v", err)
		}
		if err := l.pace.sleep(ctx, (1<<n)*10*time.Millisecond); err != nil {
			return "", err
		}
	}
}
