package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"provision/conformance"
)

// notKnownYet are the AADSTS codes for a client and for a secret that the token endpoint does
// not know, or not yet.
var notKnownYet = []int{700016, 7000215}

const expiredSecret = 7000222

// retryNewSecret repeats ask, which requests a token, until the token endpoint accepts
// the new secret. This can take some seconds after Graph has created the secret. It
// returns the error of the last attempt.
func (s *connection) retryNewSecret(ctx context.Context, ask func() error) error {
	for deadline := s.now().Add(s.newSecretPatience); ; {
		err := ask()
		if !slices.Contains(notKnownYet, aadstsCode(err)) || s.now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// aadstsCode returns the code of an AADSTS error, and 0 for other errors.
func aadstsCode(err error) int {
	var refused *conformance.AADSTSError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}
