package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"
)

// Read is one GET of an object or of a collection.
type Read struct {
	Path     string // below the version, e.g. /applications
	Query    url.Values
	List     bool // a collection: 404 is an error
	Advanced bool // send ConsistencyLevel: eventual, and $count for a collection
	Optional bool // the answer is empty if the caller lacks the permission to read it
	Beta     bool // of the beta version
}

// Result is the answer to a Read.
type Result struct {
	Object json.RawMessage   // the object; nil after 404
	Items  []json.RawMessage // of a collection: all pages
}

// maxLags is the maximum number of repeated requests for a collection that Graph does not find.
// The object of the collection exists, but may not be visible everywhere yet.
const maxLags = 4

// Read sends reads in batches, follows every nextLink, and returns the results in the order of
// reads. A 404 for an object is an empty Result. A 404 for a collection, like any other refusal,
// is an *Error.
func (c *Client) Read(ctx context.Context, reads ...Read) ([]Result, error) {
	results := make([]Result, len(reads))
	requests := make([]request, len(reads))
	for i, r := range reads {
		requests[i] = c.reading(r, func(result Result, err error) ([]request, error) {
			results[i] = result
			return nil, err
		})
	}
	if err := c.do(ctx, requests); err != nil {
		return nil, err
	}
	return results, nil
}

// reading returns the request of a read that passes its result, with all pages, to done.
func (c *Client) reading(r Read, done func(Result, error) ([]request, error)) request {
	base := c.endpoint
	if r.Beta {
		base = c.beta()
	}
	return (&reading{Read: r, base: base, pages: map[string]bool{}, done: done}).request(r.url())
}

// url returns the path of a read with its query.
func (r Read) url() string {
	if r.Advanced {
		r.Query = with(r.Query, "$count", "true")
	}
	if len(r.Query) == 0 {
		return r.Path
	}
	return r.Path + "?" + encode(r.Query)
}

// reading is a Read under way.
type reading struct {
	Read
	base   string // URL of the version
	result Result
	pages  map[string]bool // URLs of the requested pages
	lags   int             // how often Graph did not find the collection
	done   func(Result, error) ([]request, error)
}

// request requests one page of a collection, or the object.
func (r *reading) request(url string) request {
	q := request{operation: "read " + url, method: http.MethodGet, path: url, beta: r.Beta}
	if r.Advanced {
		q.headers = map[string]string{"ConsistencyLevel": "eventual"}
	}
	q.take = func(a answer) ([]request, error) {
		absent := status(a.err) == http.StatusNotFound
		switch {
		case absent && !r.List, status(a.err) == http.StatusForbidden && r.Optional:
			return r.done(r.result, nil)
		case absent && r.lags < maxLags:
			again := r.request(url)
			again.notBefore = time.Now().Add(retryAfter("", r.lags))
			r.lags++
			return []request{again}, nil
		case a.err != nil:
			return r.done(r.result, a.err)
		}
		next, err := r.result.add(a.body, r.List)
		if err == nil && next != "" {
			next, err = r.page(next)
		}
		if err != nil {
			return r.done(r.result, fmt.Errorf("%s: %w", q.operation, err))
		}
		if next == "" {
			return r.done(r.result, nil)
		}
		return []request{r.request(next)}, nil
	}
	return q
}

// page returns the URL of the next page, relative to the API version. It refuses a
// link that was followed before, which would never end, and a link to another host.
func (r *reading) page(next string) (string, error) {
	url, ok := strings.CutPrefix(next, r.base)
	switch {
	case !ok || !strings.HasPrefix(url, "/"):
		return "", fmt.Errorf("its next page is not below %s: %q", r.base, next)
	case r.pages[url]:
		return "", fmt.Errorf("its pages form a loop: %q appeared twice", url)
	}
	r.pages[url] = true
	return url, nil
}

// add adds a page of a list, or an object. Anything else is an error: the HTML page of
// a proxy must not look like an empty tenant.
func (r *Result) add(body json.RawMessage, list bool) (next string, err error) {
	var page struct {
		Value *[]json.RawMessage `json:"value"`
		Next  string             `json:"@odata.nextLink"`
	}
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return "", errors.New("the answer is not a JSON object")
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return "", err
	}
	if !list {
		r.Object = body
		return "", nil
	}
	if page.Value == nil {
		return "", errors.New("the answer is not a collection")
	}
	r.Items = append(r.Items, *page.Value...)
	return page.Next, nil
}

