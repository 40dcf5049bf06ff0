package graphapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// activity is the name of an operation in the audit log.
type activity struct {
	name     string // as the log shows it
	kind     string // Add, Update, Delete, Assign or Unassign
	category string
}

const (
	applicationManagement = "ApplicationManagement"
	userManagement        = "UserManagement"
	groupManagement       = "GroupManagement"
	roleManagement        = "RoleManagement"
	unitManagement        = "AdministrativeUnit"
)

// activities are the operations that are logged, by method and pattern.
// Source: learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities.
var activities = map[string]activity{
	"POST applications":                                                        {"Add application", "Add", applicationManagement},
	"PATCH applications/{id}":                                                  {"Update application", "Update", applicationManagement},
	"DELETE applications/{id}":                                                 {"Delete application", "Delete", applicationManagement},
	"PUT applications/{id}/logo":                                               {"Update application", "Update", applicationManagement},
	"POST applications/{id}/addPassword":                                       {"Update application – Certificates and secrets management", "Update", applicationManagement},
	"POST applications/{id}/removePassword":                                    {"Update application – Certificates and secrets management", "Update", applicationManagement},
	"POST applications/{id}/addKey":                                            {"Update application – Certificates and secrets management", "Update", applicationManagement},
	"POST applications/{id}/removeKey":                                         {"Update application – Certificates and secrets management", "Update", applicationManagement},
	"POST servicePrincipals/{id}/addKey":                                       {"Add service principal credentials", "Update", applicationManagement},
	"POST servicePrincipals/{id}/removeKey":                                    {"Remove service principal credentials", "Update", applicationManagement},
	"POST applications/{id}/owners/$ref":                                       {"Add owner to application", "Assign", applicationManagement},
	"DELETE applications/{id}/owners/{owner}/$ref":                             {"Remove owner from application", "Unassign", applicationManagement},
	"POST applications/{id}/federatedIdentityCredentials":                      {"Update application", "Update", applicationManagement},
	"PATCH applications/{id}/federatedIdentityCredentials/{credential}":        {"Update application", "Update", applicationManagement},
	"DELETE applications/{id}/federatedIdentityCredentials/{credential}":       {"Update application", "Update", applicationManagement},
	"POST servicePrincipals":                                                   {"Add service principal", "Add", applicationManagement},
	"PATCH servicePrincipals/{id}":                                             {"Update service principal", "Update", applicationManagement},
	"DELETE servicePrincipals/{id}":                                            {"Remove service principal", "Delete", applicationManagement},
	"POST servicePrincipals/{id}/addPassword":                                  {"Add service principal credentials", "Update", applicationManagement},
	"POST servicePrincipals/{id}/removePassword":                               {"Remove service principal credentials", "Update", applicationManagement},
	"POST servicePrincipals/{id}/addTokenSigningCertificate":                   {"Add service principal credentials", "Update", applicationManagement},
	"POST servicePrincipals/{id}/owners/$ref":                                  {"Add owner to service principal", "Assign", applicationManagement},
	"DELETE servicePrincipals/{id}/owners/{owner}/$ref":                        {"Remove owner from service principal", "Unassign", applicationManagement},
	"POST servicePrincipals/{id}/appRoleAssignedTo":                            {"Add app role assignment to service principal", "Assign", applicationManagement},
	"DELETE servicePrincipals/{id}/appRoleAssignedTo/{assignment}":             {"Remove app role assignment from service principal", "Unassign", applicationManagement},
	"POST servicePrincipals/{id}/appRoleAssignments":                           {"Add app role assignment to service principal", "Assign", applicationManagement},
	"DELETE servicePrincipals/{id}/appRoleAssignments/{assignment}":            {"Remove app role assignment from service principal", "Unassign", applicationManagement},
	"POST users/{id}/appRoleAssignments":                                       {"Add app role assignment grant to user", "Assign", userManagement},
	"DELETE users/{id}/appRoleAssignments/{assignment}":                        {"Remove app role assignment from user", "Unassign", userManagement},
	"POST groups/{id}/appRoleAssignments":                                      {"Add app role assignment to group", "Assign", groupManagement},
	"DELETE groups/{id}/appRoleAssignments/{assignment}":                       {"Remove app role assignment from group", "Unassign", groupManagement},
	"POST oauth2PermissionGrants":                                              {"Add delegated permission grant", "Assign", applicationManagement},
	"PATCH oauth2PermissionGrants/{id}":                                        {"Update delegated permission grant", "Update", applicationManagement},
	"DELETE oauth2PermissionGrants/{id}":                                       {"Remove delegated permission grant", "Unassign", applicationManagement},
	"POST users":                                                               {"Add user", "Add", userManagement},
	"POST invitations":                                                         {"Invite external user", "Invite", userManagement},
	"PATCH users/{id}":                                                         {"Update user", "Update", userManagement},
	"DELETE users/{id}":                                                        {"Delete user", "Delete", userManagement},
	"PUT users/{id}/manager/$ref":                                              {"Set user manager", "Update", userManagement},
	"DELETE users/{id}/manager/$ref":                                           {"Set user manager", "Update", userManagement},
	"POST groups":                                                              {"Add group", "Add", groupManagement},
	"PATCH groups/{id}":                                                        {"Update group", "Update", groupManagement},
	"DELETE groups/{id}":                                                       {"Delete group", "Delete", groupManagement},
	"POST groups/{id}/owners/$ref":                                             {"Add owner to group", "Assign", groupManagement},
	"DELETE groups/{id}/owners/{owner}/$ref":                                   {"Remove owner from group", "Unassign", groupManagement},
	"POST groups/{id}/members/$ref":                                            {"Add member to group", "Assign", groupManagement},
	"DELETE groups/{id}/members/{member}/$ref":                                 {"Remove member from group", "Unassign", groupManagement},
	"POST directoryRoles/{id}/members/$ref":                                    {"Add member to role", "Assign", roleManagement},
	"DELETE directoryRoles/{id}/members/{member}/$ref":                         {"Remove member from role", "Unassign", roleManagement},
	"POST roleManagement/directory/roleAssignments":                            {"Add member to role", "Assign", roleManagement},
	"DELETE roleManagement/directory/roleAssignments/{id}":                     {"Remove member from role", "Unassign", roleManagement},
	"POST roleManagement/directory/roleDefinitions":                            {"Add role definition", "Add", roleManagement},
	"PATCH policies/defaultAppManagementPolicy":                                {"Update tenant application management policy", "Update", applicationManagement},
	"POST policies/appManagementPolicies":                                      {"Add app management policy", "Add", applicationManagement},
	"PATCH policies/appManagementPolicies/{id}":                                {"Update app management policy", "Update", applicationManagement},
	"DELETE policies/appManagementPolicies/{id}":                               {"Delete app management policy", "Delete", applicationManagement},
	"POST applications/{id}/appManagementPolicies/$ref":                        {"Assign app management policy", "Assign", applicationManagement},
	"DELETE applications/{id}/appManagementPolicies/{policy}/$ref":             {"Unassign app management policy", "Unassign", applicationManagement},
	"POST servicePrincipals/{id}/appManagementPolicies/$ref":                   {"Assign app management policy", "Assign", applicationManagement},
	"DELETE servicePrincipals/{id}/appManagementPolicies/{policy}/$ref":        {"Unassign app management policy", "Unassign", applicationManagement},
	"PATCH roleManagement/directory/roleDefinitions/{id}":                      {"Update role definition", "Update", roleManagement},
	"DELETE roleManagement/directory/roleDefinitions/{id}":                     {"Delete role definition", "Delete", roleManagement},
	"POST directory/administrativeUnits":                                       {"Add administrative unit", "Add", unitManagement},
	"PATCH directory/administrativeUnits/{id}":                                 {"Update administrative unit", "Update", unitManagement},
	"DELETE directory/administrativeUnits/{id}":                                {"Delete administrative unit", "Delete", unitManagement},
	"POST directory/administrativeUnits/{id}/members":                          {"Add group", "Add", groupManagement},
	"POST directory/administrativeUnits/{id}/members/$ref":                     {"Add member to administrative unit", "Assign", unitManagement},
	"DELETE directory/administrativeUnits/{id}/members/{member}/$ref":          {"Remove member from administrative unit", "Unassign", unitManagement},
	"POST directory/administrativeUnits/{id}/scopedRoleMembers":                {"Add scoped member to role", "Assign", roleManagement},
	"DELETE directory/administrativeUnits/{id}/scopedRoleMembers/{membership}": {"Remove scoped member from role", "Unassign", roleManagement},
	"POST directory/deletedItems/{id}/restore":                                 {"Restore", "Update", ""},
	"DELETE directory/deletedItems/{id}":                                       {"Hard Delete", "Delete", ""},
}

