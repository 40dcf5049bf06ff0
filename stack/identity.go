package stack

import (
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// The marks that show in a tenant which stack owns an object.
const (
	OwnTags         = "provision:"       // begins every tag of provision
	MarkPrefix      = "provision:stack=" // a tag of applications, extensionAttribute15 of users
	GroupNamePrefix = "provision."       // of a group's uniqueName
)

// Ids that are the same in every tenant.
const (
	MicrosoftGraphAppID = "00000003-0000-0000-c000-000000000000"
	// DefaultRoleID is the appRoleId that gives access to an application without roles.
	DefaultRoleID = "00000000-0000-0000-0000-000000000000"
)

// IsID reports whether the text is an id, not a name.
func IsID(s string) bool { return len(s) == 36 && strings.Count(s, "-") == 4 }

// IsMicrosoftGraph reports whether a reference in a manifest is a reference to Microsoft Graph.
func IsMicrosoftGraph(ref string) bool { return strings.EqualFold(ref, "Microsoft Graph") }

// Mark returns the mark of the stack's applications and users.
func Mark(stack string) string { return MarkPrefix + stack }

// UniqueName is Graph's uniqueName of an application of a stack.
func UniqueName(stack, application string) string { return stack + "." + application }

// GroupUniqueName is Graph's uniqueName of a group of a stack.
func GroupUniqueName(stack, group string) string {
	return GroupNamePrefix + stack + "." + group
}

// ValidName reports whether s can be the name of a document. Each uniqueName that provision
// creates consists of such names, joined by a dot.
func ValidName(s string) bool { return len(s) <= 60 && validName.MatchString(s) }

var validName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`) // as in schema.json

// StackOfGroup returns the stack in a group's uniqueName, or "". marked reports whether the
// uniqueName begins like one of provision's, even if it is not valid.
func StackOfGroup(uniqueName string) (stack string, marked bool) {
	rest, marked := strings.CutPrefix(uniqueName, GroupNamePrefix)
	if !marked {
		return "", false
	}
	return stackOf(rest), true
}

// StackOfApplication returns the stack that an application belongs to, or "". A tag alone
// is not sufficient: the uniqueName must be one that the stack would use.
func StackOfApplication(uniqueName string, tags []string) (stack string, marked bool) {
	owner := stackOf(uniqueName)
	for _, t := range tags {
		if name, ok := strings.CutPrefix(t, MarkPrefix); ok {
			marked = true
			if name == owner {
				stack = owner
			}
		}
	}
	return stack, marked
}

// StackOfTags returns the stack in a service principal's tags, or "".
func StackOfTags(tags []string) string {
	for _, t := range tags {
		if stack, ok := StackOfMark(t); ok {
			return stack
		}
	}
	return ""
}

// StackOfMark returns the stack in a mark, or "".
func StackOfMark(mark string) (stack string, marked bool) {
	name, marked := strings.CutPrefix(mark, MarkPrefix)
	if !marked || !ValidName(name) {
		return "", marked
	}
	return name, marked
}

// stackOf returns the stack in STACK.NAME, or "" if one of the two names is not valid.
func stackOf(uniqueName string) string {
	stack, name, _ := strings.Cut(uniqueName, ".")
	if !ValidName(stack) || !ValidName(name) {
		return ""
	}
	return stack
}

// namespace of the derived ids: UUIDv5 (RFC 9562, 5.5) of the URL namespace.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:provision"))

// ScopeID returns the id of a scope without an id in the manifest, for the application with a
// uniqueName.
func ScopeID(uniqueName, value string) string {
	return uuid.NewSHA1(namespace, []byte(uniqueName+"/scope/"+value)).String()
}

// RoleID returns the id of an app role without an id in the manifest.
func RoleID(uniqueName, value string) string {
	return uuid.NewSHA1(namespace, []byte(uniqueName+"/role/"+value)).String()
}
