package adopt

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"provision/plan"
	"provision/stack"
)

// plainProperties removes the properties that every registration has from a document, and
// replaces ids by names.
func (w *writer) plainProperties(a *stack.Application) {
	a.Tags = slices.DeleteFunc(a.Tags, func(tag string) bool { return strings.HasPrefix(tag, stack.OwnTags) })
	if a.SignInAudience != nil && *a.SignInAudience == "AzureADMyOrg" {
		a.SignInAudience = nil
	}
	if a.IsDisabled != nil && !*a.IsDisabled {
		a.IsDisabled = nil
	}
	for _, none := range []**string{&a.Description, &a.Notes, &a.ServiceManagementReference, &a.GroupMembershipClaims, &a.DefaultRedirectURI, &a.SamlMetadataURL, &a.TokenEncryptionKeyID,
		&a.NativeAuthenticationAPIs, &a.Info.MarketingURL, &a.Info.PrivacyStatementURL, &a.Info.SupportURL, &a.Info.TermsOfServiceURL, &a.Web.HomePageURL, &a.Web.LogoutURL} {
		if *none != nil && (**none == "" || none == &a.NativeAuthenticationAPIs && **none == "none") {
			*none = nil
		}
	}
	if c := a.OptionalClaims; c != nil && len(c.AccessToken)+len(c.IDToken)+len(c.Saml2Token) == 0 {
		a.OptionalClaims = nil
	}
	if a.API.AcceptMappedClaims != nil && !*a.API.AcceptMappedClaims {
		a.API.AcceptMappedClaims = nil
	}
	if a.PrincipalLock != nil && reflect.DeepEqual(*a.PrincipalLock, stack.PrincipalLock{}) {
		a.PrincipalLock = nil
	}
	w.texts(a)
}

// texts replaces ids by names, and removes values that a manifest would interpret as
// references.
func (w *writer) texts(a *stack.Application) {
	single := []struct {
		property string
		value    *string
	}{
		{"displayName", &a.DisplayName}, {"description", a.Description}, {"notes", a.Notes}, {"serviceManagementReference", a.ServiceManagementReference},
		{"defaultRedirectUri", a.DefaultRedirectURI}, {"samlMetadataUrl", a.SamlMetadataURL}, {"info.marketingUrl", a.Info.MarketingURL},
		{"info.privacyStatementUrl", a.Info.PrivacyStatementURL}, {"info.supportUrl", a.Info.SupportURL}, {"info.termsOfServiceUrl", a.Info.TermsOfServiceURL},
		{"web.homePageUrl", a.Web.HomePageURL}, {"web.logoutUrl", a.Web.LogoutURL},
	}
	for _, s := range single {
		if s.value == nil {
			continue
		}
		if strings.Contains(*s.value, "${") {
			*s.value = strings.ReplaceAll(*s.value, "${", "$ {")
			w.ignore(a, s.property, "the value contains ${, which a manifest reads as a reference")
		}
		if s.property != "displayName" && s.property != "description" && s.property != "notes" {
			*s.value = w.named(a, *s.value)
		}
	}
	for _, l := range []struct {
		property string
		values   *[]string
	}{
		{"identifierUris", &a.IdentifierURIs}, {"web.redirectUris", &a.Web.RedirectURIs}, {"spa.redirectUris", &a.SPA.RedirectURIs},
		{"publicClient.redirectUris", &a.PublicClient.RedirectURIs}, {"tags", &a.Tags},
	} {
		slices.Sort(*l.values)
		kept := (*l.values)[:0]
		for _, v := range *l.values {
			if strings.Contains(v, "${") {
				w.ignore(a, l.property, "an entry contains ${, which a manifest reads as a reference")
				continue
			}
			if l.property != "tags" {
				v = w.named(a, v)
			}
			kept = append(kept, v)
		}
		if *l.values = kept; len(kept) == 0 {
			*l.values = nil // so that the object around it is left out too
		}
	}
}

// named returns a text with references in the place of the ids of the application, of
// other imported ones, and of the tenant.
func (w *writer) named(a *stack.Application, value string) string {
	value = guid.ReplaceAllStringFunc(value, func(id string) string {
		switch other := w.byAppID[id]; {
		case id == a.Adopt:
			return "${appId}"
		case other != nil:
			return "${applications." + other.Name + ".appId}"
		case id == w.state.Tenant.ID:
			return "${tenant.id}"
		}
		return id
	})
	if domain := w.state.Tenant.Domain; domain != "" {
		value = strings.ReplaceAll(value, "//"+domain+"/", "//${tenant.domain}/")
	}
	return value
}

var guid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// managed are the properties of a registration that manifests can declare or that
// Entra sets itself.
var managed = []string{
	"addIns", "api", "appId", "appRoles", "applicationTemplateId", "authenticationBehaviors", "certification", "createdByAppId", "createdDateTime", "defaultRedirectUri", "deletedDateTime",
	"description", "disabledByMicrosoftStatus", "displayName", "groupMembershipClaims", "id", "identifierUris", "info", "isDisabled", "isFallbackPublicClient", "keyCredentials",
	"nativeAuthenticationApisEnabled", "notes", "optionalClaims", "passwordCredentials", "publicClient", "publisherDomain", "requestSignatureVerification", "requiredResourceAccess",
	"samlMetadataUrl", "serviceManagementReference", "servicePrincipalLockConfiguration", "signInAudience", "spa", "tags", "tokenEncryptionKeyId", "uniqueName", "verifiedPublisher", "web",
}

// unknown lists the properties that a registration has and the manifest cannot
// contain. apply does not change them.
func (w *writer) unknown(a *stack.Application, live *plan.Live) {
	for property, value := range live.Properties {
		if strings.HasPrefix(property, "@") || slices.Contains(managed, property) && property != "addIns" || empty(value) || everybodys(property, value) {
			continue
		}
		w.lose(a, property, "manifests do not support it; apply does not change it")
	}
	if logo := text(member(live.Properties, "info"), "logoUrl"); logo != "" {
		w.lose(a, "info.logoUrl", "manifests do not support it; apply does not change it")
	}
	for _, s := range list(member(live.Properties, "web"), "redirectUriSettings") {
		if m, ok := s.(map[string]any); ok && m["index"] != nil {
			w.lose(a, "web.redirectUriSettings", "manifests do not support the order of redirect URIs; apply does not change it")
			break
		}
	}
}

// everybodys reports whether Entra sets a value in every registration.
func everybodys(property string, value any) bool {
	switch property {
	case "parentalControlSettings":
		return len(list(value, "countriesBlockedForMinors")) == 0 && text(value, "legalAgeGroupRule") == "Allow"
	case "nativeAuthenticationApisEnabled":
		return value == "none"
	}
	return false
}

// empty reports whether a value is the default of a property that was never set.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, e := range v {
			if !empty(e) {
				return false
			}
		}
		return true
	}
	return false
}
