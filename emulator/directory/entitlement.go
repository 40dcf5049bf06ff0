package directory

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// The property names that refusals of scopes and roles point to.
const (
	scopesProperty        = "api.oauth2PermissionScopes"
	rolesProperty         = "appRoles"
	preAuthorizedProperty = "api.preAuthorizedApplications"
)

// entitlementValue holds the characters that Graph allows in the value of a
// scope or a role.
var entitlementValue = regexp.MustCompile("^[0-9A-Za-z!#$%&'()*+,\\-/:;=?@\\[\\]^_`{|}~][0-9A-Za-z!#$%&'()*+,\\-./:;=?@\\[\\]^_`{|}~]*$")

// checkEntitlements checks the rules for scopes and roles: ids and values are unique;
// a scope and a role with the same value have the same id and are one permission; and
// an enabled entry cannot be removed, and its value cannot be changed.
func (tx *Tx) checkEntitlements(old, app *Application) error {
	scopes, roles := app.API.OAuth2PermissionScopes, app.AppRoles
	for _, s := range scopes {
		if err := checkScope(s); err != nil {
			return err
		}
	}
	for i := range roles {
		if roles[i].Origin == "" {
			roles[i].Origin = "Application"
		}
		if text(roles[i].Value) == "" {
			roles[i].Value = nil
		}
		if err := checkRole(roles[i]); err != nil {
			return err
		}
	}
	if hasDuplicates(scopes, func(s PermissionScope) string { return strings.ToLower(s.ID) }) ||
		hasDuplicates(scopes, func(s PermissionScope) string { return s.Value }) {
		return duplicateValues(scopesProperty)
	}
	if hasDuplicates(roles, func(r AppRole) string { return strings.ToLower(r.ID) }) ||
		hasDuplicates(valued(roles), func(r AppRole) string { return *r.Value }) {
		return duplicateValues(rolesProperty)
	}
	for _, s := range scopes {
		for _, r := range roles {
			if err := checkShared(s, r); err != nil {
				return err
			}
		}
	}
	if len(scopes)+len(roles) > maxPermissions {
		return tooMany(scopesProperty, maxPermissions)
	}
	if personal(app) && len(scopes) > maxPersonalScopes {
		return tooMany(scopesProperty, maxPersonalScopes)
	}
	if old == nil {
		return nil
	}
	return checkStillEnabled(old, tx.seenOf(old), app)
}

// seenOf returns the visible state of an application, or the newest state if the
// application is not visible yet.
func (tx *Tx) seenOf(app *Application) *Application {
	if app == nil {
		return nil
	}
	if seen, ok := tx.Seen().Application(app.ID); ok {
		return seen
	}
	return app
}

func checkScope(s PermissionScope) error {
	switch {
	case !isUUID(s.ID):
		return invalidValue("PermissionScope", "id", "It must be a GUID.")
	case s.Type != "User" && s.Type != "Admin":
		return invalidValue("PermissionScope", "type", "It must be User or Admin.")
	case !entitlementValue.MatchString(s.Value) || len(s.Value) > maxEntitlementLength:
		return invalidValue("PermissionScope", "value", valueRule)
	}
	return nil
}

func checkRole(r AppRole) error {
	switch {
	case !isUUID(r.ID) || r.ID == DefaultRole:
		return invalidValue("AppRole", "id", "It must be a GUID other than the default role's.")
	case text(r.DisplayName) == "":
		return invalidValue("AppRole", "displayName", "It must not be empty.")
	case text(r.Description) == "":
		return invalidValue("AppRole", "description", "It must not be empty.")
	case r.Value != nil && (!entitlementValue.MatchString(*r.Value) || len(*r.Value) > maxEntitlementLength):
		return invalidValue("AppRole", "value", valueRule)
	case len(r.AllowedMemberTypes) == 0 || hasDuplicates(r.AllowedMemberTypes, exact):
		return invalidValue("AppRole", "allowedMemberTypes", "It must name User, Application or both, each once.")
	}
	for _, t := range r.AllowedMemberTypes {
		if t != "User" && t != "Application" {
			return invalidValue("AppRole", "allowedMemberTypes", "It must name User, Application or both, each once.")
		}
	}
	return nil
}