// activityOf returns the name of a route's operation in the log.
func activityOf(r *route) (done activity, logged bool) {
	pattern := strings.Replace(r.pattern, "microsoft.graph.", "", 1)
	if strings.HasPrefix(pattern, "administrativeUnits") {
		pattern = "directory/" + pattern
	}
	done, logged = activities[r.method+" "+pattern]
	return done, logged
}

// audit records the changes of a successful call.
func (c *call) audit(a answer) {
	done, logged := activityOf(c.route)
	if !logged {
		return
	}
	target := c.keys["id"].value
	if a.status == http.StatusCreated && c.method != http.MethodPatch {
		target = a.location[strings.LastIndex(a.location, "/")+1:]
	}
	if a.about != "" {
		target = a.about
	}
	if a.status == http.StatusCreated && c.method == http.MethodPatch { // an upsert that made it
		done = activities["POST "+c.route.segments[0]]
		target = a.location[strings.LastIndex(a.location, "/")+1:]
	}
	before, after := c.written, c.service.directory.View()
	object, known := c.auditTarget(before, target)
	if !known {
		object, _ = c.auditTarget(after, target)
	}
	entry := directory.DirectoryAudit{
		Category:            done.category,
		CorrelationID:       c.requestID,
		Result:              "success",
		ActivityDisplayName: done.name,
		LoggedByService:     "Core Directory",
		OperationType:       done.kind,
		InitiatedBy:         c.initiator(),
		TargetResources:     []directory.TargetResource{targetResource(object, target, c.modified(object))},
	}
	if done.category == "" { // the recycle bin takes objects of every kind
		resource := entry.TargetResources[0]
		categories := map[string]string{"User": userManagement, "Group": groupManagement}
		entry.Category = categories[resource.Type]
		if entry.Category == "" {
			entry.Category = applicationManagement
		}
		entry.ActivityDisplayName += " " + strings.ToLower(strings.Replace(resource.Type, "ServiceP", "service p", 1))
	}
	if agent := c.header.Get("User-Agent"); agent != "" {
		entry.AdditionalDetails = []directory.KeyValue{{Key: "User-Agent", Value: agent}}
	}
	c.service.directory.RecordAudit(entry)
}

