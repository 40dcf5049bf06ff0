package directory

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// CreateApplication stores a new registration. The directory chooses id, appId,
// createdDateTime and publisherDomain; all other properties come from the caller. For
// each passwordCredential of app it creates a secret with this name and lifetime; the
// returned copy contains the texts.
func (tx *Tx) CreateApplication(app *Application) (*Application, error) {
	app = app.Clone()
	app.ID, app.AppID = newID(), newID()
	app.CreatedDateTime, app.DeletedDateTime = tx.now, nil
	app.PublisherDomain = tx.tenant.Domain
	if app.ParentalControlSettings.LegalAgeGroupRule == "" {
		app.ParentalControlSettings.LegalAgeGroupRule = "Allow"
	}
	if app.SignInAudience == "" {
		app.SignInAudience = "AzureADMyOrg"
	}
	answered := make([]PasswordCredential, len(app.PasswordCredentials))
	for i, c := range app.PasswordCredentials {
		answered[i], app.PasswordCredentials[i] = tx.makePassword(c)
	}
	if err := tx.checkApplication(nil, app); err != nil {
		return nil, err
	}
	if err := tx.storeApplication(app); err != nil {
		return nil, err
	}
	if len(answered) == 0 {
		return app, nil
	}
	shown := app.Clone()
	shown.PasswordCredentials = answered
	return shown, nil
}

// UpdateApplication stores a changed Clone of a registration. Properties that cannot
// change (id, appId, dates, owners) keep their values.
func (tx *Tx) UpdateApplication(app *Application) error {
	old, ok := tx.Application(app.ID)
	if !ok {
		return NotFound(app.ID)
	}
	app = app.Clone()
	app.AppID, app.PublisherDomain = old.AppID, old.PublisherDomain
	app.CreatedDateTime, app.DeletedDateTime = old.CreatedDateTime, nil
	app.Info.LogoURL = old.Info.LogoURL // the logo is changed by a separate request
	app.OwnerIDs, app.FederatedCredentials = old.OwnerIDs, old.FederatedCredentials
	var err error
	if app.PasswordCredentials, err = keptPasswords(old.PasswordCredentials, app.PasswordCredentials); err != nil {
		return err
	}
	if err := tx.checkApplication(old, app); err != nil {
		return err
	}
	return tx.storeApplication(app)
}

// SetLogoURL stores the address of an application's logo.
func (tx *Tx) SetLogoURL(id, url string) error {
	app, ok := tx.Application(id)
	if !ok {
		return NotFound(id)
	}
	app = app.Clone()
	app.Info.LogoURL = &url
	return tx.storeApplication(app)
}

// storeApplication stores a checked registration and renews its mirror.
func (tx *Tx) storeApplication(app *Application) error {
	fillLists(app)
	if manifestEntries(app) > maxManifestEntries {
		return &Error{Status: 403, Code: "Directory_ResourceSizeExceeded",
			Message: "The size of the object has exceeded its limit. Please reduce the number of values and retry your request."}
	}
	tx.put(applications, app)
	if sp, ok := tx.ServicePrincipalByAppID(app.AppID); ok {
		if sp.DisplayName != app.DisplayName {
			tx.renameEnd(sp.ID, app.DisplayName)
		}
		tx.put(servicePrincipals, mirror(sp, app, tx.tenant))
	}
	return nil
}

// checkApplication checks a registration against Entra's rules. old is the previous
// version, or nil for a new registration.
func (tx *Tx) checkApplication(old, app *Application) error {
	checks := []func(old, app *Application) error{
		checkDisplayName,
		checkAudience,
		tx.checkUniqueName,
		tx.checkIdentifierURIs,
		checkRedirectURIs,
		tx.checkEntitlements,
		tx.checkPreAuthorized,
		checkRequiredResourceAccess,
		checkKnownClients,
		checkTags,
		checkKeyCredentials,
		checkGroupMembershipClaims,
		checkDefaultRedirect,
		checkSignIn,
		tx.checkAppManagement,
	}
	for _, check := range checks {
		if err := check(old, app); err != nil {
			return err
		}
	}
	return nil
}

func checkDisplayName(_, app *Application) error {
	if strings.TrimSpace(app.DisplayName) == "" {
		return invalidValue("Application", "displayName", "It must not be empty.")
	}
	if utf8.RuneCountInString(app.DisplayName) > 256 {
		return invalidValue("Application", "displayName", "It must not be longer than 256 characters.")
	}
	if app.Description != nil && utf8.RuneCountInString(*app.Description) > 1024 {
		return invalidValue("Application", "description", "It must not be longer than 1024 characters.")
	}
	return nil
}

var audiences = []string{"AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"}

