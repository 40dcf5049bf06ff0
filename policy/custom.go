package policy

import (
	"encoding/json"
	"slices"
)

// With returns the restrictions of an application that has its own policy: the
// restrictions of that policy replace the tenant's defaults of the same type. Source:
// Graph resource type "appManagementPolicy" (customAppManagementConfiguration).
func (r Restrictions) With(custom []byte) (Restrictions, error) {
	var own struct {
		IsEnabled    bool `json:"isEnabled"`
		Restrictions struct {
			PasswordCredentials     []restriction `json:"passwordCredentials"`
			KeyCredentials          []restriction `json:"keyCredentials"`
			ApplicationRestrictions struct {
				IdentifierURIs struct {
					NonDefaultURIAddition *restriction `json:"nonDefaultUriAddition"`
					WithoutTenant         *restriction `json:"uriAdditionWithoutUniqueTenantIdentifier"`
				} `json:"identifierUris"`
			} `json:"applicationRestrictions"`
		} `json:"restrictions"`
	}
	if err := json.Unmarshal(custom, &own); err != nil || !own.IsEnabled {
		return r, err
	}
	if !r.IsEnabled { // the default contains no restriction
		r = Restrictions{IsEnabled: true}
	}
	of := &r.ApplicationRestrictions
	of.PasswordCredentials = override(of.PasswordCredentials, own.Restrictions.PasswordCredentials)
	of.KeyCredentials = override(of.KeyCredentials, own.Restrictions.KeyCredentials)
	uris := own.Restrictions.ApplicationRestrictions.IdentifierURIs
	if uris.NonDefaultURIAddition != nil {
		of.IdentifierURIs.NonDefaultURIAddition = *uris.NonDefaultURIAddition
	}
	if uris.WithoutTenant != nil {
		of.IdentifierURIs.WithoutTenant = *uris.WithoutTenant
	}
	return r, nil
}

// override replaces restrictions by restrictions of the same type.
func override(all, own []restriction) []restriction {
	kept := slices.DeleteFunc(slices.Clone(all), func(r restriction) bool {
		return slices.ContainsFunc(own, func(o restriction) bool { return o.Type == r.Type })
	})
	return append(kept, own...)
}
