package adopt

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"provision/graph"
	"provision/stack"
)

// Selection selects registrations: all, or the ones that meet at least one condition.
type Selection struct {
	All    bool
	Names  []string // display names
	AppIDs []string
	Tags   []string
	Owners []string // userPrincipalNames of users, or object ids
}

// Empty reports whether the selection selects nothing.
func (s Selection) Empty() bool {
	return !s.All && len(s.Names)+len(s.AppIDs)+len(s.Tags)+len(s.Owners) == 0
}

// Registration is an application that was found.
type Registration struct {
	ID, AppID, DisplayName string
	Stack                  string // whose mark it carries already, or ""
}

// NotFound is the error that lists the conditions that no registration meets.
type NotFound struct {
	What, Value string
	More        []NotFound // the other ones
}

func (e *NotFound) Error() string {
	message := fmt.Sprintf("the tenant has no registration with %s %q", e.What, e.Value)
	for _, other := range e.More {
		message += fmt.Sprintf(", and none with %s %q", other.What, other.Value)
	}
	return message
}

// UnknownOwner is the error for an owner who is not a user of the tenant.
type UnknownOwner struct{ Owner string }

func (e *UnknownOwner) Error() string { return fmt.Sprintf("the tenant has no user %q", e.Owner) }

// checkOwners finds out whether the owners of a selection are users.
func checkOwners(ctx context.Context, client *graph.Client, owners []string) error {
	var reads []graph.Read
	for _, owner := range owners {
		reads = append(reads, graph.UserNamed(owner))
	}
	results, err := client.Read(ctx, reads...)
	if err != nil {
		return err
	}
	for i, r := range results {
		if r.Object == nil {
			return &UnknownOwner{owners[i]}
		}
	}
	return nil
}

// Find lists the registrations of a selection, by display name.
func Find(ctx context.Context, client *graph.Client, s Selection) ([]Registration, error) {
	if len(s.Owners) > 0 {
		if err := checkOwners(ctx, client, s.Owners); err != nil {
			return nil, err
		}
	}
	var reads []graph.Read
	var conditions []NotFound
	add := func(what, value string, read graph.Read) {
		reads, conditions = append(reads, read), append(conditions, NotFound{What: what, Value: value})
	}
	if s.All {
		add("any name", "", graph.EveryApplication())
	}
	for _, name := range s.Names {
		add("display name", name, graph.ApplicationsDisplayed(name))
	}
	for _, id := range s.AppIDs {
		add("appId", id, graph.ApplicationByAppID(strings.ToLower(id)))
	}
	for _, tag := range s.Tags {
		add("tag", tag, graph.ApplicationsWithTag(tag))
	}
	for _, owner := range s.Owners {
		add("owner", owner, graph.ApplicationsOwnedBy(owner))
	}
	results, err := client.Read(ctx, reads...)
	if err != nil {
		return nil, err
	}
	found := map[string]Registration{}
	var missing []NotFound
	for i, r := range results {
		items := r.Items
		if r.Object != nil {
			items = append(items, r.Object)
		}
		if len(items) == 0 && !s.All {
			missing = append(missing, conditions[i])
			continue
		}
		for _, raw := range items {
			var m struct {
				ID, AppID, DisplayName string
				Tags                   []string
				Type                   string `json:"@odata.type"`
			}
			if err := json.Unmarshal(raw, &m); err != nil {
				return nil, fmt.Errorf("read the registrations: %w", err)
			}
			if m.AppID == "" || m.Type != "" && m.Type != "#microsoft.graph.application" {
				continue // another object of the owner
			}
			found[m.AppID] = Registration{m.ID, m.AppID, m.DisplayName, stack.StackOfTags(m.Tags)}
		}
	}
	if len(missing) > 0 {
		missing[0].More = missing[1:]
		return nil, &missing[0]
	}
	var all []Registration
	for _, r := range found {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Registration) int {
		return cmp.Or(strings.Compare(a.DisplayName, b.DisplayName), strings.Compare(a.AppID, b.AppID))
	})
	return all, nil
}
