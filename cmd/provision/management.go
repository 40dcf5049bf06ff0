package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// management is the local tenant's management API.
type management struct {
	url, key string
	http     *http.Client
}

// Sign has any claims signed with the tenant's current key.
func (m *management) Sign(ctx context.Context, header, claims map[string]any) (string, error) {
	body, err := json.Marshal(map[string]any{"header": header, "claims": claims})
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url+"/sign", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+m.key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := m.http.Do(r)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
		return "", fmt.Errorf("sign a token: the management API answered %d %s", answer.StatusCode, oneLine(string(said)))
	}
	var signed struct{ Token string }
	if err := json.NewDecoder(answer.Body).Decode(&signed); err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed.Token, nil
}
