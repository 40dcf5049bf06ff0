package conformance

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
)

// Long answers take time to parse, and an API gives the same answer to many requests, so the values
// of the last long bodies are kept.
const (
	longBody = 16 << 10
	maxKept  = 3
)

type parsedBody struct {
	body  []byte
	value any
	err   error
}

type parsedBodies struct {
	mu   sync.Mutex
	last []parsedBody // the last one first
}

var recentlyParsed parsedBodies

// readJSON parses a body. The value must not be changed, because others read it too.
func readJSON(body []byte) (any, error) {
	if len(body) < longBody {
		var value any
		err := json.Unmarshal(body, &value)
		return value, err
	}
	return recentlyParsed.read(body)
}

func (p *parsedBodies) read(body []byte) (any, error) {
	p.mu.Lock()
	i := slices.IndexFunc(p.last, func(one parsedBody) bool { return bytes.Equal(one.body, body) })
	if i >= 0 {
		found := p.last[i]
		p.last = slices.Insert(slices.Delete(p.last, i, i+1), 0, found)
		p.mu.Unlock()
		return found.value, found.err
	}
	p.mu.Unlock()
	one := parsedBody{body: body}
	one.err = json.Unmarshal(body, &one.value)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = slices.Insert(p.last, 0, one)
	p.last = p.last[:min(len(p.last), maxKept)]
	return one.value, one.err
}
