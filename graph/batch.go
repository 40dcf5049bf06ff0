package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// batchLimit is the most requests that Graph takes in one $batch.
const batchLimit = 20

// Read is one GET of an object or of a collection.
type Read struct {
	Path     string // below the version, e.g. /applications
	Query    url.Values
	List     bool // a collection: that there is none (404) is an error
	Advanced bool // send ConsistencyLevel: eventual, and $count for a collection
	Optional bool // without the permission to read it there is nothing to read
	Beta     bool // of the beta version
}

// Result is the answer to a Read.
type Result struct {
	Object json.RawMessage   // the object; nil when there is none (404)
	Items  []json.RawMessage // of a collection: all pages
}

// item is a request of a read: its first, or one for a further page.
type item struct {
	read  int    // index into the reads
	url   string // relative to the version
	pages map[string]bool
	lags  int // how often a collection was not there
}

// maxLags is how often a collection is asked for again that is not there: the
// object it belongs to was seen, and may not be visible everywhere yet.
const maxLags = 4

// Read sends reads twenty to a $batch, follows every nextLink, and returns the
// results in the order of reads. A 404 is an empty Result of an object; of a
// collection, as any other refusal, it is an *Error. A throttled item alone is
// sent again, after its Retry-After.
// Source: learn.microsoft.com/graph/json-batching.
func (c *Client) Read(ctx context.Context, reads ...Read) ([]Result, error) {
	results := make([]Result, len(reads))
	queue := make([]item, 0, len(reads))
	for i, r := range reads {
		if r.Advanced {
			r.Query = with(r.Query, "$count", "true")
		}
		u := r.Path
		if len(r.Query) > 0 {
			u += "?" + encode(r.Query)
		}
		queue = append(queue, item{read: i, url: u})
	}
	for attempt := 0; len(queue) > 0; {
		base, n := c.endpoint, 1
		beta := reads[queue[0].read].Beta
		if beta {
			base = c.beta()
		}
		for n < min(len(queue), batchLimit) && reads[queue[n].read].Beta == beta {
			n++
		}
		requests := make([]batchRequest, n)
		for i, it := range queue[:n] {
			requests[i] = batchRequest{ID: strconv.Itoa(i), Method: http.MethodGet, URL: it.url}
			if reads[it.read].Advanced {
				requests[i].Headers = map[string]string{"ConsistencyLevel": "eventual"}
			}
		}
		answers, err := c.batch(ctx, base, requests)
		if err != nil {
			return nil, err
		}
		var again []item
		var wait time.Duration
		for i, it := range queue[:n] {
			a, ok := answers[strconv.Itoa(i)]
			read := reads[it.read]
			switch {
			case !ok:
				return nil, fmt.Errorf("read %s: the batch's answer leaves it out", it.url)
			case retryable(a.Status) && attempt < 8:
				again = append(again, it)
				wait = max(wait, a.pause(attempt))
			case a.Status == http.StatusNotFound && !read.List:
			case a.Status == http.StatusNotFound && it.lags < maxLags:
				wait = max(wait, retryAfter("", it.lags))
				it.lags++
				again = append(again, it)
			case a.Status == http.StatusForbidden && read.Optional:
			case a.Status >= 400:
				return nil, errorOf("read "+it.url, a.Status, a.Body)
			default:
				next, err := results[it.read].add(a.Body, read.List)
				if err == nil && next != "" {
					it, err = it.page(next, base)
					again = append(again, it)
				}
				if err != nil {
					return nil, fmt.Errorf("read %s: %w", it.url, err)
				}
			}
		}
		queue = append(queue[n:], again...)
		if wait == 0 {
			attempt = 0
			continue
		}
		attempt++
		if c.requests.waiting != nil && wait >= time.Second {
			c.requests.waiting(wait, "Graph is busy")
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// page is the item of the next page. A link that was followed already would
// never end; one that leads elsewhere is not Graph's.
func (i item) page(next, endpoint string) (item, error) {
	url, ours := strings.CutPrefix(next, endpoint)
	switch {
	case !ours || !strings.HasPrefix(url, "/"):
		return i, fmt.Errorf("its next page is not below %s: %q", endpoint, next)
	case i.pages[url]:
		return i, fmt.Errorf("its pages go round in a circle: %q came a second time", url)
	}
	if i.pages == nil {
		i.pages = map[string]bool{}
	}
	i.pages[url] = true
	return item{read: i.read, url: url, pages: i.pages}, nil
}

// add takes a page, or an object. What is neither is an error, and never
// nothing: a proxy's page must not look like an empty tenant.
func (r *Result) add(body json.RawMessage, list bool) (next string, err error) {
	var page struct {
		Value *[]json.RawMessage `json:"value"`
		Next  string             `json:"@odata.nextLink"`
	}
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return "", errors.New("the answer is no JSON object")
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return "", err
	}
	if !list {
		r.Object = body
		return "", nil
	}
	if page.Value == nil {
		return "", errors.New("the answer is no collection")
	}
	r.Items = append(r.Items, *page.Value...)
	return page.Next, nil
}

type batchRequest struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
}

type batchAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// pause is how long a throttled item asks to wait.
func (a batchAnswer) pause(attempt int) time.Duration {
	header := ""
	for k, v := range a.Headers {
		if strings.EqualFold(k, "Retry-After") {
			header = v
		}
	}
	return retryAfter(header, attempt)
}

// batch sends requests to the version of Graph whose base URL is given.
func (c *Client) batch(ctx context.Context, base string, requests []batchRequest) (map[string]batchAnswer, error) {
	body, err := json.Marshal(map[string]any{"requests": requests})
	if err != nil {
		return nil, err
	}
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
		abstractions.POST, "{+version}/$batch", map[string]string{"version": base}) // the adapter sets baseurl by itself
	info.SetStreamContentAndContentType(body, "application/json")
	info.Headers.TryAdd("Accept", "application/json")
	answer, err := c.adapter.SendPrimitive(ctx, info, "[]byte", abstractions.ErrorMappings{
		"XXX": odataerrors.CreateODataErrorFromDiscriminatorValue,
	})
	if err != nil {
		return nil, wrap("read the tenant", err)
	}
	raw, ok := answer.([]byte)
	if !ok {
		return nil, fmt.Errorf("read the tenant: Graph answered the batch without a body")
	}
	var responses struct {
		Responses []batchAnswer `json:"responses"`
	}
	if err := json.Unmarshal(raw, &responses); err != nil {
		return nil, fmt.Errorf("read the tenant: the batch's answer: %w", err)
	}
	byID := make(map[string]batchAnswer, len(requests))
	for _, r := range responses.Responses {
		byID[r.ID] = r
	}
	return byID, nil
}

func with(q url.Values, key, value string) url.Values {
	c := url.Values{key: {value}}
	for k, v := range q {
		c[k] = v
	}
	return c
}

// encode writes a query with the space as %20, which Graph asks for inside a
// batch.
func encode(q url.Values) string { return strings.ReplaceAll(q.Encode(), "+", "%20") }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
