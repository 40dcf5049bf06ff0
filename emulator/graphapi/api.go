package graphapi

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"provision/emulator/directory"
)

// Config is the configuration of the API.
type Config struct {
	Directory *directory.Directory
	Origin    string // scheme, host and port that clients see, e.g. https://localhost:8443
	// Authenticate verifies the request's access token. The caller sees its error,
	// which must not contain the token.
	Authenticate func(*http.Request) (Caller, error)
	Clock        func() time.Time
	// Observe, if set, is called for every answered request.
	Observe func(*http.Request, Observation)
	// Interfere, if set, decides whether a fault replaces the answer to an item of a $batch. Path
	// begins with the version.
	Interfere func(method, path, client string) Interference
	// Meter, if set, subtracts the cost of every request from its caller's quotas.
	Meter func(Cost) Throttled
}

// Interference is a fault that replaces the answer to a request. The zero value is no fault.
type Interference struct {
	Status        int // answered instead
	Code, Message string
	RetryAfter    time.Duration
	Done          bool   // the request is carried out first
	Body          string // sent unchanged, with Status
	Drop          bool   // the connection of the whole batch is closed
}

// Observation contains data for a log of requests that is not visible outside of the handler.
type Observation struct {
	Client string         // the caller's appId
	Batch  []ObservedItem // the requests inside a $batch, in the order of their answers
}

// ObservedItem is one request inside a $batch. Path has no query.
type ObservedItem struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status"`
}

const (
	// maxBody bounds a request's body, unpacked.
	maxBody = 8 << 20
	// maxURL bounds the path and query of a request, also of the items of a batch.
	maxURL = 16 << 10
)

type service struct {
	directory    *directory.Directory
	origin       string
	authenticate func(*http.Request) (Caller, error)
	clock        func() time.Time
	observe      func(*http.Request, Observation)
	interfere    func(method, path, client string) Interference
	meter        func(Cost) Throttled
	routes       []route
}

// New returns the handler of /v1.0/ and /beta/.
func New(config Config) http.Handler {
	s := &service{
		directory:    config.Directory,
		origin:       strings.TrimSuffix(config.Origin, "/"),
		authenticate: config.Authenticate,
		clock:        config.Clock,
		observe:      config.Observe,
		interfere:    config.Interfere,
		meter:        config.Meter,
	}
	for _, routes := range [][]route{
		deltaRoutes, invitationRoutes, applicationRoutes, servicePrincipalRoutes, assignmentRoutes, grantRoutes, userRoutes, groupRoutes,
		recycleBinRoutes, auditLogRoutes, unitRoutes, scopedRoleRoutes, roleRoutes, roleManagementRoutes, membershipRoutes, federatedRoutes, logoRoutes, signingRoutes, rollKeyRoutes, objectRoutes, tenantRoutes, appManagementRoutes, customPolicyRoutes, meRoutes, batchRoutes,
	} {
		for _, r := range routes {
			if r.requires == nil {
				panic("graphapi: route " + r.method + " " + r.pattern + " states no permissions")
			}
			r.segments = strings.Split(r.pattern, "/")
			s.routes = append(s.routes, r)
		}
	}
	return s
}

// call is one request: a single request or an item of a batch.
type call struct {
	service         *service
	cloud           cloud
	written         directory.View // the state before the call
	view            directory.View // the state that reads answer from
	caller          Caller
	ownedOnly       bool // the caller may only write objects that they own
	method          string
	version         string // v1.0 or beta
	path            string // below the version, escaped
	rawQuery        string
	header          http.Header
	body            []byte
	route           *route
	keys            map[string]key
	requestID       string
	clientRequestID string
	batch           []ObservedItem
	metered         http.Header // headers with the cost of the request
}

// answer is the answer to a call. If body is nil, the answer has no body.
type answer struct {
	status   int
	body     json.RawMessage
	text     string // a text/plain body instead
	media    string // the type of a body that is not JSON
	location string
	about    string // the object that the audit log names, where neither path nor location does
	header   http.Header
}

