package login

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

// assets are the style and the script that pages contain inline. The content security
// policy permits these two by their hashes and nothing else, so that a page needs no
// other resource and runs no other script.
var (
	style  = asset("pages/style.css")
	script = asset("pages/submit.js")
)

func asset(name string) string {
	data, err := pageFiles.ReadFile(name)
	if err != nil {
		panic("login: " + err.Error())
	}
	return string(data)
}

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"page":   func(id, title string) pageHead { return pageHead{id, title} },
	"url":    func(uri string) template.URL { return template.URL(uri) }, // a registered redirect URI may have a custom scheme
	"style":  func() template.CSS { return template.CSS(style) },
	"script": func() template.JS { return template.JS(script) },
}).ParseFS(pageFiles, "pages/*.html"))

// pageHead contains the title of a page, and the name with which Entra marks pages of
// this kind for programs that control a browser.
type pageHead struct{ ID, Title string }

// pagePolicy has no form-action: browsers apply it also to the redirect after a form,
// which leads to the client.
var pagePolicy = strings.Join([]string{
	"default-src 'none'", "style-src " + source(style), "script-src " + source(script),
	"frame-ancestors 'none'", "base-uri 'none'",
}, "; ")

// source names an inline asset by its hash (Content Security Policy Level 3).
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (c *call) render(status int, name string, data any) *Error {
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, name, data); err != nil {
		return c.asError(err)
	}
	header := c.w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("X-Frame-Options", "DENY")
	c.noStore()
	c.w.WriteHeader(status)
	if c.r.Method == http.MethodHead {
		return nil
	}
	if _, err := c.w.Write(body.Bytes()); err != nil {
		c.log.Debug("page not written", "error", err)
	}
	return nil
}

// errorPage shows the user an error that must not be sent to a client.
func (c *call) errorPage(err *Error) {
	c.log.Info("refused", "path", c.r.URL.Path, "code", err.Code, "error", err.OAuth, "trace", c.traceID)
	if again := c.render(err.Status, "error.html", struct {
		Message, TraceID, CorrelationID, Timestamp string
	}{err.Error(), c.traceID, c.correlationID, c.now.UTC().Format(timestampLayout)}); again != nil {
		c.fail(again)
	}
}
