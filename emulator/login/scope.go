package login

import (
	"slices"
	"strings"

	"provision/emulator/directory"
)

// allGranted is the scope value that requests everything that was granted.
const allGranted = ".default"

// oidcScopes are the scopes of OpenID Connect that a request can contain. They belong
// to no resource and need no registration.
type oidcScopes struct {
	openid, profile, email, offline bool
}

func (o *oidcScopes) add(value string) bool {
	switch strings.ToLower(value) {
	case "openid":
		o.openid = true
	case "profile":
		o.profile = true
	case "email":
		o.email = true
	case "offline_access":
		o.offline = true
	default:
		return false
	}
	return true
}

// names returns the scopes of OpenID Connect in the scp claim of a Microsoft Graph token.
// offline_access is not included, because it is not a permission of an API.
func (o oidcScopes) names() []string {
	var names []string
	for name, asked := range map[string]bool{"openid": o.openid, "profile": o.profile, "email": o.email} {
		if asked {
			names = append(names, name)
		}
	}
	return names
}

// descriptions returns the texts of the scopes on the consent page.
func (o oidcScopes) descriptions() []string {
	var texts []string
	add := func(asked bool, text string) {
		if asked {
			texts = append(texts, text)
		}
	}
	add(o.openid, "Sign you in")
	add(o.profile, "View your basic profile")
	add(o.email, "View your email address")
	add(o.offline, "Maintain access to data you have given it access to")
	return texts
}

// scopeRequest is a parsed scope parameter.
type scopeRequest struct {
	text  string // as the client wrote it
	oidc  oidcScopes
	parts []scopePart // in the order of the text, without the scopes of OpenID Connect
}

// scopePart is one scope of a resource.
type scopePart struct {
	text     string // api://orders/read
	resource string // api://orders
	value    string // read
}

// parseScope parses a scope parameter. A scope is the name of a resource, a slash and a
// value. A scope without a resource is Microsoft Graph's.
func (n names) parseScope(text string) (scopeRequest, *Error) {
	words := strings.Fields(text)
	request := scopeRequest{text: strings.Join(words, " ")}
	for _, word := range words {
		slash := strings.LastIndexByte(word, '/')
		resource, value := directory.MicrosoftGraphAppID, word
		if slash >= 0 {
			resource, value = word[:slash], word[slash+1:]
		}
		if resource == "" || value == "" {
			return request, failure(70011, request.text, " The scope format is invalid. Scope must be in a valid URI form <https://example/scope> or a valid Guid <guid/scope>.")
		}
		if (slash < 0 || n.namesGraph(resource)) && request.oidc.add(value) {
			continue
		}
		request.parts = append(request.parts, scopePart{text: word, resource: resource, value: value})
	}
	if len(request.parts) > 1 && slices.ContainsFunc(request.parts, scopePart.isDefault) {
		return request, failure(70011, request.text, " .default scope can't be combined with resource-specific scopes.")
	}
	return request, nil
}

func (p scopePart) isDefault() bool { return strings.EqualFold(p.value, allGranted) }

// resourceScope is the scope of a request to a v1 endpoint: it names a resource and
// requests everything that was granted.
func resourceScope(name string) scopeRequest {
	if name == "" {
		name = directory.MicrosoftGraphAppID
	}
	scope := name + "/" + allGranted
	return scopeRequest{
		text:  "openid profile email offline_access " + scope,
		oidc:  oidcScopes{openid: true, profile: true, email: true, offline: true},
		parts: []scopePart{{text: scope, resource: name, value: allGranted}},
	}
}
