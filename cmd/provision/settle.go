package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"provision/conformance"
)

// notKnownYet are the refusals of a client, and of a secret, that the token
// endpoint does not know.
var notKnownYet = []int{700016, 7000215}

const expiredSecret = 7000222

// settle asks for a token again while a new secret is not taken: Entra's token
// endpoint learns of it some seconds after Graph has made it. It returns how the
// last attempt ended.
func (s *session) settle(ctx context.Context, ask func() error) error {
	for deadline := s.now().Add(s.settleFor); ; {
		err := ask()
		if !slices.Contains(notKnownYet, refusal(err)) || s.now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// refusal is the number of an AADSTS error, 0 where err is none.
func refusal(err error) int {
	var refused *conformance.AADSTSError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}
