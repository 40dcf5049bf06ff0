package conformance

import (
	"io"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"
)

// styles are correct APIs with unusual answers: each wraps the validator, which decides about
// admission.
var styles = map[string]func(validator) http.Handler{
	"the original path of a proxy, before the check": func(v validator) http.Handler {
		return rewriting(v, func(r *http.Request) {
			if p := r.Header.Get("X-Original-Url"); p != "" {
				r.URL.Path, r.URL.RawPath = p, ""
			}
		})
	},
	"the method of an override, before the check": func(v validator) http.Handler {
		v.answers = options
		return rewriting(v, func(r *http.Request) {
			if m := r.Header.Get("X-Http-Method-Override"); m != "" && m != "HEAD" {
				r.Method = m
			}
		})
	},
	"paths are normalized": func(v validator) http.Handler {
		return rewriting(v, func(r *http.Request) {
			p := strings.ReplaceAll(r.URL.Path, `\`, "/")
			segments := strings.Split(p, "/")
			for i, segment := range segments {
				segments[i], _, _ = strings.Cut(segment, ";")
			}
			r.URL.Path, r.URL.RawPath = path.Clean("/"+strings.Join(segments, "/")), ""
		})
	},
	"paths in lower case": func(v validator) http.Handler {
		return rewriting(v, func(r *http.Request) { r.URL.Path, r.URL.RawPath = strings.ToLower(r.URL.Path), "" })
	},
	"redirects to the clean path": func(v validator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if clean := path.Clean(r.URL.Path); clean != r.URL.Path {
				http.Redirect(w, r, clean, http.StatusMovedPermanently)
				return
			}
			v.ServeHTTP(w, r)
		})
	},
	"everything below the public route is public": func(v validator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.EscapedPath(), "/health") {
				answer(w, 200, map[string]any{"status": "ok"})
				return
			}
			v.ServeHTTP(w, r)
		})
	},
	"an application of one page": func(v validator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/secure" && r.URL.Path != "/health" {
				_, _ = io.WriteString(w, "<!doctype html><title>App</title>")
				return
			}
			v.ServeHTTP(w, r)
		})
	},
	"other hosts are somebody else's": func(v validator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.Host, "127.0.0.1:") {
				answer(w, 200, map[string]any{"status": "ok"})
				return
			}
			v.ServeHTTP(w, r)
		})
	},
	"http is redirected": func(v validator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Forwarded-Proto") == "http" {
				http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusPermanentRedirect)
				return
			}
			v.ServeHTTP(w, r)
		})
	},
	"conflicting headers of proxies are refused": func(v validator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Forwarded-For") != "" && r.Header.Get("Forwarded") != "" {
				answer(w, 400, map[string]any{"detail": "bad request"})
				return
			}
			v.ServeHTTP(w, r)
		})
	},
	"the health of internal callers has details": func(v validator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/health" && r.Header.Get("X-Forwarded-For") == "127.0.0.1" {
				answer(w, 200, map[string]any{"status": "ok", "uptime": 7})
				return
			}
			v.ServeHTTP(w, r)
		})
	},
	"public routes that tell the time": func(v validator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/health" {
				answer(w, 200, map[string]any{"status": "ok", "now": time.Now().UnixNano()})
				return
			}
			v.ServeHTTP(w, r)
		})
	},
}

func rewriting(v validator, rewrite func(*http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rewrite(r)
		v.ServeHTTP(w, r)
	})
}

// options answers the method OPTIONS with the methods of a route.
func options(w http.ResponseWriter, r *http.Request, status int) bool {
	if r.Method != http.MethodOptions || r.URL.Path != "/secure" {
		return false
	}
	w.Header().Set("Allow", "GET, HEAD, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// No case fails for correct APIs of any style.
func TestNoFalseAlarmOfStyles(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, serve(t, style(validator{issuer: s.issuer(), keys: s.cache(nil).find})))
			noFalseAlarm(t, run(t, without(suite, Signature, Claims, Lifecycle)))
		})
	}
}
