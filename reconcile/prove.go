package reconcile

import (
	"fmt"
	"time"

	"provision/plan"
	"provision/stack"
)

// Credential is a stored credential of a user or an application.
type Credential struct {
	UserPrincipalName string `json:"userPrincipalName,omitempty"`
	Password          string `json:"password,omitempty"`
	AppID             string `json:"appId,omitempty"`
	Secret            string `json:"secret,omitempty"`
}

// provable is a stored credential, with the object whose credential is lost if the
// tenant does not accept it.
type provable struct {
	Credential
	object *plan.Live
}

// clockSkew is the maximum difference between the clocks of this machine and the
// tenant.
const clockSkew = 5 * time.Minute

// kept adds the known passwords, and finds out which passwords and secrets the
// tenant no longer accepts: it compares the tenant's time of their last change with
// the time when provision set them, and tries them where the target allows that.
func (t *tenant) kept(stacks []*stack.Stack) error {
	passwords, set, err := t.Keep.passwords()
	if err != nil {
		return err
	}
	for upn, password := range passwords {
		k := plan.Key{Kind: plan.Password, Name: upn}
		o := &plan.Live{Object: plan.Object{Key: k}}
		t.state.Objects[k] = o
		user := t.state.Objects[plan.Key{Kind: plan.User, Name: upn}]
		if user == nil || !t.managed[user.Stack] {
			continue
		}
		changed, err := time.Parse(time.RFC3339, str(user.Properties, "lastPasswordChangeDateTime"))
		if at := set[upn]; err == nil && !at.IsZero() && changed.After(at.Add(clockSkew)) {
			o.Lost = "changed in the tenant on " + changed.Format(time.DateTime) + " UTC"
			continue
		}
		t.provable = append(t.provable, provable{Credential{UserPrincipalName: upn, Password: password}, o})
	}
	if t.Prove == nil || len(stacks) == 0 || len(t.provable) == 0 {
		return nil
	}
	credentials := make([]Credential, len(t.provable))
	for i, p := range t.provable {
		credentials[i] = p.Credential
	}
	good, err := t.Prove(t.ctx, credentials)
	if err != nil {
		return fmt.Errorf("test the stored credentials: %w", err)
	}
	for i, p := range t.provable {
		if !good[i] {
			p.object.Lost = "the tenant refuses it"
		}
	}
	return nil
}
