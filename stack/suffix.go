package stack

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// suffix adds the suffix of the stage to the names that must be unique in a tenant and to
// display names, so that every stack becomes a separate environment. The names of the stacks
// have the suffix already. suffix does not change objects that exist already or that
// environments share.
func (l *loader) suffix() {
	suffix := l.stage.Suffix
	if suffix == "" {
		return
	}
	renamed := map[string]string{} // stack without the suffix → with it
	for _, s := range l.stacks {
		renamed[s.plainName] = s.Name
	}
	reference := func(ref *string) {
		if owner, name, ok := strings.Cut(*ref, "/"); ok && renamed[owner] != "" {
			*ref = renamed[owner] + "/" + name
		}
	}
	references := func(refs []string) {
		for i := range refs {
			reference(&refs[i])
		}
	}
	for _, s := range l.stacks {
		references(s.Deployers)
		for _, a := range s.Applications {
			references(a.Owners)
			references(a.API.KnownClientApplications)
			for i := range a.Permissions {
				reference(&a.Permissions[i].Resource)
			}
			for i := range a.API.PreAuthorizedApplications {
				reference(&a.API.PreAuthorizedApplications[i].Application)
			}
			if a.Existing {
				continue
			}
			a.DisplayName = suffixedText(a.DisplayName, suffix, 120)
			for i, uri := range a.IdentifierURIs {
				a.IdentifierURIs[i] = suffixedURI(uri, suffix)
			}
			l.checkSharedSinks(s, a)
		}
		for _, u := range s.Users {
			if u.Existing {
				continue
			}
			u.DisplayName = suffixedText(u.DisplayName, suffix, 256)
			u.UserPrincipalName = suffixedUPN(u.UserPrincipalName, suffix)
			if u.MailNickname != "" {
				u.MailNickname += "-" + suffix
			}
		}
		for i := range s.Excluded {
			s.Excluded[i].UserPrincipalName = suffixedUPN(s.Excluded[i].UserPrincipalName, suffix)
		}
		for _, g := range s.Groups {
			references(g.Owners)
			if g.Existing {
				continue
			}
			g.DisplayName = suffixedText(g.DisplayName, suffix, 256)
			if g.MailNickname != "" {
				g.MailNickname += "-" + suffix
			}
		}
	}
}

// suffixedText returns a display name with a suffix. It shortens the name so that the result
// has at most the given length.
func suffixedText(text, suffix string, most int) string {
	if text == "" {
		return ""
	}
	end := " (" + suffix + ")"
	runes := []rune(text)
	return string(runes[:min(len(runes), most-len([]rune(end)))]) + end
}

func suffixedUPN(upn, suffix string) string {
	name, domain, ok := strings.Cut(upn, "@")
	if !ok {
		return upn
	}
	return name + "-" + suffix + "@" + domain
}

// suffixedURI returns an identifier URI with a suffix at the end of its path. A URI that ends
// with a host name, or is api:// with a tenant ID, gets a path: with a suffix, they would be
// another host or no ID. A URI with ${appId} is unique already.
func suffixedURI(uri, suffix string) string {
	if strings.Contains(uri, "${appId}") {
		return uri
	}
	scheme, rest, isURL := strings.Cut(uri, "://")
	if strings.HasPrefix(uri, "${terraform.") { // the URL of a site
		scheme, rest, isURL = "https", uri, true
	}
	host, path, _ := strings.Cut(rest, "/")
	bare := isURL && path == "" && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http") ||
		strings.Contains(host, ".") || uuid.Validate(host) == nil)
	if bare || strings.HasSuffix(uri, "/") {
		return strings.TrimSuffix(uri, "/") + "/" + suffix
	}
	return uri + "-" + suffix
}

// checkSharedSinks reports sinks in which an environment would overwrite the secret of another.
func (l *loader) checkSharedSinks(s *loaded, a *Application) {
	for i, secret := range a.Secrets {
		name := ""
		switch {
		case secret.Sink.GitHub != nil:
			name = secret.Sink.GitHub.Name + secret.Sink.GitHub.Environment
		case secret.Sink.KeyVault != nil:
			name = secret.Sink.KeyVault.Name + secret.Sink.KeyVault.Vault
		default:
			continue
		}
		separated := func(r rune) rune {
			if r == '_' {
				return '-'
			}
			return r
		}
		if !strings.Contains(strings.ToLower(strings.Map(separated, name)), strings.ToLower(l.stage.Suffix)) {
			l.mistakes.add(l.at(s, "Application", a.Name, "secrets", i, "sink"), "add ${stack.suffix} to the name of the secret",
				"secret %s: with suffix %s it would overwrite %s of other environments", fmt.Sprint(secret.Name), l.stage.Suffix, secret.Sink)
		}
	}
}