func personal(app *Application) bool {
	return app.SignInAudience == "AzureADandPersonalMicrosoftAccount" || app.SignInAudience == "PersonalMicrosoftAccount"
}

func checkAudience(_, app *Application) error {
	if !slices.Contains(audiences, app.SignInAudience) {
		return invalidValue("Application", "signInAudience", "It must be one of "+strings.Join(audiences, ", ")+".")
	}
	version := app.API.RequestedAccessTokenVersion
	if version != nil && *version != 1 && *version != 2 {
		return invalidValue("Application", "requestedAccessTokenVersion", "It must be null, 1 or 2.")
	}
	if personal(app) && (version == nil || *version != 2) {
		return invalidValue("Application", "api.requestedAccessTokenVersion",
			"It must be 2 when signInAudience is "+app.SignInAudience+".")
	}
	return nil
}

// checkUniqueName refuses to change a uniqueName that is set, and refuses a name that
// another object has, even if that object is in the recycle bin.
func (tx *Tx) checkUniqueName(old, app *Application) error {
	if old != nil && old.UniqueName != nil {
		if app.UniqueName == nil || *app.UniqueName != *old.UniqueName {
			return readOnly("uniqueName")
		}
		return nil
	}
	if app.UniqueName == nil {
		return nil
	}
	if *app.UniqueName == "" || utf8.RuneCountInString(*app.UniqueName) > 128 {
		return invalidValue("Application", "uniqueName", "It must have 1 to 128 characters.")
	}
	if holder := find[Application](tx.reader, applications, "uniqueName", *app.UniqueName); holder != nil && holder.ID != app.ID {
		return takenValue("uniqueName")
	}
	return nil
}

func checkTags(_, app *Application) error {
	for _, tag := range app.Tags {
		if tag == "" || utf8.RuneCountInString(tag) > 256 {
			return invalidValue("Application", "tags", "A tag must have 1 to 256 characters.")
		}
	}
	if hasDuplicates(app.Tags, exact) {
		return duplicateValues("tags")
	}
	return nil
}

func checkKnownClients(_, app *Application) error {
	for _, id := range app.API.KnownClientApplications {
		if !isUUID(id) {
			return invalidValue("Application", "knownClientApplications", "'"+id+"' is not an appId.")
		}
	}
	if hasDuplicates(app.API.KnownClientApplications, strings.ToLower) {
		return duplicateValues("knownClientApplications")
	}
	return nil
}

func checkGroupMembershipClaims(_, app *Application) error {
	if app.GroupMembershipClaims == nil {
		return nil
	}
	known := []string{"None", "SecurityGroup", "DirectoryRole", "ApplicationGroup", "All"}
	for claim := range strings.SplitSeq(*app.GroupMembershipClaims, ",") {
		if !slices.Contains(known, strings.TrimSpace(claim)) {
			return invalidValue("Application", "groupMembershipClaims", "It must be one of "+strings.Join(known, ", ")+".")
		}
	}
	return nil
}

// checkDefaultRedirect checks that a new default is one of the redirect URIs.
func checkDefaultRedirect(old, app *Application) error {
	uri := text(app.DefaultRedirectURI)
	if uri == "" || old != nil && text(old.DefaultRedirectURI) == uri {
		return nil
	}
	if !slices.Contains(slices.Concat(app.Web.RedirectURIs, app.SPA.RedirectURIs, app.PublicClient.RedirectURIs), uri) {
		return invalidValue("Application", "defaultRedirectUri", "It must be one of the redirect URIs.")
	}
	return nil
}

func checkSignIn(_, app *Application) error {
	if value := text(app.NativeAuthenticationAPIs); value != "" && value != "none" && value != "all" {
		return invalidValue("Application", "nativeAuthenticationApisEnabled", "It must be none or all.")
	}
	if r := app.RequestSignature; r != nil && text(r.AllowedWeakAlgorithms) != "" && *r.AllowedWeakAlgorithms != "rsaSha1" {
		return invalidValue("RequestSignatureVerification", "allowedWeakAlgorithms", "It must be rsaSha1.")
	}
	if id := text(app.TokenEncryptionKeyID); id != "" && !isUUID(id) {
		return invalidValue("Application", "tokenEncryptionKeyId", "It must be a GUID.")
	}
	return nil
}

func checkKeyCredentials(old, app *Application) error {
	if old == nil {
		return checkKeys(nil, app.KeyCredentials)
	}
	return checkKeys(old.KeyCredentials, app.KeyCredentials)
}

func exact(s string) string { return s }

func hasDuplicates[T any](list []T, key func(T) string) bool {
	seen := make(map[string]bool, len(list))
	for _, entry := range list {
		if k := key(entry); seen[k] {
			return true
		} else {
			seen[k] = true
		}
	}
	return false
}
