package graphapi

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Several requests in one. Source: learn.microsoft.com/graph/json-batching.
var batchRoutes = []route{
	{method: "POST", pattern: "$batch", requires: anyCaller, handle: (*call).serveBatch},
}

const maxBatch = 20

type batchItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

type batchAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// serveBatch answers items in the order of their dependencies, otherwise in the order
// of the request. An item whose dependency failed is 424.
func (c *call) serveBatch() (answer, error) {
	items, err := c.batchItems()
	if err != nil {
		return answer{}, err
	}
	answers := make([]batchAnswer, 0, len(items))
	status := map[string]int{}
	for len(answers) < len(items) {
		served := len(answers)
		for _, item := range items {
			if _, done := status[item.ID]; done || !allDone(item.DependsOn, status) {
				continue
			}
			a := c.serveItem(item, status)
			status[item.ID] = a.Status
			answers = append(answers, a)
			path, _, _ := strings.Cut(item.URL, "?")
			c.batch = append(c.batch, ObservedItem{item.Method, path, a.Status})
		}
		if len(answers) == served {
			return answer{}, badBatch("The dependencies of the requests form a circle.")
		}
	}
	data, err := json.Marshal(map[string]any{"responses": answers})
	return answer{status: http.StatusOK, body: data}, err
}

func badBatch(format string, args ...any) error {
	return badSyntax("Invalid batch payload format. "+format, args...)
}

func (c *call) batchItems() ([]batchItem, error) {
	var request struct {
		Requests []batchItem `json:"requests"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil {
		return nil, badBatch("It is not a JSON object with a list of requests.")
	}
	items := request.Requests
	if len(items) == 0 {
		return nil, badBatch("It contains no requests.")
	}
	if len(items) > maxBatch {
		return nil, badSyntax("Number of batch request steps exceeds the limit of %d.", maxBatch)
	}
	seen := map[string]bool{}
	for i := range items {
		item := &items[i]
		item.Method = strings.ToUpper(item.Method)
		switch {
		case item.ID == "" || item.Method == "" || item.URL == "":
			return nil, badBatch("Every request needs id, method and url.")
		case seen[item.ID]:
			return nil, badBatch("The id '%s' is used more than once.", item.ID)
		case strings.Contains(item.URL, "://"):
			return nil, badBatch("The url of request '%s' must be relative.", item.ID)
		}
		seen[item.ID] = true
	}
	for _, item := range items {
		for _, id := range item.DependsOn {
			if !seen[id] {
				return nil, badBatch("Request '%s' depends on '%s', which is not in the batch.", item.ID, id)
			}
		}
	}
	return items, nil
}

func allDone(ids []string, status map[string]int) bool {
	return !slices.ContainsFunc(ids, func(id string) bool {
		_, done := status[id]
		return !done
	})
}

func (c *call) serveItem(item batchItem, status map[string]int) batchAnswer {
	path, rawQuery, _ := strings.Cut(item.URL, "?")
	inner := &call{
		service:   c.service,
		cloud:     c.cloud,
		caller:    c.caller,
		method:    item.Method,
		version:   c.version,
		path:      strings.Trim(path, "/"),
		rawQuery:  strings.ReplaceAll(rawQuery, " ", "%20"),
		header:    http.Header{},
		body:      itemBody(item.Body),
		requestID: uuid.NewString(),
	}
	inner.clientRequestID = inner.requestID
	for name, value := range item.Headers {
		inner.header.Set(name, value)
	}
	a, err := inner.serveUnless(slices.ContainsFunc(item.DependsOn, func(id string) bool { return status[id] >= 400 }))
	if err != nil {
		a = inner.errorAnswer(err)
	}
	out := batchAnswer{ID: item.ID, Status: a.status, Body: a.body, Headers: map[string]string{"request-id": inner.requestID}}
	for name := range a.header {
		out.Headers[name] = a.header.Get(name)
	}
	for name := range inner.metered {
		shown := name
		if strings.HasPrefix(name, "X-Ms-") { // inside JSON, the case of a name is kept
			shown = strings.ToLower(name)
		}
		out.Headers[shown] = inner.metered.Get(name)
	}
	if a.body != nil {
		out.Headers["Content-Type"] = "application/json"
	}
	if a.text != "" {
		out.Headers["Content-Type"] = "text/plain"
		out.Body, _ = json.Marshal(base64.StdEncoding.EncodeToString([]byte(a.text))) // a string marshals
	}
	if a.media != "" {
		out.Headers["Content-Type"] = a.media
		out.Body, _ = json.Marshal(base64.StdEncoding.EncodeToString(a.body))
	}
	if a.location != "" {
		out.Headers["Location"] = a.location
	}
	return out
}

func (c *call) serveUnless(failed bool) (answer, error) {
	if failed {
		return answer{}, refuse(http.StatusFailedDependency, "FailedDependency", "This request depends on one that failed.")
	}
	if equalFold(c.path, "$batch") {
		return answer{}, badSyntax("A batch inside a batch is not supported.")
	}
	if c.service.interfere == nil {
		return c.serve()
	}
	fault := c.service.interfere(c.method, "/"+c.version+"/"+c.path, c.caller.AppID)
	if fault.Status == 0 && !fault.Drop {
		return c.serve()
	}
	if fault.Done {
		if _, err := c.serve(); err != nil && !fault.Drop {
			return answer{}, err // an error must not appear as a success
		}
	}
	if fault.Drop {
		panic(http.ErrAbortHandler) // net/http closes the connection and logs nothing
	}
	if fault.Body != "" {
		return answer{status: fault.Status, body: []byte(fault.Body), media: "text/html"}, nil
	}
	a := c.errorAnswer(refuse(fault.Status, fault.Code, "%s", fault.Message))
	if fault.RetryAfter > 0 {
		a.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(fault.RetryAfter.Seconds())))}}
	}
	return a, nil
}

// itemBody returns a JSON object, or a JSON object in base64.
func itemBody(raw json.RawMessage) []byte {
	if string(raw) == "null" {
		return nil
	}
	var encoded string
	if json.Unmarshal(raw, &encoded) == nil {
		if decoded, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return decoded
		}
	}
	return raw
}
