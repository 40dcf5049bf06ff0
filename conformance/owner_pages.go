package conformance

import (
	"context"
	"fmt"
	"strings"
)

// mostOwnPages is how many pages of the owner's list are requested by a peer.
const mostOwnPages = 5

// otherPages are queries for the pages of a list, by their usual names.
func otherPages() []string {
	set := func(value int, names ...string) string {
		var pairs []string
		for _, name := range names {
			pairs = append(pairs, fmt.Sprintf("%s=%d", name, value))
		}
		return strings.Join(pairs, "&")
	}
	var all []string
	for _, n := range []int{2, 3, 0, -1} {
		all = append(all, set(n, "page", "p", "pageNumber", "page_number", "pageIndex"))
	}
	for _, n := range []int{2, 3, 4} {
		all = append(all, set(n, "page", "p", "pageNumber", "page_number", "pageIndex")+"&"+set(1, "pageSize", "page_size", "per_page", "size", "limit", "$top"))
	}
	for _, n := range []int{0, 1, 2} {
		all = append(all, set(n, "offset", "skip", "$skip", "start", "startIndex"))
	}
	return append(all, set(0, "cursor", "after", "since", "pageToken", "continuationToken", "$skiptoken"), set(1000, "limit", "pageSize", "page_size", "per_page", "size", "$top"))
}

// pages requests further pages of the list as the peer, including the pages of the
// owner.
func (t *ownerTrial) pages(ctx context.Context) (string, error) {
	// The pages begin after the first object, so the owner creates another object,
	// which the list may put before or after the first one.
	other, err := t.state.prepare(ctx, t.c)
	if err != nil {
		return "", err
	}
	defer t.state.cleanUp(ctx, t.c, other, reply{})
	var tries []try
	for _, query := range otherPages() {
		c := bearer(t.peer.raw)
		c.query = query
		tries = append(tries, try{"with " + query + " in the query", c, t.scene.request}, try{"with " + query + " in the query", c, other.request})
	}
	at := t.scene.request
	for range mostOwnPages {
		if at.next == nil {
			break
		}
		_, got, _, err := t.state.send(ctx, at, bearer(t.owner.raw))
		if err != nil {
			return "", err
		}
		following, more := nextPage(at, got)
		if !more || following.path == at.path {
			break
		}
		at = following
		tries = append(tries, try{"of the owner's next page, " + at.path, bearer(t.peer.raw), at})
	}
	return t.refuseAll(ctx, tries)
}
