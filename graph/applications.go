package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// ApplicationNamed reads the application with a uniqueName.
func ApplicationNamed(uniqueName string) Read {
	return Read{Path: keyed("/applications", "uniqueName", uniqueName)}
}

// ApplicationByAppID reads the application with a client id.
func ApplicationByAppID(appID string) Read {
	return Read{Path: keyed("/applications", "appId", appID)}
}

// AuthenticationBehaviors reads the behaviors of an application, which Graph returns only
// when they are selected.
func AuthenticationBehaviors(id string) Read {
	return Read{Path: object("applications", id), Query: url.Values{"$select": {"id,authenticationBehaviors"}}}
}

// ApplicationsDisplayed reads the applications with one of these display names,
// at most MaxNames.
func ApplicationsDisplayed(displayNames ...string) Read {
	return Read{Path: "/applications", List: true, Query: url.Values{"$filter": {anyOf("displayName", displayNames)}}}
}

// ApplicationsWithTag reads the applications that carry a tag.
func ApplicationsWithTag(tag string) Read {
	return Read{Path: "/applications", List: true, Query: url.Values{"$filter": {"tags/any(t:t eq " + quote(tag) + ")"}, "$top": {"999"}}}
}

// ApplicationsOwnedBy reads the applications that a user owns, by id or
// userPrincipalName. If the user does not exist, the error is an *Error.
func ApplicationsOwnedBy(user string) Read {
	return Read{Path: object("users", user) + "/ownedObjects/microsoft.graph.application", List: true, Query: url.Values{"$top": {"999"}}}
}

// UpsertApplication creates the application uniqueName or updates it.
// Source: Graph "Upsert application".
func UpsertApplication(uniqueName string, body Object) Write {
	return patch("create application "+uniqueName, ApplicationNamed(uniqueName).Path, body).upsert()
}

// UpdateApplication changes the properties in body.
// Source: Graph "Update application".
func UpdateApplication(id string, body Object) Write {
	return patch("update application", object("applications", id), body)
}

// DeleteApplication moves the application and its service principal to the
// recycle bin.
// Source: Graph "Delete application".
func DeleteApplication(id string) Write {
	return remove("delete application", object("applications", id))
}

// Password is a new client secret.
type Password struct {
	KeyID string
	Text  string // Graph shows it only once
	End   time.Time
}

// AddPassword creates a client secret that expires at end. Graph cannot distinguish a
// repeated request from a new one, so the request is not repeated when its answer is
// lost. Source: Graph "application: addPassword".
func AddPassword(id, displayName string, end time.Time) Write {
	w := post("add a secret", object("applications", id)+"/addPassword",
		Object{"passwordCredential": Object{"displayName": displayName, "endDateTime": end.UTC().Format(time.RFC3339)}})
	w.once = true
	return w
}

// Password reads the answer to AddPassword; end is the requested endDateTime.
func (a Answer) Password(end time.Time) (Password, error) {
	var made struct {
		KeyID, SecretText string
		EndDateTime       time.Time
	}
	if err := json.Unmarshal(a.Body, &made); err != nil || made.KeyID == "" || made.SecretText == "" {
		return Password{}, fmt.Errorf("add a secret: Graph answered without its text")
	}
	if !made.EndDateTime.IsZero() {
		end = made.EndDateTime
	}
	return Password{KeyID: made.KeyID, Text: made.SecretText, End: end}, nil
}

// RemovePassword removes the client secret keyID of an application or a service
// principal.
// Source: Graph "application: removePassword" and "servicePrincipal: removePassword".
func RemovePassword(of Owned, id, keyID string) Write {
	return Write{operation: "remove a secret", method: http.MethodPost, path: object(string(of), id) + "/removePassword", encode: plain(Object{"keyId": keyID})}
}

// PostResponse reads an application's oauth2RequirePostResponse, which only the beta
// version of Graph returns.
func PostResponse(id string) Read {
	return Read{Path: object("applications", id), Query: url.Values{"$select": {"id,oauth2RequirePostResponse"}}, Beta: true}
}
