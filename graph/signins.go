package graph

import "net/url"

// LastSignInOfUser reads the newest interactive sign-in of a user. Source: Graph "List
// signIns"; it requires AuditLog.Read.All and a tenant with Microsoft Entra ID P1.
func LastSignInOfUser(id string) Read { return lastSignIn("userId eq " + quote(id)) }

// LastSignInTo reads the newest interactive sign-in to an application.
func LastSignInTo(appID string) Read { return lastSignIn("appId eq " + quote(appID)) }

// LastSignInOfApplication reads the newest sign-in of an application with its own
// credential. Only the beta version has these.
func LastSignInOfApplication(appID string) Read {
	read := lastSignIn("signInEventTypes/any(t: t eq 'servicePrincipal') and appId eq " + quote(appID))
	read.Beta = true
	return read
}

// lastSignIn reads one page with one entry. The newest entry of the log comes first.
func lastSignIn(filter string) Read {
	return Read{Path: "/auditLogs/signIns", Query: url.Values{"$filter": {filter}, "$top": {"1"}}}
}
