package login

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
)

// maxForm is the maximum number of bytes of a form or a query that are read.
const maxForm = 256 << 10

// version is the version of the endpoint: v1 has paths without a version and the
// parameter resource, v2 has the parameter scope. The resource determines the version
// of its tokens.
type version int

const (
	v1 version = 1
	v2 version = 2
)

// call is one request. It has no tenant, because the path may be common or
// organizations: then the tenant is known only after the sign-in.
type call struct {
	*Login
	authority
	named         *tenantCall // in the tenant that the path names; nil for common and organizations
	w             http.ResponseWriter
	r             *http.Request
	version       version
	now           time.Time
	form          url.Values
	traceID       string
	correlationID string
	interactive   bool // a user has just filled in a form
}

// open begins a call.
func (l *Login) open(w http.ResponseWriter, r *http.Request, endpoint version) (*call, *Error) {
	c := &call{
		Login:   l,
		w:       w,
		r:       r,
		version: endpoint,
		now:     l.clock(),
		traceID: uuid.NewString(),
	}
	c.correlationID = clientRequestID(r)
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("x-ms-request-id", c.traceID)
	header.Set("client-request-id", c.correlationID)
	return c, c.address(r.PathValue("tenant"))
}

// clientRequestID returns the client's id of its request, or a new one.
func clientRequestID(r *http.Request) string {
	id := r.Header.Get("client-request-id")
	if id == "" {
		id = r.URL.Query().Get("client-request-id")
	}
	if parsed, err := uuid.Parse(id); err == nil {
		return parsed.String()
	}
	return uuid.NewString()
}

// api serves a document that scripts on any page may read.
func (l *Login) api(handle func(*call) *Error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Methods", "GET, OPTIONS")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusOK)
			return
		}
		c, err := l.open(w, r, v2)
		if err == nil {
			err = handle(c)
		}
		if err != nil {
			c.fail(err)
		}
	}
}

// page serves a user's browser.
func (l *Login) page(endpoint version, handle func(*call) *Error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := l.open(w, r, endpoint)
		if err == nil {
			err = c.readForm(true)
		}
		if err == nil {
			err = handle(c)
		}
		if err != nil {
			c.errorPage(err)
		}
	}
}

// readForm reads the form in the body. For pages that GET and POST can request, it
// reads the query of a GET.
func (c *call) readForm(orQuery bool) *Error {
	if len(c.r.URL.RawQuery) > maxForm {
		return failure(9002313)
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxForm)
	if err := c.r.ParseForm(); err != nil {
		return failure(9002313)
	}
	c.form = c.r.PostForm
	if orQuery && c.r.Method != http.MethodPost {
		c.form = c.r.Form
	}
	for name, values := range c.form {
		if len(values) > 1 {
			return failure(9000411, name)
		}
	}
	return nil
}

func (c *call) json(status int, body any) {
	c.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.w.WriteHeader(status)
	if err := json.NewEncoder(c.w).Encode(body); err != nil {
		c.log.Debug("answer not written", "error", err)
	}
}

// noStore keeps an answer with a credential out of every cache (RFC 6749 section 5.1).
func (c *call) noStore() {
	c.w.Header().Set("Cache-Control", "no-store, no-cache")
	c.w.Header().Set("Pragma", "no-cache")
}

// remoteAddress returns the caller's IP address, the ipaddr claim.
func (c *call) remoteAddress() string {
	host, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		return c.r.RemoteAddr
	}
	return host
}

// asError converts err to an *Error. An internal error becomes a general one without
// details for the caller.
func (c *call) asError(err error) *Error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	c.log.Error("request failed", "path", c.r.URL.Path, "error", err)
	return failure(90033)
}
