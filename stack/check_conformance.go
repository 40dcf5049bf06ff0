package stack

import "time"

func (l *loader) checkConformance(s *loaded, c *Conformance) {
	at := func(path ...any) Position { return l.at(s, "Conformance", c.Name, path...) }
	resource := s.applications[c.Resource]
	if resource == nil && c.Resource != "" {
		l.mistakes.add(at("resource"), oneOf(c.Resource, names(s.applications)), "unknown application %q", c.Resource)
	}
	if c.Client != "" && s.applications[c.Client] == nil {
		l.mistakes.add(at("client"), oneOf(c.Client, names(s.applications)), "unknown application %q", c.Client)
	}
	for i := range c.Cases {
		c.Cases[i].As.resolve(s)
	}
	for _, e := range c.Endpoints {
		for _, f := range []*Fixture{e.Setup, e.Cleanup} {
			if f != nil {
				f.As.resolve(s)
			}
		}
	}
	if resource != nil && !resource.Existing && !c.Tenants.Home() && (resource.SignInAudience == nil || *resource.SignInAudience == "AzureADMyOrg") {
		l.mistakes.add(at("tenants"), "add signInAudience: AzureADMultipleOrgs to application "+resource.Name,
			"the API admits other tenants, and application %s is for its own tenant only", resource.Name)
	}
	if client := s.applications[c.Client]; client != nil && !client.Existing && !s.broken(client.Name) &&
		len(client.Web.RedirectURIs)+len(client.SPA.RedirectURIs)+len(client.PublicClient.RedirectURIs) == 0 {
		l.mistakes.add(at("client"), "add publicClient: {redirectUris: [http://localhost]} to it, or name another application", "application %s has no redirect URI, so no user can sign in to it", c.Client)
	}
	l.checkRequests(s, c)
	for field, value := range map[string]string{"keyRefresh": c.Life.KeyRefresh, "clockSkew": c.Life.ClockSkew} {
		if _, err := time.ParseDuration(value); value != "" && err != nil {
			l.mistakes.add(at("life", field), DurationHint(value, time.ParseDuration), "%q is not a duration such as 90s or 5m", value)
		}
	}
	seen := map[string]bool{}
	for i, e := range c.Endpoints {
		if seen[e.ID()] {
			l.mistakes.add(at("endpoints", i, "request"), "give each endpoint a separate name: `name: NAME`", "endpoint %s is declared twice", e.ID())
		}
		seen[e.ID()] = true
		in := func(path ...any) Position { return at(append([]any{"endpoints", i}, path...)...) }
		l.checkRefusals(c, e, in)
		l.checkNext(e, in)
		if e.Requires == nil {
			continue
		}
		if e.Public {
			l.mistakes.add(at("endpoints", i, "public"), "remove one of the two", "endpoint %s cannot be public and require something", e.Request)
		}
		l.checkRequires(s, resource, e, func(path ...any) Position { return at(append([]any{"endpoints", i, "requires"}, path...)...) })
	}
	for i, k := range c.Cases {
		if k.As.User != "" && s.users[k.As.User] == nil {
			l.mistakes.add(at("cases", i, "as", "user"), oneOf(k.As.User, names(s.users)), "unknown user %q", k.As.User)
		}
		if k.As.Application != "" && s.applications[k.As.Application] == nil {
			l.mistakes.add(at("cases", i, "as", "application"), oneOf(k.As.Application, names(s.applications)), "unknown application %q", k.As.Application)
		}
	}
}
