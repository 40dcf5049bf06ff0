package status

import (
	"context"
	"encoding/json"
	"time"

	"provision/graph"
)

// Unreadable is the reason why the sign-in log cannot be read.
const Unreadable = "not readable: needs AuditLog.Read.All, and a tenant with Microsoft Entra ID P1"

// ReadSignIns adds the time of the last sign-in of each user, and the last sign-in to each
// application or of the application itself.
// It returns the reason if the log cannot be read, or "".
func ReadSignIns(ctx context.Context, client *graph.Client, stacks []Stack) (reason string, err error) {
	var requests []graph.Request
	var denied bool
	ask := func(read graph.Read, into **time.Time) {
		requests = append(requests, read.Then(func(r graph.Result, failed error) []graph.Request {
			switch {
			case failed == nil:
				if last := newest(r); last != nil && (*into == nil || last.After(**into)) {
					*into = last
				}
			case graph.Denied(failed):
				denied = true
			case err == nil:
				err = failed
			}
			return nil
		}))
	}
	for i := range stacks {
		for j := range stacks[i].Users {
			u := &stacks[i].Users[j]
			ask(graph.LastSignInOfUser(u.ID), &u.LastSignIn)
		}
		for j := range stacks[i].Objects {
			if o := &stacks[i].Objects[j]; o.AppID != "" {
				ask(graph.LastSignInTo(o.AppID), &o.LastSignIn)
				ask(graph.LastSignInOfApplication(o.AppID), &o.LastSignIn)
			}
		}
	}
	if failed := client.Do(ctx, requests...); failed != nil {
		return "", failed
	}
	if denied {
		return Unreadable, err
	}
	return "", err
}

// newest returns the time of the first entry of a page of the log.
func newest(r graph.Result) *time.Time {
	var page struct {
		Value []struct{ CreatedDateTime time.Time }
	}
	if json.Unmarshal(r.Object, &page) != nil || len(page.Value) == 0 {
		return nil
	}
	return &page.Value[0].CreatedDateTime
}
