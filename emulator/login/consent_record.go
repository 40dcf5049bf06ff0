package login

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"provision/emulator/directory"
)

// record adds consent to the stored consent: for one user, or for all users together
// with the application permissions. If the client has no service principal in the
// tenant, record creates it.
func (c *tenantCall) record(cl client, user *directory.User, given consentSet, everybody bool) error {
	var entries []directory.DirectoryAudit
	err := c.directory.UpdateAtOnce(func(tx *directory.Tx) error {
		principal, err := principalOf(tx, cl.app.AppID)
		if err != nil {
			return err
		}
		entries = []directory.DirectoryAudit{c.consentEntry(principal, user, given, everybody)}
		for _, appID := range slices.Sorted(maps.Keys(given.Scopes)) {
			resource, err := principalOf(tx, appID)
			if err != nil {
				return err
			}
			if len(given.Scopes[appID]) == 0 {
				continue
			}
			grant := &directory.OAuth2PermissionGrant{
				ClientID: principal.ID, ResourceID: resource.ID, ConsentType: "Principal", PrincipalID: &user.ID,
				Scope: strings.Join(given.Scopes[appID], " "),
			}
			if everybody {
				grant.ConsentType, grant.PrincipalID = "AllPrincipals", nil
			}
			if err := widen(tx, grant); err != nil {
				return err
			}
			entries = append(entries, c.grantEntry(principal, resource, user, grant))
		}
		if !everybody {
			return nil
		}
		for _, appID := range slices.Sorted(maps.Keys(given.Roles)) {
			resource, err := principalOf(tx, appID)
			if err != nil {
				return err
			}
			for _, role := range given.Roles[appID] {
				made, err := assign(tx, principal, resource, role)
				if err != nil {
					return err
				}
				if made {
					entries = append(entries, c.roleEntry(principal, resource, user, role))
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, entry := range entries {
		c.directory.RecordAudit(entry)
	}
	return nil
}

// widen adds scopes to the grant of the same client, resource and user, or creates it.
func widen(tx *directory.Tx, grant *directory.OAuth2PermissionGrant) error {
	for _, old := range tx.GrantsOf(grant.ClientID) {
		if old.ResourceID != grant.ResourceID || old.ConsentType != grant.ConsentType {
			continue
		}
		if grant.PrincipalID != nil && (old.PrincipalID == nil || *old.PrincipalID != *grant.PrincipalID) {
			continue
		}
		return tx.UpdateGrant(old.ID, old.Scope+" "+grant.Scope)
	}
	_, err := tx.CreateGrant(grant)
	return err
}

// assign gives a client an application permission unless it has it.
func assign(tx *directory.Tx, principal, resource *directory.ServicePrincipal, role string) (made bool, err error) {
	for _, held := range tx.AssignmentsOf(principal.ID) {
		if held.ResourceID == resource.ID && equalID(held.AppRoleID, role) {
			return false, nil
		}
	}
	_, err = tx.CreateAssignment(&directory.AppRoleAssignment{PrincipalID: principal.ID, ResourceID: resource.ID, AppRoleID: role})
	return err == nil, err
}

// The entries of the audit log for consent. Source:
// learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities.

func (c *tenantCall) consentEntry(principal *directory.ServicePrincipal, user *directory.User, given consentSet, everybody bool) directory.DirectoryAudit {
	kind, who := "Principal", user.ID
	if everybody {
		kind, who = "AllPrincipals", ""
	}
	var granted []string
	for _, appID := range slices.Sorted(maps.Keys(given.Scopes)) {
		granted = append(granted, "[ClientId: "+principal.ID+", PrincipalId: "+who+", ResourceId: "+appID+", ConsentType: "+kind+", Scope: "+strings.Join(given.Scopes[appID], " ")+"]")
	}
	return c.auditEntry("Consent to application", user, principal, map[string]string{
		"ConsentContext.IsAdminConsent": titled(everybody), "ConsentContext.IsAppOnly": "False", "ConsentContext.OnBehalfOfAll": titled(everybody),
		"ConsentAction.Permissions": "[] => [" + strings.Join(granted, ", ") + "]",
	})
}

func titled(yes bool) string {
	if yes {
		return "True"
	}
	return "False"
}

func (c *tenantCall) grantEntry(principal, resource *directory.ServicePrincipal, user *directory.User, grant *directory.OAuth2PermissionGrant) directory.DirectoryAudit {
	return c.auditEntry("Add delegated permission grant", user, resource, map[string]string{
		"DelegatedPermissionGrant.Scope": grant.Scope, "DelegatedPermissionGrant.ConsentType": grant.ConsentType,
		"ServicePrincipal.ObjectID": principal.ID, "ServicePrincipal.DisplayName": principal.DisplayName, "ServicePrincipal.AppId": principal.AppID,
	})
}

func (c *tenantCall) roleEntry(principal, resource *directory.ServicePrincipal, user *directory.User, role string) directory.DirectoryAudit {
	changed := map[string]string{
		"AppRole.Id": role, "ServicePrincipal.ObjectID": principal.ID, "ServicePrincipal.DisplayName": principal.DisplayName, "ServicePrincipal.AppId": principal.AppID,
	}
	for _, r := range resource.AppRoles {
		if equalID(r.ID, role) && r.Value != nil {
			changed["AppRole.Value"] = *r.Value
		}
	}
	return c.auditEntry("Add app role assignment to service principal", user, resource, changed)
}

// auditEntry records that a user has changed a service principal.
func (c *tenantCall) auditEntry(activity string, user *directory.User, target *directory.ServicePrincipal, changed map[string]string) directory.DirectoryAudit {
	address := c.remoteAddress()
	resource := directory.TargetResource{ID: target.ID, DisplayName: &target.DisplayName, Type: "ServicePrincipal"}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		value, err := json.Marshal(changed[name])
		if err != nil {
			panic("login: audit log: " + err.Error()) // a string
		}
		text := string(value)
		resource.ModifiedProperties = append(resource.ModifiedProperties, directory.ModifiedProperty{DisplayName: name, NewValue: &text})
	}
	entry := directory.DirectoryAudit{
		Category: "ApplicationManagement", CorrelationID: c.correlationID, Result: "success",
		ActivityDisplayName: activity, LoggedByService: "Core Directory", OperationType: "Assign",
		InitiatedBy: directory.AuditInitiator{User: &directory.AuditUser{
			ID: user.ID, DisplayName: &user.DisplayName, UserPrincipalName: user.UserPrincipalName, IPAddress: &address,
		}},
		TargetResources: []directory.TargetResource{resource},
	}
	if agent := c.r.UserAgent(); agent != "" {
		entry.AdditionalDetails = []directory.KeyValue{{Key: "User-Agent", Value: agent[:min(len(agent), maxLoggedText)]}}
	}
	return entry
}
