package directory

import (
	"iter"
	"slices"
	"time"
)

// CustomAppManagementPolicy replaces restrictions of the default policy for the
// applications and service principals that it is assigned to.
// Source: Graph resource types "appManagementPolicy" and "customAppManagementConfiguration".
type CustomAppManagementPolicy struct {
	ID              string             `json:"id"`
	DeletedDateTime *time.Time         `json:"deletedDateTime"`
	DisplayName     string             `json:"displayName"`
	Description     string             `json:"description"`
	IsEnabled       bool               `json:"isEnabled"`
	Restrictions    CustomRestrictions `json:"restrictions"`
	AppliesToIDs    []string           `json:"-"`
}

// CustomRestrictions are the restrictions of a CustomAppManagementPolicy.
type CustomRestrictions struct {
	PasswordCredentials     []CredentialRestriction `json:"passwordCredentials"`
	KeyCredentials          []CredentialRestriction `json:"keyCredentials"`
	ApplicationRestrictions *struct {
		IdentifierURIs *IdentifierURIRestrictions `json:"identifierUris"`
	} `json:"applicationRestrictions"`
}

// Clone returns a copy that can be changed and passed to a Tx.
func (p *CustomAppManagementPolicy) Clone() *CustomAppManagementPolicy { return clone(p) }

// CustomAppManagementPolicy returns the policy with an id.
func (r reader) CustomAppManagementPolicy(id string) (*CustomAppManagementPolicy, bool) {
	found := find[CustomAppManagementPolicy](r, customPolicies, "id", id)
	return found, found != nil
}

// CustomAppManagementPolicies yields the policies, ordered by id.
func (r reader) CustomAppManagementPolicies() iter.Seq[*CustomAppManagementPolicy] {
	return each[CustomAppManagementPolicy](r, customPolicies, "id")
}

// CustomAppManagementPoliciesOf returns the policies that are assigned to an
// application or a service principal: at most one.
func (r reader) CustomAppManagementPoliciesOf(objectID string) []*CustomAppManagementPolicy {
	return collect(each[CustomAppManagementPolicy](r, customPolicies, "appliesTo", objectID), nil)
}

// PutCustomAppManagementPolicy stores a new policy, which has no id, or a changed Clone.
func (tx *Tx) PutCustomAppManagementPolicy(p *CustomAppManagementPolicy) (*CustomAppManagementPolicy, error) {
	p = p.Clone()
	if p.ID == "" {
		p.ID = newID()
	}
	if p.DisplayName == "" {
		return nil, invalidValue("AppManagementPolicy", "displayName", "It must not be empty.")
	}
	if err := checkRestrictions(p.Restrictions.PasswordCredentials, p.Restrictions.KeyCredentials); err != nil {
		return nil, err
	}
	fillLists(p)
	tx.put(customPolicies, p)
	return p, nil
}

// DeleteCustomAppManagementPolicy deletes a policy that is not assigned to any object.
func (tx *Tx) DeleteCustomAppManagementPolicy(id string) error {
	p, ok := tx.CustomAppManagementPolicy(id)
	if !ok {
		return NotFound(id)
	}
	if len(p.AppliesToIDs) > 0 {
		return badRequest("The policy cannot be deleted because it is assigned to applications or service principals.")
	}
	tx.remove(customPolicies, p)
	return nil
}

// AssignAppManagementPolicy assigns a policy to an application or a service principal,
// which can have one.
func (tx *Tx) AssignAppManagementPolicy(objectID, policyID string) error {
	p, ok := tx.CustomAppManagementPolicy(policyID)
	if !ok {
		return NotFound(policyID)
	}
	if slices.Contains(p.AppliesToIDs, objectID) {
		return alreadyReferenced("appManagementPolicies")
	}
	if len(tx.CustomAppManagementPoliciesOf(objectID)) > 0 {
		return badRequest("Only one policy can be assigned to an application or service principal.")
	}
	p = p.Clone()
	p.AppliesToIDs = append(p.AppliesToIDs, objectID)
	tx.put(customPolicies, p)
	return nil
}

// UnassignAppManagementPolicy removes a policy from an application or a service
// principal.
func (tx *Tx) UnassignAppManagementPolicy(objectID, policyID string) error {
	p, ok := tx.CustomAppManagementPolicy(policyID)
	if !ok || !slices.Contains(p.AppliesToIDs, objectID) {
		return NotFound(policyID)
	}
	p = p.Clone()
	p.AppliesToIDs = slices.DeleteFunc(p.AppliesToIDs, func(id string) bool { return id == objectID })
	tx.put(customPolicies, p)
	return nil
}

// effective are the restrictions that apply to an object, with the id of the policy
// that contains them. A custom policy replaces the default restrictions of the same
// type.
type effective struct {
	policyID       string
	passwords      []CredentialRestriction
	keys           []CredentialRestriction
	identifierURIs *IdentifierURIRestrictions
}

func (tx *Tx) restrictionsOf(objectID string, principal bool) effective {
	e := effective{policyID: defaultPolicyID}
	if p := tx.AppManagementPolicy(); p.IsEnabled {
		e.passwords, e.keys, e.identifierURIs = p.ApplicationRestrictions.PasswordCredentials, p.ApplicationRestrictions.KeyCredentials, p.ApplicationRestrictions.IdentifierURIs
		if principal {
			e.passwords, e.keys, e.identifierURIs = p.ServicePrincipalRestrictions.PasswordCredentials, p.ServicePrincipalRestrictions.KeyCredentials, nil
		}
	}
	for _, p := range tx.CustomAppManagementPoliciesOf(objectID) {
		if !p.IsEnabled {
			continue
		}
		e.policyID = p.ID
		e.passwords, e.keys = overridden(e.passwords, p.Restrictions.PasswordCredentials), overridden(e.keys, p.Restrictions.KeyCredentials)
		if own := p.Restrictions.ApplicationRestrictions; own != nil && own.IdentifierURIs != nil && !principal {
			e.identifierURIs = own.IdentifierURIs
		}
	}
	return e
}

// overridden replaces restrictions by restrictions of the same type.
func overridden(all, own []CredentialRestriction) []CredentialRestriction {
	kept := slices.DeleteFunc(slices.Clone(all), func(r CredentialRestriction) bool {
		return slices.ContainsFunc(own, func(o CredentialRestriction) bool { return o.RestrictionType == r.RestrictionType })
	})
	return append(kept, own...)
}
