package graphapi

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// The logs of changes and of sign-ins, newest first.
// Sources: learn.microsoft.com/graph/api/directoryaudit-list, signin-list.
var auditLogRoutes = []route{
	{method: "GET", pattern: "auditLogs/directoryAudits", requires: readLogs, handle: (*call).listAudits},
	{method: "GET", pattern: "auditLogs/directoryAudits/{id}", requires: readLogs, handle: (*call).getAudit},
	{method: "GET", pattern: "auditLogs/signIns", requires: readLogs, handle: (*call).listSignIns},
	{method: "GET", pattern: "auditLogs/signIns/{id}", requires: readLogs, handle: (*call).getSignIn},
}

var readLogs = oneOf("AuditLog.Read.All")

var auditKind = &kind{
	set:       "auditLogs/directoryAudits",
	odataType: "microsoft.graph.directoryAudit",
	resource:  "DirectoryAudit",
	structs:   []reflect.Type{reflect.TypeFor[directory.DirectoryAudit]()},
	filters: map[string]odata.Rule{
		"id":                                 equalityRule,
		"activityDateTime":                   instantRule,
		"activityDisplayName":                textRule,
		"category":                           equalityRule,
		"correlationId":                      equalityRule,
		"loggedByService":                    equalityRule,
		"result":                             equalityRule,
		"initiatedBy/user/id":                equalityRule,
		"initiatedBy/user/displayName":       textRule,
		"initiatedBy/user/userPrincipalName": textRule,
		"initiatedBy/app/appId":              equalityRule,
		"initiatedBy/app/displayName":        textRule,
		"targetResources/id":                 equalityRule,
		"targetResources/displayName":        textRule,
	},
	sortable: map[string]bool{"activityDateTime": true},
	newest:   "activityDateTime",
}

var signInKind = &kind{
	set:       "auditLogs/signIns",
	odataType: "microsoft.graph.signIn",
	resource:  "SignIn",
	structs:   []reflect.Type{reflect.TypeFor[directory.SignIn]()},
	filters: map[string]odata.Rule{
		"id":                equalityRule,
		"createdDateTime":   instantRule,
		"userDisplayName":   textRule,
		"userPrincipalName": textRule,
		"userId":            equalityRule,
		"appId":             equalityRule,
		"appDisplayName":    textRule,
		"ipAddress":         textRule,
		"correlationId":     equalityRule,
		"isInteractive":     equalityRule,
		"signInEventTypes":  equalityRule,
		"status/errorCode":  equalityRule,
	},
	sortable: map[string]bool{"createdDateTime": true},
	newest:   "createdDateTime",
	beta:     []string{"servicePrincipalId", "servicePrincipalName", "signInEventTypes", "userAgent"},
}

func (c *call) listAudits() (answer, error) {
	return c.list(auditKind, anys(slices.Values(c.service.directory.Audits())), nil)
}

func (c *call) getAudit() (answer, error) {
	return oneOfLog(c, auditKind, c.service.directory.Audits())
}

// listSignIns returns the interactive sign-ins. Only /beta also returns the others, if
// the request filters by signInEventTypes.
func (c *call) listSignIns() (answer, error) {
	all := c.service.directory.SignIns()
	if c.version == "v1.0" || !strings.Contains(c.rawQuery, "signInEventTypes") {
		all = slices.DeleteFunc(all, func(s directory.SignIn) bool { return !s.IsInteractive })
	}
	return c.list(signInKind, anys(slices.Values(all)), nil)
}

func (c *call) getSignIn() (answer, error) {
	return oneOfLog(c, signInKind, c.service.directory.SignIns())
}

func oneOfLog[T any](c *call, k *kind, entries []T) (answer, error) {
	id := c.keys["id"].value
	for _, entry := range entries {
		if idOf(entry) == id {
			return c.one(http.StatusOK, k, entry)
		}
	}
	return answer{}, directory.NotFound(id)
}
