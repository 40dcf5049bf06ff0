package conformance

import (
	"context"
	"fmt"
)

// writtenCases returns the document's own cases for the requests that match.
func (s *Suite) writtenCases(match func(request string) bool) ([]Case, error) {
	var cases []Case
	for _, stated := range s.Document.Cases {
		request, err := parseRequest(stated.Request)
		if err != nil {
			return nil, fmt.Errorf("conformance %s: case %s: %w", s.Document.Name, stated.Name, err)
		}
		id := s.idOf(request)
		if !match(id) {
			continue
		}
		c := Case{
			ID: id + ": " + stated.Name, Endpoint: id, request: request, Name: stated.Name, Means: CauseWritten, Group: Written, Severity: Medium,
			Sends:  "no token",
			Expect: expectOf(stated.Expect),
			Source: "the document",
			Flaw:   "the API does not do what the document says",
			File:   stated.Pos.File, Line: stated.Pos.Line,
			body: stated.Body, contentType: stated.ContentType,
			stage: stageRest, present: func(context.Context, *runState) (credential, error) { return credential{}, nil },
		}
		who, cannot, err := s.writtenSubject(stated.As.User, stated.As.Application)
		if err != nil {
			return nil, fmt.Errorf("conformance %s: case %s: %w", s.Document.Name, stated.Name, err)
		}
		if who != (subject{}) || cannot != nil {
			c.Sends, c.skip = "the token of "+describe(who, cannot), cannot
			c.present = func(ctx context.Context, run *runState) (credential, error) {
				g, err := run.access(ctx, who)
				if err != nil {
					return credential{}, err
				}
				return bearer(g.raw), nil
			}
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// idOf returns the identity of the first endpoint with a request or a name.
func (s *Suite) idOf(request string) string {
	for _, e := range s.Document.Endpoints {
		if same, err := parseRequest(e.Request); err == nil && same == request {
			return identity(e)
		}
	}
	return request
}

// writtenSubject finds the caller that a case names, or the zero subject.
func (s *Suite) writtenSubject(user, application string) (subject, *skipped, error) {
	switch {
	case user != "":
		if _, ok := s.user(user); !ok {
			return subject{}, nil, fmt.Errorf("user %s is not one of the suite's", user)
		}
		who, cannot := s.signedIn(endpoint{}, "called "+user, "", func(u User) bool { return u.Name == user })
		return who, cannot, nil
	case application != "":
		if _, ok := s.application(application); !ok {
			return subject{}, nil, fmt.Errorf("application %s is not one of the suite's", application)
		}
		who, cannot := s.itself("called "+application, "", func(a Application) bool { return a.Name == application })
		return who, cannot, nil
	}
	return subject{}, nil, nil
}
