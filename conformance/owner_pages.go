package conformance

import (
	"context"
	"fmt"
	"strings"
)

// maxOwnPages is how many pages of the owner's list are requested by a peer.
const maxOwnPages = 5

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

// ownObjects are how many objects the owner makes until the list has a second page, by usual
// sizes of pages.
var ownObjects = []int{2, 11, 21, 26}

// pages requests other pages of the list than the first one, also those of the owner.
func (t *ownerTrial) pages(ctx context.Context) (string, error) {
	made := []scene{t.scene}
	defer func() {
		for _, other := range made[1:] {
			t.state.cleanUp(ctx, t.c, other, reply{})
		}
	}()
	// The pages begin after the first objects, so the owner makes more, which the list may put
	// before or after the first one.
	for _, n := range ownObjects {
		for len(made) < n {
			other, err := t.state.prepare(ctx, t.c)
			if err != nil {
				return "", err
			}
			made = append(made, other)
		}
		next, err := t.hasNext(ctx)
		if err != nil {
			return "", err
		}
		if next || t.scene.request.next == nil || t.state.Target.Rate > 0 {
			break
		}
	}
	var tries []try
	for _, query := range otherPages() {
		c := bearer(t.peer.raw)
		c.query = query
		tries = append(tries, try{"with " + query + " in the query", c, t.scene.request}, try{"with " + query + " in the query", c, made[len(made)-1].request})
	}
	next, err := t.nextPages(ctx, made)
	if err != nil {
		return "", err
	}
	return t.refuseAll(ctx, append(tries, next...))
}

// hasNext tells whether the owner's list has more than one page.
func (t *ownerTrial) hasNext(ctx context.Context) (bool, error) {
	at := t.scene.request
	if at.next == nil {
		return false, nil
	}
	_, got, _, err := t.state.send(ctx, at, bearer(t.owner.raw))
	if err != nil {
		return false, err
	}
	_, more := nextPage(at, got)
	return more, nil
}

// nextPages returns the requests of a peer for the later pages of the owner's list, each with an object
// that the owner sees there.
func (t *ownerTrial) nextPages(ctx context.Context, made []scene) (tries []try, err error) {
	at := t.scene.request
	for n := 0; n <= maxOwnPages && at.next != nil; n++ {
		_, got, _, err := t.state.send(ctx, at, bearer(t.owner.raw))
		if err != nil {
			return nil, err
		}
		if n > 0 {
			at.meaning = t.scene.request.meaning
			for _, one := range made {
				if one.request.meaning.admitted.unmet(got.body) == "" {
					at.meaning = one.request.meaning
				}
			}
			tries = append(tries, try{"of the owner's next page, " + at.path, bearer(t.peer.raw), at})
		}
		following, more := nextPage(at, got)
		if !more || following.path == at.path {
			break
		}
		at = following
	}
	return tries, nil
}