// auditTarget finds an object by the key in a path.
func (c *call) auditTarget(view directory.View, key string) (any, bool) {
	if object, ok := view.Object(key); ok {
		return object, true
	}
	if object, ok := view.DeletedObject(key); ok {
		return object, true
	}
	switch c.collection() {
	case "applications":
		if app, ok := view.ApplicationByAppID(key); ok {
			return app, true
		}
		return found1(view.ApplicationByUniqueName(key))
	case "servicePrincipals":
		return found1(view.ServicePrincipalByAppID(key))
	case "users":
		return found1(view.UserByUPN(key))
	case "groups":
		return found1(view.GroupByUniqueName(key))
	}
	return nil, false
}

// found1 drops the type of an object. The result is nil if the object was not found.
func found1[T any](object *T, ok bool) (any, bool) {
	if !ok {
		return nil, false
	}
	return object, true
}

func targetResource(object any, key string, modified []directory.ModifiedProperty) directory.TargetResource {
	t := directory.TargetResource{ID: key, Type: "Other", ModifiedProperties: modified}
	if object == nil {
		return t
	}
	t.ID = idOf(object)
	name := reflect.Indirect(reflect.ValueOf(object)).FieldByName("DisplayName").String()
	t.DisplayName = &name
	switch o := object.(type) {
	case *directory.Application:
		t.Type = "Application"
	case *directory.ServicePrincipal:
		t.Type = "ServicePrincipal"
	case *directory.User:
		t.Type, t.UserPrincipalName = "User", &o.UserPrincipalName
	case *directory.Group:
		kind := "azureAD"
		if slices.Contains(o.GroupTypes, "Unified") {
			kind = "unifiedGroups"
		}
		t.Type, t.GroupType = "Group", &kind
	case *directory.DirectoryRole:
		t.Type = "Role"
	}
	return t
}

// modified returns the properties that a PATCH sent, with their old values and without
// credentials.
func (c *call) modified(object any) []directory.ModifiedProperty {
	if c.method != http.MethodPatch || object == nil || len(c.route.segments) != 2 {
		return nil
	}
	b, err := c.object()
	if err != nil {
		return nil
	}
	var all []directory.ModifiedProperty
	for _, name := range sortedKeys(b.properties) {
		p := directory.ModifiedProperty{DisplayName: name}
		at, ok := odata.ValueAt(reflect.Indirect(reflect.ValueOf(object)), []string{name})
		if ok && name != "keyCredentials" && name != "passwordCredentials" {
			sent := string(b.properties[name])
			p.NewValue = &sent
			if was, err := json.Marshal(at.Interface()); err == nil {
				text := string(was)
				p.OldValue = &text
			}
		}
		all = append(all, p)
	}
	return all
}

func (c *call) initiator() (by directory.AuditInitiator) {
	if c.caller.Delegated() {
		by.User = &directory.AuditUser{ID: c.caller.UserID}
		if u, ok := c.view.User(c.caller.UserID); ok {
			by.User.DisplayName, by.User.UserPrincipalName = &u.DisplayName, u.UserPrincipalName
		}
		return by
	}
	by.App = &directory.AuditApp{AppID: &c.caller.AppID, ServicePrincipalID: c.caller.ServicePrincipalID}
	if sp, ok := c.view.ServicePrincipal(c.caller.ServicePrincipalID); ok {
		by.App.DisplayName = sp.DisplayName
	}
	return by
}
