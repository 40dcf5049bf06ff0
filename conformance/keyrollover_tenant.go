package conformance

import (
	"context"
	"errors"
	"fmt"
)

// keyOfAnotherTenant publishes a key of one tenant in the key set of all tenants. The
// issuer of this key names the tenant, and the issuer of the other keys contains
// {tenantid}. An API must refuse a token of the home tenant that this key has signed.
var keyOfAnotherTenant = lifecycleCheck{
	check: check{
		name: "keys-tenant", means: CauseKeyTenant, severity: Critical,
		sends:  "the valid token signed with a key of the common key set whose issuer is another tenant",
		gain:   "anybody with the key of one tenant can make tokens of all tenants",
		flaw:   "the API accepts any key of the common key set for any tenant, and does not compare the issuer of the key with the token's (iss)",
		source: "Microsoft: Access tokens, Validate the signing key issuer; CWE-345",
	},
	changes: true,
	present: func(ctx context.Context, l *trial) (credential, error) {
		changing, cancel := l.uninterrupted(ctx)
		defer cancel()
		kid, withdraw, err := l.Changes.Keys.PublishOf(changing, anotherTenant)
		if err != nil {
			return credential{}, fmt.Errorf("publish a key: %w", err)
		}
		restore := l.restoring(withdraw)
		signed, err := l.baselineToken.signedUnder(ctx, map[string]any{"kid": kid})
		fetches := false
		if err == nil {
			fetches, err = l.fetched(ctx)
		}
		if err != nil {
			if left := restore(ctx); left != "" {
				err = errors.Join(err, errors.New(left))
			}
			return credential{}, err
		}
		signed.restore = restore
		if !fetches {
			return l.notFetched(signed), nil
		}
		return signed, nil
	},
}