// batchItem is a request in a $batch.
type batchItem struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// batchAnswer is the answer to an item.
type batchAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// answer returns the answer to the item; operation names the request in errors. A success that is
// not a JSON object comes from a system between this program and Graph, and does not prove that
// Graph executed the request.
func (a batchAnswer) answer(operation string) answer {
	if a.Status >= 400 {
		return answer{err: errorOf(operation, a.Status, a.Body)}
	}
	if a.Status < 200 || a.Status >= 300 { // or the answer has no code
		return answer{err: fmt.Errorf("%s: Graph answered with status %d, which is neither a success nor an error", operation, a.Status)}
	}
	if first := bytes.TrimLeft(a.Body, " \t\r\n"); len(first) > 0 && first[0] != '{' && !bytes.Equal(first, []byte("null")) {
		return answer{err: fmt.Errorf("%s: %w", operation, &unreadable{strconv.Itoa(a.Status), a.header("Content-Type")})}
	}
	return answer{body: a.Body}
}

// retryAfter returns the time to wait before the item is sent again.
func (a batchAnswer) retryAfter(attempt int) time.Duration {
	return retryAfter(a.header("Retry-After"), attempt)
}

// maxUsed is the largest share of a quota that Graph states. A larger value does not come from
// Graph, or is not a share.
// Source: learn.microsoft.com/graph/throttling-limits, "Response headers": 0.8 to 1.8.
const maxUsed = 1.8

// used returns the share of a quota that is used up according to Graph, or 0 if Graph does not
// state it.
func (a batchAnswer) used() float64 {
	used, err := strconv.ParseFloat(a.header("x-ms-throttle-limit-percentage"), 64)
	if err != nil || !(used > 0) { // or it is not a number
		return 0
	}
	return min(used, maxUsed)
}

func (a batchAnswer) header(name string) string {
	for k, v := range a.Headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// itemID returns the id of the request at an index of a batch.
func itemID(i int) string { return strconv.Itoa(i) }

// batch sends requests of one version as one $batch, and returns the answers by itemID.
func (c *Client) batch(ctx context.Context, beta bool, requests []request) (map[string]batchAnswer, error) {
	base := c.endpoint
	if beta {
		base = c.beta()
	}
	items := make([]batchItem, len(requests))
	for i, r := range requests {
		items[i] = batchItem{ID: itemID(i), Method: r.method, URL: r.path, Headers: r.headers, Body: r.body}
		if r.once {
			ctx = context.WithValue(ctx, onceOnly{}, true)
		}
	}
	body, err := json.Marshal(map[string]any{"requests": items})
	if err != nil {
		return nil, err
	}
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
		abstractions.POST, "{+version}/$batch", map[string]string{"version": base}) // the adapter sets baseurl itself
	info.SetStreamContentAndContentType(body, "application/json")
	info.Headers.TryAdd("Accept", "application/json")
	answer, err := c.adapter.SendPrimitive(ctx, info, "[]byte", refusals)
	if err != nil {
		return nil, wrap(operationOf(requests), err)
	}
	raw, ok := answer.([]byte)
	if !ok {
		return nil, fmt.Errorf("%s: Graph answered the batch without a body", operationOf(requests))
	}
	var responses struct {
		Responses []batchAnswer `json:"responses"`
	}
	if err := json.Unmarshal(raw, &responses); err != nil {
		return nil, fmt.Errorf("%s: the batch's answer: %w", operationOf(requests), err)
	}
	byID := make(map[string]batchAnswer, len(requests))
	for _, r := range responses.Responses {
		if _, twice := byID[r.ID]; twice {
			return nil, fmt.Errorf("%s: the batch's answer has two results for request %q", operationOf(requests), r.ID)
		}
		byID[r.ID] = r
	}
	return byID, nil
}

// operationOf returns the name of the operation of a batch.
func operationOf(requests []request) string {
	if slices.ContainsFunc(requests, request.writes) {
		return "write to the tenant"
	}
	return "read the tenant"
}

func with(q url.Values, key, value string) url.Values {
	c := url.Values{key: {value}}
	for k, v := range q {
		c[k] = v
	}
	return c
}

// encode encodes a query with %20 for a space, as Graph requires inside a batch.
func encode(q url.Values) string { return strings.ReplaceAll(q.Encode(), "+", "%20") }
