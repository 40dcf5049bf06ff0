package graphapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"provision/emulator/directory"
)

// The changes since the last request of a client. The link at the end of an answer
// contains the version of the directory that the client then knows.
// Source: learn.microsoft.com/graph/delta-query-overview.
var deltaRoutes = func() (routes []route) {
	for _, of := range []struct {
		set      string
		requires requirement
	}{{"applications", readApplications}, {"servicePrincipals", readApplications}, {"users", readUsers}, {"groups", readGroups}} {
		for _, name := range []string{"delta", "microsoft.graph.delta"} {
			routes = append(routes, route{method: "GET", pattern: of.set + "/" + name, requires: of.requires, handle: (*call).delta})
		}
	}
	return routes
}()

// deltaState is the state that links pass from one request to the next.
type deltaState struct {
	Set      string   `json:"c"`
	Selected []string `json:"p,omitempty"`
	Full     bool     `json:"f,omitempty"` // every object, not only changed ones
	Since    uint64   `json:"s,omitempty"` // the version that the client knew at the beginning
	Until    uint64   `json:"u"`           // the version that it knows at the end
	After    string   `json:"a,omitempty"` // the last id of the previous page
}

func (s deltaState) token() string {
	data, err := json.Marshal(s)
	if err != nil {
		panic("graphapi: a delta state does not marshal: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// deltaKinds are the kinds of resources with delta queries, by their set.
var deltaKinds = map[string]*kind{"applications": applicationKind, "servicePrincipals": servicePrincipalKind, "users": userKind, "groups": groupKind}

func (c *call) delta() (answer, error) {
	k := deltaKinds[c.collection()]
	state, err := c.deltaState(k)
	if err != nil {
		return answer{}, err
	}
	ids := c.deltaIDs(state)
	size, err := c.pageSize()
	if err != nil {
		return answer{}, err
	}
	link, token := "@odata.deltaLink", "$deltatoken"
	next := deltaState{Set: k.set, Selected: state.Selected, Since: state.Until}
	if len(ids) > size {
		ids = ids[:size]
		link, token = "@odata.nextLink", "$skiptoken"
		next = state
		next.After = ids[size-1]
	}
	var b bytes.Buffer
	b.WriteString(`{"@odata.context":`)
	writeJSON(&b, c.contextOf(k.set, state.Selected, ""))
	b.WriteString(`,"` + link + `":`)
	writeJSON(&b, c.root()+"/"+k.set+"/delta?"+token+"="+next.token())
	b.WriteString(`,"value":[`)
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		data, err := c.deltaEntry(k, id, state.Selected)
		if err != nil {
			return answer{}, err
		}
		b.Write(data)
	}
	b.WriteString("]}")
	return answer{status: http.StatusOK, body: b.Bytes()}, nil
}

// deltaState reads the state from the link that the client follows.
func (c *call) deltaState(k *kind) (deltaState, error) {
	state := deltaState{Set: k.set, Full: true, Until: c.view.Version()}
	options, err := c.options()
	if err != nil {
		return state, err
	}
	for _, name := range sortedKeys(options) {
		value := options[name]
		switch {
		case name == "$deltatoken" && value == "latest":
			state.Full, state.Since = false, state.Until
		case name == "$deltatoken" || name == "$skiptoken":
			data, err := base64.RawURLEncoding.DecodeString(value)
			sent := deltaState{}
			if err == nil {
				err = json.Unmarshal(data, &sent)
			}
			if err != nil || sent.Set != k.set || sent.Since > c.view.Version() {
				return state, refuse(http.StatusGone, "syncStateNotFound", "The sync state is not found or has expired: start again without a token.")
			}
			if name == "$deltatoken" {
				sent.Until = state.Until
			}
			state = sent
		case name == "$select":
			if state.Selected, err = k.parseSelect(value, c.version); err != nil {
				return state, err
			}
			if state.Selected != nil && !slices.Contains(state.Selected, "id") {
				state.Selected = append([]string{"id"}, state.Selected...)
			}
		default:
			return state, badSyntax("The query option '%s' is not supported by delta.", name)
		}
	}
	return state, nil
}

// deltaIDs returns the ids that the delta query has not returned yet, sorted.
func (c *call) deltaIDs(state deltaState) []string {
	var ids []string
	add := func(id string) bool {
		if id > state.After {
			ids = append(ids, id)
		}
		return true
	}
	if !state.Full {
		c.view.Changes(state.Set, state.Since)(add)
		slices.Sort(ids)
		return ids
	}
	switch state.Set {
	case directory.Applications:
		for o := range c.view.Applications() {
			add(o.ID)
		}
	case directory.ServicePrincipals:
		for o := range c.view.ServicePrincipals() {
			add(o.ID)
		}
	case directory.Users:
		for o := range c.view.Users() {
			add(o.ID)
		}
	case directory.Groups:
		for o := range c.view.Groups() {
			add(o.ID)
		}
	}
	return ids
}

func (c *call) deltaEntry(k *kind, id string, selected []string) (json.RawMessage, error) {
	if object, ok := c.view.Object(id); ok {
		return c.entry(k, object, selected)
	}
	reason := "deleted"
	if _, inBin := c.view.DeletedObject(id); inBin {
		reason = "changed" // it can be restored
	}
	return json.Marshal(map[string]any{"id": id, "@removed": map[string]string{"reason": reason}})
}

// pageSize reads Prefer: odata.maxpagesize=N.
func (c *call) pageSize() (int, error) {
	for _, prefer := range c.header.Values("Prefer") {
		for preference := range strings.SplitSeq(prefer, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
			if !equalFold(name, "odata.maxpagesize") {
				continue
			}
			size, err := strconv.Atoi(value)
			if err != nil || size < 1 || size > maxPage {
				return 0, badSyntax("Invalid odata.maxpagesize '%s'. Must be between 1 and %d inclusive.", value, maxPage)
			}
			return size, nil
		}
	}
	return defaultPage, nil
}
