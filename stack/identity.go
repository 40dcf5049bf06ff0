package stack

import (
	"strings"

	"github.com/google/uuid"
)

// The marks by which a tenant remembers which stack owns an object.
const (
	MarkPrefix      = "provision:stack=" // a tag of applications, extensionAttribute15 of users
	GroupNamePrefix = "provision."       // of a group's uniqueName
)

// Ids that are the same in every tenant.
const (
	MicrosoftGraphAppID = "00000003-0000-0000-c000-000000000000"
	// DefaultRoleID is the appRoleId that gives access to an application which
	// declares no roles.
	DefaultRoleID = "00000000-0000-0000-0000-000000000000"
)

// IsID tells an id from a name.
func IsID(s string) bool { return len(s) == 36 && strings.Count(s, "-") == 4 }

// IsMicrosoftGraph tells whether a manifest's reference means Microsoft Graph.
func IsMicrosoftGraph(ref string) bool { return strings.EqualFold(ref, "Microsoft Graph") }

// Mark is what an application or user of the stack carries.
func Mark(stack string) string { return MarkPrefix + stack }

// UniqueName is Graph's uniqueName of an application of a stack.
func UniqueName(stack, application string) string { return stack + "." + application }

// GroupUniqueName is Graph's uniqueName of a group of a stack.
func GroupUniqueName(stack, group string) string {
	return GroupNamePrefix + stack + "." + group
}

// StackOfGroup is the stack that a group's uniqueName marks, or "".
func StackOfGroup(uniqueName string) string {
	rest, ok := strings.CutPrefix(uniqueName, GroupNamePrefix)
	if !ok {
		return ""
	}
	stack, _, ok := strings.Cut(rest, ".")
	if !ok {
		return ""
	}
	return stack
}

// StackOfTags is the stack that an application's tags mark, or "".
func StackOfTags(tags []string) string {
	for _, t := range tags {
		if stack, ok := strings.CutPrefix(t, MarkPrefix); ok {
			return stack
		}
	}
	return ""
}

// namespace of the derived ids: UUIDv5 (RFC 9562, 5.5) of the URL namespace.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:provision"))

// ScopeID is the id of a scope whose manifest states none, for the application
// with a uniqueName.
func ScopeID(uniqueName, value string) string {
	return uuid.NewSHA1(namespace, []byte(uniqueName+"/scope/"+value)).String()
}

// RoleID is the id of an app role whose manifest states none.
func RoleID(uniqueName, value string) string {
	return uuid.NewSHA1(namespace, []byte(uniqueName+"/role/"+value)).String()
}
