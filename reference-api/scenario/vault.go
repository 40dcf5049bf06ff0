package scenario

import (
	"context"
	"errors"
	"net/http"

	referenceapi "provision/reference-api"
	"provision/reference-api/token"
)

// Vault reads the value of a secret. ErrNoSecret means that the vault answered and
// has no such secret; any other error means that the vault cannot be asked.
type Vault interface {
	Secret(ctx context.Context, name string) (value string, err error)
}

// ErrNoSecret means that a vault has no secret of that name.
var ErrNoSecret = errors.New("no such secret")

// LocalVault is a vault in memory with one example secret, demo. A request for the secret
// unreachable gets the answer of a vault that is not available.
type LocalVault struct{}

// Secret implements Vault.
func (LocalVault) Secret(_ context.Context, name string) (string, error) {
	switch name {
	case "demo":
		return "the value of demo", nil
	case "unreachable":
		return "", errors.New("the vault does not answer")
	}
	return "", ErrNoSecret
}

// problem is an error in the function's format.
type problem struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

func openVault(c Config) (*Scenario, error) {
	vault := c.Vault
	if vault == nil {
		vault = LocalVault{}
	}
	secret := func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("secret")
		if name == "" {
			referenceapi.WriteJSON(w, http.StatusBadRequest, problem{"SecretNameMissing", "The name of the secret is missing: /vault?secret=NAME"})
			return
		}
		value, err := vault.Secret(r.Context(), name)
		switch {
		case errors.Is(err, ErrNoSecret):
			referenceapi.WriteJSON(w, http.StatusNotFound, problem{"SecretNotFound", "The vault has no secret of this name."})
		case err != nil:
			referenceapi.WriteJSON(w, http.StatusBadGateway, problem{"AzureKeyVaultFatalError", "The vault gave no answer."})
		default:
			referenceapi.WriteJSON(w, http.StatusOK, map[string]string{"secret": name, "value": value})
		}
	}
	return &Scenario{
		Handlers: map[string]http.Handler{"GET /vault": http.HandlerFunc(secret)},
		Refusal:  vaultRefusal,
	}, nil
}

// vaultProblems are the refusals of the function; the first match applies.
var vaultProblems = []struct {
	reason error
	problem
}{
	{referenceapi.ErrNoHeader, problem{"AuthorizationHeaderMissing", "The request has no Authorization header."}},
	{referenceapi.ErrScheme, problem{"InvalidAuthorizationHeader", "The Authorization header must start with Bearer."}},
	{referenceapi.ErrNoToken, problem{"AuthorizationTokenNotFound", "The Authorization header contains no token."}},
	{referenceapi.ErrTwoTokens, problem{"InvalidAuthorizationHeaderFormat", "The Authorization header must be Bearer and a token."}},
	{referenceapi.ErrTwoHeaders, problem{"InvalidAuthorizationHeaderFormat", "The Authorization header must be Bearer and a token."}},
	{token.ErrExpired, problem{"AuthorizationTokenExpired", "The token has expired."}},
	{token.ErrMalformed, problem{"InvalidAuthorizationHeader", "The token cannot be read."}},
	{token.ErrAlgorithm, problem{"InvalidAuthorizationHeader", "The token cannot be read."}},
	{token.ErrUnknownKey, problem{"InvalidAuthorizationHeader", "The token is signed with no known key."}},
	{referenceapi.ErrNoRoles, problem{"AuthorizationRoleMissing", "The token contains no role."}},
	{referenceapi.ErrRole, problem{"AuthorizationPathRoleMissing", "The token does not contain the role that this path requires."}},
	{referenceapi.ErrNoRoute, problem{"NotFound", "There is nothing here."}},
}

// vaultRefusal formats a refusal. All other errors of tokens
// concern a claim.
func vaultRefusal(r referenceapi.Refused) any {
	for _, known := range vaultProblems {
		if errors.Is(r.Reason, known.reason) {
			return known.problem
		}
	}
	switch r.Status {
	case http.StatusUnauthorized:
		return problem{"InvalidAuthorizationClaims", "The token's claims are not what this function accepts."}
	case http.StatusServiceUnavailable:
		return problem{"TokenValidationUnavailable", "The signing keys could not be fetched."}
	}
	return problem{"Forbidden", r.Detail}
}
