package conformance

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"provision/stack"
)

// maxListPages is how many pages of a listing are read.
const maxListPages = 100

// readsOfList is how often a list of several pages is read. Pages that begin at a number
// of items move while other cases delete items, and an item then is on none of them.
const readsOfList = 3

// sendAll requests a list and reads its pages until one contains the value that an
// admitted request gets, or until the last page. It returns that page, or the first
// one.
func (s *runState) sendAll(ctx context.Context, r request, c credential) (*record, reply, time.Duration, error) {
	var all time.Duration
	for reads := 1; ; reads++ {
		went, got, elapsed, pages, err := s.sendPages(ctx, r, c)
		all += elapsed
		if pages < 2 || reads == readsOfList || err != nil || !success(got.stated) || r.meaning.admitted.unmet(got.body) == "" {
			return went, got, all, err
		}
	}
}

// sendPages reads the list once. It also returns how many pages it has read.
func (s *runState) sendPages(ctx context.Context, r request, c credential) (went *record, got reply, elapsed time.Duration, pages int, err error) {
	went, got, elapsed, err = s.send(ctx, r, c)
	if r.next == nil || r.meaning == nil || c.path+c.target+c.method != "" || err != nil || !success(got.stated) {
		return went, got, elapsed, 1, err
	}
	page, seen := got, map[string]bool{}
	for pages = 1; pages <= maxListPages; pages++ {
		if r.meaning.admitted.unmet(page.body) == "" {
			return went, page, elapsed, pages, nil
		}
		following, more := nextPage(r, page)
		if !more || seen[following.path] {
			break
		}
		seen[following.path] = true
		at, answer, took, err := s.send(ctx, following, c)
		if elapsed += took; err != nil {
			return at, answer, elapsed, pages, fmt.Errorf("the next page: %w", err)
		}
		if !success(answer.stated) {
			return at, answer, elapsed, pages, nil
		}
		if page = answer; r.meaning.admitted.unmet(page.body) == "" {
			return at, page, elapsed, pages, nil
		}
	}
	return went, got, elapsed, pages, nil
}

// nextPage is the request of the page that an answer links to. It always uses the
// target's host, because the request contains the token.
func nextPage(r request, page reply) (request, bool) {
	value, err := capture(r.next.Capture, parse(page.body), page)
	text := fmt.Sprint(value)
	if err != nil || value == nil || text == "" {
		return r, false
	}
	path, query := splitQuery(r.path)
	if r.next.Query != "" {
		query.Set(r.next.Query, text)
	} else {
		address, err := url.Parse(text)
		if err != nil {
			return r, false
		}
		base := &url.URL{Path: path}
		if unescaped, err := url.PathUnescape(path); err == nil {
			base = &url.URL{Path: unescaped, RawPath: path}
		}
		resolved := base.ResolveReference(address)
		path, query = resolved.EscapedPath(), resolved.Query()
		if address.Host != "" || len(text) > 0 && text[0] == '/' {
			path = withoutBase(path, r.base)
		}
	}
	r.path = path
	if len(query) > 0 {
		r.path += "?" + query.Encode()
	}
	return r, true
}

func splitQuery(path string) (string, url.Values) {
	u, err := url.Parse(path)
	if err != nil {
		return path, url.Values{}
	}
	return u.EscapedPath(), u.Query()
}

// withoutBase removes the path of the target's URL, which every path begins with.
func withoutBase(path, base string) string {
	if base != "" && len(path) > len(base) && path[:len(base)] == base && path[len(base)] == '/' {
		return path[len(base):]
	}
	return path
}

// paged returns the request of an endpoint with the place of its page parameter.
func (s *runState) paged(r request, next *stack.Next) request {
	r.next, r.base = next, s.spoken(r).base
	return r
}
