package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// The changes that a run may make in the test tenant.
func (s *tenant) changes() TenantChanges {
	return TenantChanges{Keys: s, Assignments: s, Disruptive: true}
}

func (s *tenant) Publish(context.Context) (string, func(context.Context) error, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times++
	kid := fmt.Sprintf("next-%d", s.times)
	s.next = append(s.next, kid)
	return kid, func(context.Context) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.next = slices.DeleteFunc(s.next, func(one string) bool { return one == kid })
		return nil
	}, nil
}

func (s *tenant) PublishOf(ctx context.Context, tenantID string) (string, func(context.Context) error, error) {
	kid, withdraw, err := s.Publish(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner == nil {
		s.owner = make(map[string]string)
	}
	s.owner[kid] = tenantID
	return kid, withdraw, err
}

func (s *tenant) Disturb(_ context.Context, how KeyFault) (Disturbance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.asked, s.ended = &how, 0, make(chan struct{})
	return s, nil
}

func (s *tenant) Requests(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, nil
}

func (s *tenant) End(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != nil {
		close(s.ended)
	}
	s.fault = nil
	return nil
}

func (s *tenant) Unassign(_ context.Context, oid string) (func(context.Context) error, error) {
	user := strings.TrimPrefix(oid, "oid-")
	set := func(roles []string) []string {
		s.mu.Lock()
		defer s.mu.Unlock()
		before := s.users[user]
		s.users[user] = roles
		return before
	}
	before := set(nil)
	return func(context.Context) error { set(before); return nil }, nil
}