func noContent() answer { return answer{status: http.StatusNoContent} }

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowBrowsers(w.Header())
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	c := &call{
		service:         s,
		cloud:           s.cloudUnder(r.Host),
		method:          r.Method,
		header:          r.Header,
		rawQuery:        r.URL.RawQuery,
		requestID:       uuid.NewString(),
		clientRequestID: r.Header.Get("client-request-id"),
	}
	if c.clientRequestID == "" || len(c.clientRequestID) > 64 {
		c.clientRequestID = c.requestID
	}
	a, err := c.begin(w, r)
	if err != nil {
		a = c.errorAnswer(err)
	}
	c.write(w, a)
	if s.observe != nil {
		s.observe(r, Observation{Client: c.caller.AppID, Batch: c.batch})
	}
}

func (c *call) begin(w http.ResponseWriter, r *http.Request) (a answer, err error) {
	version, path, _ := strings.Cut(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	switch strings.ToLower(version) {
	case "v1.0", "beta":
		c.version, c.path = strings.ToLower(version), path
	default:
		return a, badRequest("Invalid version: %s.", version)
	}
	if c.caller, err = c.service.authenticate(r); err != nil {
		return a, unauthenticated(err)
	}
	if c.body, err = readBody(w, r); err != nil {
		return a, err
	}
	return c.serve()
}

// readBody reads the body, plain or compressed with gzip, as msgraph-sdk-go sends it.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var source io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		unpacked, err := gzip.NewReader(source)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, badSyntax("The request's body is not valid gzip.")
		}
		source = unpacked
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "BadRequest", "Content-Encoding must be gzip or absent.")
	}
	body, err := io.ReadAll(io.LimitReader(source, maxBody+1))
	switch {
	case len(body) > maxBody:
		return nil, refuse(http.StatusRequestEntityTooLarge, "Request_BadRequest", "The request's body is too large.")
	case err != nil:
		return nil, badSyntax("The request's body could not be read.")
	}
	return body, nil
}

// serve finds the route, checks the caller's permissions and answers.
func (c *call) serve() (answer, error) {
	if len(c.path)+len(c.rawQuery) > maxURL {
		return answer{}, refuse(http.StatusRequestURITooLong, "Request_BadRequest", "The request's URL is longer than %d characters.", maxURL)
	}
	r, err := c.service.find(c)
	if err != nil {
		return answer{}, err
	}
	c.route = r
	c.written = c.service.directory.View()
	c.view = c.service.directory.SeenBy(c.caller.name())
	if err := c.spend(); err != nil {
		return answer{}, err
	}
	if err := c.authorize(r); err != nil {
		return answer{}, err
	}
	if err := c.mayWrite(); err != nil {
		return answer{}, err
	}
	if err := c.checkSeen(); err != nil {
		return answer{}, err
	}
	if len(c.body) > 0 && (c.method == http.MethodPost || c.method == http.MethodPatch) && !isJSON(c.header.Get("Content-Type")) {
		return answer{}, badSyntax("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
	}
	a, err := r.handle(c)
	if err == nil {
		c.audit(a)
	}
	return a, err
}

// collection returns the first segment of the route: applications, users, …
func (c *call) collection() string { return c.route.segments[0] }

func isJSON(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "application/json")
}

func (c *call) authorize(r *route) error {
	if r.itself && c.isItself() {
		return nil
	}
	if ok, ownedOnly := c.caller.satisfies(r.requires); ok {
		c.ownedOnly = ownedOnly
		return nil
	}
	if r.self != nil && c.caller.Delegated() {
		if u, ok := c.userAt(c.keys["id"]); ok && u.ID == c.caller.UserID {
			if ok, _ := c.caller.satisfies(r.self); ok {
				return nil
			}
		}
	}
	return accessDenied()
}

// write sends an answer.
func (c *call) write(w http.ResponseWriter, a answer) {
	h := w.Header()
	maps.Copy(h, a.header)
	maps.Copy(h, c.metered)
	h.Set("request-id", c.requestID)
	h.Set("client-request-id", c.clientRequestID)
	h.Set("OData-Version", "4.0")
	h.Set("Cache-Control", "no-cache")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	if a.location != "" {
		h.Set("Location", a.location)
	}
	body := []byte(a.body)
	switch {
	case a.media != "":
		h.Set("Content-Type", a.media)
	case a.body != nil:
		h.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	case a.text != "":
		h.Set("Content-Type", "text/plain")
		body = []byte(a.text)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // a client that has gone away needs no answer
}
