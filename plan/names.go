package plan

import (
	"strings"

	"provision/stack"
)

func (d *declaration) userKey(s *stack.Stack, name string) Key {
	if k, ok := d.users[s][name]; ok {
		return k
	}
	return Key{User, name} // stack.Load has refused unknown names
}

// ownerKey returns the key of an owner in a manifest, and the property by which Graph
// identifies it.
func (d *declaration) ownerKey(s *stack.Stack, ref string) (Key, string) {
	if k, ok := d.users[s][ref]; ok {
		return k, ID
	}
	if upn := stack.OwnerUPN(ref); upn != "" {
		return Key{User, strings.ToLower(d.text(s, nil, upn))}, ID
	}
	return d.applicationKey(s, ref), ServicePrincipalID
}

func (d *declaration) groupKey(s *stack.Stack, name string) Key {
	k := Key{Group, s.GroupUniqueName(name)}
	if found, ok := d.state.Existing[k]; ok {
		return found
	}
	return k
}

// applicationKey returns the key of the application that a manifest calls ref: a name
// of the stack, OTHER-STACK/NAME, "Microsoft Graph" or an appId.
func (d *declaration) applicationKey(s *stack.Stack, ref string) Key {
	if stack.IsMicrosoftGraph(ref) {
		return Key{Application, stack.MicrosoftGraphAppID}
	}
	owner, name, other := strings.Cut(ref, "/")
	if !other {
		owner, name = s.Name, ref
	}
	uniqueName := stack.UniqueName(owner, name)
	if of := d.stacks[owner]; of != nil {
		uniqueName = of.UniqueName(name)
	}
	k := Key{Application, uniqueName}
	if found, ok := d.state.Existing[k]; ok {
		return found
	}
	if !other && stack.IsID(ref) {
		return d.byAppID(strings.ToLower(ref))
	}
	return k
}

func (d *declaration) byAppID(appID string) Key {
	if k, ok := d.appIDs[appID]; ok {
		return k
	}
	return Key{Application, appID}
}

// MemberKey returns the key of a membership.
func MemberKey(group, member Key) Key {
	return Key{Member, within(member.String(), "in", group.Name)}
}

// AssignmentKey returns the key of the assignment of a resource's role to a principal. role
// is the value of the role, or its id if the resource has no role with this id.
func AssignmentKey(resource Key, role string, principal Key) Key {
	if role == "" {
		role = "default access"
	}
	return Key{Assignment, within(resource.Name+" "+role, "to", principal.String())}
}

// GrantKey returns the key of the admin consent for a client's use of a resource.
func GrantKey(client, resource Key) Key {
	return Key{Grant, within(resource.Name, "to", client.Name)}
}

// SecretKey returns the key of a client secret.
func SecretKey(application Key, displayName string) Key {
	return Key{Secret, application.Name + " " + displayName}
}

// FederatedKey returns the key of a federated credential.
func FederatedKey(application Key, name string) Key {
	return Key{Federated, application.Name + " " + name}
}

// OwnerKey returns the key of the ownership of an application, a service principal or a
// group.
func OwnerKey(of, owner Key) Key {
	name := of.Name
	if of.Kind == ServicePrincipal {
		name = of.String()
	}
	return Key{Owner, within(owner.String(), "of", name)}
}