const valueRule = "It must have 1 to 120 characters of 0-9 A-Z a-z : ! # $ % & ' ( ) * + , - . / ; = ? @ [ ] ^ _ ` { | } ~ and not begin with a dot."

func valued(roles []AppRole) []AppRole {
	return slices.DeleteFunc(slices.Clone(roles), func(r AppRole) bool { return r.Value == nil })
}

// checkShared refuses a scope and a role with the same value but different ids,
// or with the same id but different texts.
func checkShared(s PermissionScope, r AppRole) error {
	sameID, sameValue := same(s.ID, r.ID), r.Value != nil && *r.Value == s.Value
	if sameValue && !sameID {
		return duplicateValues(rolesProperty)
	}
	if !sameID {
		return nil
	}
	if !sameValue || s.IsEnabled != r.IsEnabled ||
		text(s.AdminConsentDescription) != text(r.Description) || text(s.AdminConsentDisplayName) != text(r.DisplayName) {
		return badRequest("The following values must match for the 'oauth2Permissions' and 'appRoles' properties with identifier '%s': "+
			"(description, adminConsentDescription),(displayName, adminConsentDisplayName),(isEnabled, isEnabled),(origin, origin),(value, value). "+
			"Ensure that you are intending to have entries with the same identifier, and if so, are updating them together.", s.ID)
	}
	return nil
}

// checkStillEnabled also refuses a change of an entry that was disabled only recently,
// so that readers still see it enabled.
func checkStillEnabled(old, seen, app *Application) error {
	for _, was := range old.API.OAuth2PermissionScopes {
		i := slices.IndexFunc(app.API.OAuth2PermissionScopes, func(s PermissionScope) bool { return same(s.ID, was.ID) })
		enabled := was.IsEnabled || slices.ContainsFunc(seen.API.OAuth2PermissionScopes, func(s PermissionScope) bool { return same(s.ID, was.ID) && s.IsEnabled })
		if enabled && (i < 0 || app.API.OAuth2PermissionScopes[i].Value != was.Value) {
			return enabledEntitlement(scopesProperty)
		}
	}
	for _, was := range old.AppRoles {
		i := slices.IndexFunc(app.AppRoles, func(r AppRole) bool { return same(r.ID, was.ID) })
		enabled := was.IsEnabled || slices.ContainsFunc(seen.AppRoles, func(r AppRole) bool { return same(r.ID, was.ID) && r.IsEnabled })
		if enabled && (i < 0 || text(app.AppRoles[i].Value) != text(was.Value)) {
			return enabledEntitlement(rolesProperty)
		}
	}
	return nil
}

// checkPreAuthorized checks every new entry. Its scopes must have existed before this
// write, because Entra looks them up in the stored application, and its client must
// exist. An old entry may stay if its scope or client was deleted later.
// Source: github.com/MicrosoftDocs/azure-docs/issues/121168.
func (tx *Tx) checkPreAuthorized(old, app *Application) error {
	entries := app.API.PreAuthorizedApplications
	if hasDuplicates(entries, func(p PreAuthorizedApplication) string { return strings.ToLower(p.AppID) }) {
		return duplicateValues(preAuthorizedProperty)
	}
	for _, entry := range entries {
		if !isUUID(entry.AppID) {
			return invalidValue("PreAuthorizedApplication", "appId", "It must be a GUID.")
		}
		if len(entry.DelegatedPermissionIDs) == 0 {
			return invalidValue("PreAuthorizedApplication", "delegatedPermissionIds", "It must not be empty.")
		}
		if hasDuplicates(entry.DelegatedPermissionIDs, strings.ToLower) {
			return duplicateValues(preAuthorizedProperty)
		}
		for _, id := range entry.DelegatedPermissionIDs {
			if namedAlready(old, entry.AppID, id) {
				continue
			}
			if !hasScope(app, id) || !hasScope(old, id) || !hasScope(tx.seenOf(old), id) {
				return &Error{Status: http.StatusBadRequest, Code: "InvalidValue", Target: preAuthorizedProperty,
					Message: "Property api.preAuthorizedApplications.delegatedPermissionIds has a Permission Id that cannot be found in the AppPermissions sets."}
			}
		}
		if !tx.knownClient(entry.AppID) && !wasPreAuthorized(old, entry.AppID) {
			return &Error{Status: http.StatusBadRequest, Code: "InvalidValue", Target: preAuthorizedProperty,
				Message: fmt.Sprintf("Property PreAuthorizedApplication references applications %s that cannot be found.", entry.AppID)}
		}
	}
	return nil
}

