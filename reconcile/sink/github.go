package sink

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/crypto/nacl/box"

	"provision/stack"
)

// GitHub contains the settings of GitHub's REST API.
type GitHub struct {
	URL        string       // e.g. https://api.github.com
	Token      string       // a token with the permission to write the repository's secrets
	HTTPClient *http.Client // nil: http.DefaultClient
}

// github is a secret of GitHub Actions. It is encrypted with a key of the repository.
// GitHub never returns its value. Source: docs.github.com/rest/actions/secrets.
type github struct {
	where stack.GitHubSink
	api   GitHub
}

// publicKey is the repository's key that encrypts secrets.
type publicKey struct {
	ID  string `json:"key_id"`
	Key []byte `json:"key"` // Curve25519
}

// Check gets the public key, which requires the permission to write secrets.
func (g github) Check(ctx context.Context) error {
	_, err := g.fetchPublicKey(ctx)
	return err
}

// Read returns no value, because GitHub never returns it. It reports every secret as existing: the
// caller calls it only for a secret that it has recorded.
func (g github) Read(context.Context) (Secret, bool, error) { return Secret{}, true, nil }

func (g github) Write(ctx context.Context, s Secret) error {
	key, err := g.fetchPublicKey(ctx)
	if err != nil {
		return err
	}
	sealed, err := box.SealAnonymous(nil, []byte(s.SecretText), (*[32]byte)(key.Key), rand.Reader)
	if err != nil {
		return g.failed("", err)
	}
	return g.send(ctx, http.MethodPut, g.where.Name, map[string]any{"encrypted_value": sealed, "key_id": key.ID}, nil)
}

func (g github) Forget(ctx context.Context) error {
	err := g.send(ctx, http.MethodDelete, g.where.Name, nil, nil)
	if errors.Is(err, errNotFound) {
		return nil
	}
	return err
}

func (g github) fetchPublicKey(ctx context.Context) (key publicKey, err error) {
	if err := g.send(ctx, http.MethodGet, "public-key", nil, &key); err != nil {
		return key, err
	}
	if len(key.Key) != 32 {
		return key, g.failed("", errors.New("GitHub's public key is not a Curve25519 key"))
	}
	return key, nil
}

var errNotFound = errors.New("GitHub answered 404: the repository or environment does not exist, or the token has no access to it")

func (g github) send(ctx context.Context, method, name string, body, into any) error {
	if g.api.Token == "" {
		return g.failed("set GITHUB_TOKEN (or GH_TOKEN) to a token that may write secrets of "+g.where.Repository, errors.New("there is no GitHub token"))
	}
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, g.path(name), content)
	if err != nil {
		return g.failed("set GITHUB_API_URL to a URL such as https://api.github.com", err)
	}
	r.Header.Set("Accept", "application/vnd.github+json")
	r.Header.Set("Authorization", "Bearer "+g.api.Token)
	r.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	client := g.api.HTTPClient
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(r)
	if err != nil {
		return g.failed("", err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return g.failed("", err)
	}
	switch {
	case answer.StatusCode < 300 && into != nil:
		if err := json.Unmarshal(raw, into); err != nil {
			return g.failed("", fmt.Errorf("GitHub's answer: %w", err))
		}
		return nil
	case answer.StatusCode < 300:
		return nil
	}
	return g.refused(answer.StatusCode, raw)
}

func (g github) path(name string) string {
	base := strings.TrimSuffix(g.api.URL, "/") + "/repos/" + g.where.Repository
	if g.where.Environment != "" {
		return base + "/environments/" + url.PathEscape(g.where.Environment) + "/secrets/" + name
	}
	return base + "/actions/secrets/" + name
}

func (g github) refused(status int, body []byte) error {
	var said struct{ Message string }
	_ = json.Unmarshal(body, &said) // if the body is not JSON, the error contains only the status
	switch status {
	case http.StatusNotFound:
		return g.failed("check the repository and environment, and that the token has access to them", errNotFound)
	case http.StatusUnauthorized:
		return g.failed("set GITHUB_TOKEN (or GH_TOKEN) to a valid token", fmt.Errorf("GitHub does not accept the token (401 %s)", said.Message))
	case http.StatusForbidden:
		return g.failed("the token needs the permission to write secrets (of an environment: to write environments), which a workflow's own token never has",
			fmt.Errorf("GitHub answered 403: %s", said.Message))
	}
	return g.failed("", fmt.Errorf("GitHub answered %d: %s", status, said.Message))
}

func (g github) failed(hint string, err error) error {
	if hint == "" {
		hint = "run the same command again when GitHub answers"
	}
	return &Error{Where: stack.Sink{GitHub: &g.where}.String(), Hint: hint, Err: err}
}
