package referenceapi

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed docs
var docsFiles embed.FS

var docsTemplate = template.Must(template.ParseFS(docsFiles, "docs/page.html"))

// page returns the documentation: one file, whose only script and style are its own.
func (o *OpenAPI) page() (http.Handler, error) {
	style, err := docsFiles.ReadFile("docs/style.css")
	if err != nil {
		return nil, err
	}
	script, err := docsFiles.ReadFile("docs/page.js")
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(map[string]any{
		"authorizationUrl": o.AuthorizationURL, "tokenUrl": o.TokenURL, "clientId": o.ClientID,
		"scopes": []string{o.ScopeBase + "/.default"},
	})
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := docsTemplate.Execute(&page, map[string]any{
		"Title": o.Title, "Style": template.CSS(style), "Script": template.JS(script), "Config": template.JS(config),
	}); err != nil {
		return nil, err
	}
	authority, err := url.Parse(o.TokenURL)
	if err != nil {
		return nil, fmt.Errorf("token url: %w", err)
	}
	policy := fmt.Sprintf("default-src 'none'; img-src data:; style-src %s; script-src %s; connect-src 'self' %s://%s; frame-ancestors 'none'; base-uri 'none'",
		hashSource(style), hashSource(script), authority.Scheme, authority.Host)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer") // the address contains a code that can be used once
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write(page.Bytes()) // fails only when the caller has disconnected
	}), nil
}

// hashSource names an inline asset by its hash (Content Security Policy Level 3).
func hashSource(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