func hasScope(app *Application, id string) bool {
	return app != nil && slices.ContainsFunc(app.API.OAuth2PermissionScopes, func(s PermissionScope) bool { return same(s.ID, id) })
}

// knownClient reports whether an API can pre-authorize a client: the client is visible
// in this tenant, or it is not registered in any tenant of this process and may be an
// application of Microsoft. It is false for a client that is not visible yet or is in
// the recycle bin.
func (tx *Tx) knownClient(appID string) bool {
	seen := tx.Seen()
	if _, ok := seen.ApplicationByAppID(appID); ok {
		return true
	}
	if _, ok := seen.ServicePrincipalByAppID(appID); ok {
		return true
	}
	return !tx.registeredAnywhere(appID)
}

// registeredAnywhere reports whether a tenant of this process has a registration with
// this appId, also in its recycle bin.
func (tx *Tx) registeredAnywhere(appID string) bool {
	if find[Application](tx.reader, applications, "appId", appID) != nil {
		return true
	}
	if tx.tenants == nil {
		return false
	}
	_, _, registered := tx.tenants.Application(appID)
	return registered
}

func wasPreAuthorized(old *Application, appID string) bool {
	return old != nil && slices.ContainsFunc(old.API.PreAuthorizedApplications,
		func(p PreAuthorizedApplication) bool { return same(p.AppID, appID) })
}

func namedAlready(old *Application, appID, scopeID string) bool {
	return old != nil && slices.ContainsFunc(old.API.PreAuthorizedApplications, func(p PreAuthorizedApplication) bool {
		return same(p.AppID, appID) && slices.ContainsFunc(p.DelegatedPermissionIDs, func(id string) bool { return same(id, scopeID) })
	})
}

func checkRequiredResourceAccess(_, app *Application) error {
	const property = "requiredResourceAccess"
	if hasDuplicates(app.RequiredResourceAccess, func(r RequiredResourceAccess) string { return strings.ToLower(r.ResourceAppID) }) {
		return duplicateValues(property)
	}
	limit, total := maxRequiredResources, 0
	if personal(app) {
		limit = maxPersonalRequiredResources
	}
	if len(app.RequiredResourceAccess) > limit {
		return tooMany(property, limit)
	}
	for _, r := range app.RequiredResourceAccess {
		if !isUUID(r.ResourceAppID) {
			return invalidValue("RequiredResourceAccess", "resourceAppId", "It must be a GUID.")
		}
		for _, a := range r.ResourceAccess {
			if !isUUID(a.ID) || a.Type != "Scope" && a.Type != "Role" {
				return invalidValue("ResourceAccess", "resourceAccess", "An entry needs a GUID as id and Scope or Role as type.")
			}
		}
		if hasDuplicates(r.ResourceAccess, func(a ResourceAccess) string { return strings.ToLower(a.Type + a.ID) }) {
			return duplicateValues(property)
		}
		total += len(r.ResourceAccess)
	}
	if total > maxRequiredAccess {
		return tooMany(property, maxRequiredAccess)
	}
	return nil
}
