package main

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"provision/reconcile/sink"
	"provision/stack"
)

// sinks returns the access to the services that store secrets. For GitHub it uses the
// environment variables that GitHub's own programs use, and for Azure the default
// credential.
func sinks() sink.Access {
	return sink.Access{
		GitHub: sink.GitHub{
			URL:        cmp.Or(os.Getenv("GITHUB_API_URL"), "https://api.github.com"),
			Token:      cmp.Or(os.Getenv("GH_TOKEN"), os.Getenv("GITHUB_TOKEN")),
			HTTPClient: &http.Client{Timeout: 30 * time.Second},
		},
		Vaults: sink.Vaults{Credential: func() (azcore.TokenCredential, error) { return defaultCredential(nil) }},
	}
}

// readKept reads a client secret. ok is false if there is none. If the sink does not
// return the value, it comes from the environment, or is "".
func (s *connection) readKept(ctx context.Context, st *stack.Stack, a *stack.Application, secret stack.Secret) (kept sink.Secret, ok bool, err error) {
	kept, ok, err = s.keep.Secret(ctx, st.UniqueName(a.Name), secret.Name, secret.Sink)
	if kept.SecretText == "" {
		kept.SecretText = os.Getenv(secretVariable(a, secret))
	}
	return kept, ok, err
}

func secretVariable(a *stack.Application, secret stack.Secret) string {
	return "PROVISION_SECRET_" + environmentName(a.Name) + "_" + environmentName(secret.Name)
}

// readKeptSecret reads the first of an application's secrets whose value is known, or
// returns the zero value.
func (s *connection) readKeptSecret(ctx context.Context, st *stack.Stack, a *stack.Application) (sink.Secret, error) {
	for _, secret := range a.Secrets {
		kept, _, err := s.readKept(ctx, st, a, secret)
		if err != nil || kept.SecretText != "" {
			return kept, err
		}
	}
	return sink.Secret{}, nil
}

// readSecret returns the value of a stored client secret, or "".
func (s *connection) readSecret(ctx context.Context, st *stack.Stack, a *stack.Application) (string, error) {
	kept, err := s.readKeptSecret(ctx, st, a)
	return kept.SecretText, err
}
