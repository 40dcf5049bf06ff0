package adopt

import (
	"context"
	"strings"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// Released lists the objects from which a release removes the marks, and the objects that keep
// one.
type Released struct {
	Applications []*plan.Live `json:"-"`
	Users        []*plan.Live `json:"-"`

	// Principals are the service principals of applications that are registered in
	// another tenant.
	Principals []*plan.Live `json:"-"`

	// Groups keep their uniqueName, which Graph never changes, and are found again
	// by a stack of the same name.
	Groups []*plan.Live `json:"-"`
}

// Marked returns the objects of a state that carry the mark of one of the stacks.
func Marked(state *plan.State, stacks map[string]bool) Released {
	var r Released
	for _, o := range ordered(state) {
		if !stacks[o.Stack] || o.Adopted {
			continue
		}
		switch o.Kind {
		case plan.Application:
			if o.ID == "" {
				continue // registered in another tenant
			}
			r.Applications = append(r.Applications, o)
		case plan.ServicePrincipal:
			if app := state.Objects[plan.Key{Kind: plan.Application, Name: o.Name}]; app != nil && app.ID == "" {
				r.Principals = append(r.Principals, o)
			}
		case plan.User:
			r.Users = append(r.Users, o)
		case plan.Group:
			r.Groups = append(r.Groups, o)
		}
	}
	return r
}

// Release removes the marks and keeps the objects. It returns the first error; a
// second release continues from there.
func (r Released) Release(ctx context.Context, client *graph.Client) (writes int, err error) {
	var requests []graph.Request
	send := func(w graph.Write) {
		requests = append(requests, w.Then(func(a graph.Answer) []graph.Request {
			if a.Err != nil && err == nil {
				err = a.Err
			}
			if a.Err == nil {
				writes++
			}
			return nil
		}))
	}
	for _, o := range r.Applications {
		send(graph.UpdateApplication(o.ID, graph.Object{"tags": ownTags(o)}))
	}
	for _, o := range r.Principals {
		send(graph.UpdateServicePrincipal(o.ID, graph.Object{"tags": ownTags(o)}))
	}
	for _, o := range r.Users {
		send(graph.UnmarkUser(o.ID))
	}
	if failed := client.Do(ctx, requests...); failed != nil {
		return writes, failed
	}
	return writes, err
}

// ownTags returns the tags of an object that provision has not given.
func ownTags(o *plan.Live) []any {
	tags := []any{}
	for _, tag := range list(o.Properties, "tags") {
		if !strings.HasPrefix(asText(tag), stack.OwnTags) {
			tags = append(tags, tag)
		}
	}
	return tags
}
