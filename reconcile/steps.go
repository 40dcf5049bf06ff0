package reconcile

import (
	"encoding/json"
	"errors"
	"maps"
	"time"

	"provision/graph"
	"provision/plan"
)

func (r *run) user(s plan.Step, bodies []map[string]any) error {
	switch s.Action {
	case plan.Create:
		// Before the POST, so that no user has a password which nobody knows.
		password, err := r.firstPassword(s.Name)
		if err != nil {
			return err
		}
		bodies[0]["passwordProfile"] = passwordProfile(password)
		id, err := r.Graph.CreateUser(r.ctx, bodies[0])
		if graph.Taken(err) {
			id, err = r.ours(s, err)
		}
		if err := r.write(err); err != nil {
			return err
		}
		r.learn(s.Key, plan.ID, id)
		return nil
	case plan.Update:
		return r.write(r.Graph.UpdateUser(r.ctx, s.ID, bodies[0]))
	default:
		return r.deleteUser(s)
	}
}

// deleteUser forgets the user's password first: cut short in between, there is
// no password of a user whom nothing finds again. A user who stays keeps it.
func (r *run) deleteUser(s plan.Step) error {
	if r.passwords == nil {
		kept, err := r.Keep.Passwords()
		if err != nil {
			return err
		}
		r.passwords = kept
	}
	password, kept := r.passwords[s.Name]
	if kept {
		if err := r.Keep.setPassword(s.Name, "", time.Time{}); err != nil {
			return err
		}
	}
	err := r.deleted(r.Graph.DeleteUser(r.ctx, s.ID), graph.ByID(graph.Users, s.ID), "")
	if kept && err != nil {
		return errors.Join(err, r.Keep.setPassword(s.Name, password, time.Time{}))
	}
	return err
}

// firstPassword is the kept password of a user who is to be made. An earlier
// request may have made the user with it, whose answer was lost: there is never
// a second one.
func (r *run) firstPassword(upn string) (string, error) {
	if r.passwords == nil {
		kept, err := r.Keep.Passwords()
		if err != nil {
			return "", err
		}
		r.passwords = kept
	}
	if password := r.passwords[upn]; password != "" {
		return password, nil
	}
	password, err := newPassword()
	if err != nil {
		return "", err
	}
	r.passwords[upn] = password
	return password, r.Keep.setPassword(upn, password, r.Now())
}

// ours finds the user whose creation was carried out although its answer was
// lost: it carries the stack's mark. Anybody else's stays refused.
func (r *run) ours(s plan.Step, refused error) (id string, err error) {
	results, err := r.Graph.Read(r.ctx, graph.UserNamed(s.Name))
	if err != nil {
		return "", err
	}
	var user map[string]any
	if results[0].Object == nil || json.Unmarshal(results[0].Object, &user) != nil {
		return "", refused
	}
	if owner, _ := userStack(user); owner != s.Stack {
		return "", refused
	}
	return str(user, "id"), nil
}

func passwordProfile(password string) map[string]any {
	return map[string]any{"password": password, "forceChangePasswordNextSignIn": false}
}

// password gives a user of ours a new one. That it is pending is kept first: a
// process killed in between leaves a password that the next apply replaces.
func (r *run) password(s plan.Step) error {
	password, err := newPassword()
	if err != nil {
		return err
	}
	if err := r.Keep.journal(passwordLine{UserPrincipalName: s.Name, Password: password, Pending: true}); err != nil {
		return err
	}
	if err := r.write(r.Graph.UpdateUser(r.ctx, s.ID, map[string]any{"passwordProfile": passwordProfile(password)})); err != nil {
		return err
	}
	return r.Keep.setPassword(s.Name, password, r.Now())
}

func (r *run) group(s plan.Step, bodies []map[string]any) error {
	switch s.Action {
	case plan.Create:
		id, err := r.Graph.UpsertGroup(r.ctx, s.Name, bodies[0])
		if err := r.write(err); err != nil {
			return err
		}
		r.learn(s.Key, plan.ID, id)
		return nil
	case plan.Update:
		return r.write(r.Graph.UpdateGroup(r.ctx, s.ID, bodies[0]))
	default:
		return r.deleted(r.Graph.DeleteGroup(r.ctx, s.ID), graph.ByID(graph.Groups, s.ID), "")
	}
}

func (r *run) application(s plan.Step, bodies []map[string]any) error {
	switch s.Action {
	case plan.Create:
		id, appID, err := r.Graph.UpsertApplication(r.ctx, s.Name, bodies[0])
		if err := r.write(err); err != nil {
			return err
		}
		r.learn(s.Key, plan.ID, id)
		r.learn(s.Key, plan.AppID, appID)
		return nil
	case plan.Link, plan.Update:
		id := r.lookup(s.Key, plan.ID)
		for _, body := range bodies {
			// Each is settled by itself: what is disabled need not be disabled again.
			err := graph.Settle(r.ctx, r.Patience, func() error { return r.Graph.UpdateApplication(r.ctx, id, body) })
			if err := r.write(err); err != nil {
				return err
			}
		}
		return nil
	default:
		if err := r.deleted(r.Graph.DeleteApplication(r.ctx, s.ID), graph.ByID(graph.Applications, s.ID), ""); err != nil {
			return err
		}
		return r.forget(s.Name, "")
	}
}

func (r *run) servicePrincipal(s plan.Step, bodies []map[string]any) error {
	app := plan.Key{Kind: plan.Application, Name: s.Name}
	switch s.Action {
	case plan.Create:
		id, err := r.Graph.UpsertServicePrincipal(r.ctx, r.lookup(app, plan.AppID), bodies[0])
		if err := r.write(err); err != nil {
			return err
		}
		r.learn(s.Key, plan.ID, id)
		r.learn(app, plan.ServicePrincipalID, id)
		return nil
	default:
		return r.write(r.Graph.UpdateServicePrincipal(r.ctx, s.ID, bodies[0]))
	}
}

func (r *run) member(s plan.Step, body map[string]any) error {
	group, member := str(body, "group"), str(body, "member")
	if s.Action == plan.Delete {
		return r.deleted(r.Graph.RemoveMember(r.ctx, group, member), graph.Members(group), member)
	}
	return r.write(there(r.Graph.AddMember(r.ctx, group, member)))
}

func (r *run) assignment(s plan.Step, body map[string]any) error {
	if s.Action == plan.Delete {
		return r.deleted(r.Graph.RemoveAssignment(r.ctx, str(body, "resourceId"), s.ID), graph.AssignedTo(str(body, "resourceId")), s.ID)
	}
	return r.write(there(r.Graph.AssignRole(r.ctx, str(body, "resourceId"), str(body, "principalId"), str(body, "appRoleId"))))
}

// owned are the sets of what has owners.
var owned = map[plan.Kind]graph.Owned{
	plan.Application: graph.OwnedApplication, plan.ServicePrincipal: graph.OwnedServicePrincipal, plan.Group: graph.OwnedGroup,
}

func (r *run) owner(s plan.Step, body map[string]any) error {
	of, holder, owner := owned[plan.Kind(str(body, "of"))], str(body, "holder"), str(body, "owner")
	if s.Action == plan.Delete {
		return r.deleted(r.Graph.RemoveOwner(r.ctx, of, holder, owner), graph.Owners(of, holder), owner)
	}
	return r.write(there(r.Graph.AddOwner(r.ctx, of, holder, owner)))
}

func (r *run) grant(s plan.Step, bodies []map[string]any) error {
	switch s.Action {
	case plan.Delete:
		return r.deleted(r.Graph.RevokeGrant(r.ctx, s.ID), graph.ByID(graph.Grants, s.ID), "")
	case plan.Update:
		return r.write(r.Graph.UpdateGrant(r.ctx, s.ID, str(bodies[0], "scope")))
	default:
		return r.write(there(r.Graph.Grant(r.ctx, str(bodies[0], "clientId"), str(bodies[0], "resourceId"), str(bodies[0], "scope"))))
	}
}

func (r *run) federated(s plan.Step, bodies []map[string]any) error {
	application := str(bodies[0], "application")
	switch s.Action {
	case plan.Delete:
		return r.deleted(r.Graph.RemoveFederatedCredential(r.ctx, application, s.ID), graph.FederatedCredential(application, s.ID), "")
	case plan.Update:
		return r.write(r.Graph.UpdateFederatedCredential(r.ctx, application, s.ID, bodies[1]))
	default:
		err := r.Graph.AddFederatedCredential(r.ctx, application, bodies[1])
		if graph.Exists(err) {
			return r.sameFederated(application, bodies[1], err)
		}
		return r.write(err)
	}
}

// sameFederated makes the credential of that name, which is there already, the
// one that is declared: an earlier answer was lost, or somebody else was first.
func (r *run) sameFederated(application string, want map[string]any, exists error) error {
	find := graph.FederatedCredentials(application)
	if want["claimsMatchingExpression"] != nil {
		find = graph.FlexibleFederatedCredentials(application)
	}
	results, err := r.Graph.Read(r.ctx, find)
	if err != nil {
		return err
	}
	for _, raw := range results[0].Items {
		var have map[string]any
		if err := json.Unmarshal(raw, &have); err != nil {
			return err
		}
		if str(have, "name") != str(want, "name") {
			continue
		}
		if plan.Same(have, want) {
			return nil
		}
		changed := maps.Clone(want)
		delete(changed, "name") // which cannot change
		return r.write(r.Graph.UpdateFederatedCredential(r.ctx, application, str(have, "id"), changed))
	}
	return exists // the same tokens under another name
}

// Permission is the least Graph application permission that a step takes.
// Source: the permission tables of the operations in Graph's reference.
func Permission(s plan.Step) string {
	switch s.Kind {
	case plan.Password:
		return "User-PasswordProfile.ReadWrite.All"
	case plan.User:
		if s.Action == plan.Purge {
			return "User.DeleteRestore.All"
		}
		return "User.ReadWrite.All"
	case plan.Group:
		return "Group.ReadWrite.All"
	case plan.Member:
		return "GroupMember.ReadWrite.All"
	case plan.Assignment:
		return "AppRoleAssignment.ReadWrite.All"
	case plan.Grant:
		return "DelegatedPermissionGrant.ReadWrite.All"
	case plan.ServicePrincipal:
		if s.Stack == "" {
			return "Application.ReadWrite.All" // of an application that the caller cannot own
		}
		return "Application.ReadWrite.OwnedBy"
	default:
		return "Application.ReadWrite.OwnedBy"
	}
}
