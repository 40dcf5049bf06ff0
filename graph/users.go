package graph

import (
	"net/http"
	"net/url"
)

// userProperties are the properties that provision reads. Graph omits most of them from
// a list of users unless they are selected.
const userProperties = "id,userPrincipalName,displayName,mailNickname,accountEnabled,userType,mail,givenName,surname,jobTitle,department,usageLocation,createdDateTime,lastPasswordChangeDateTime,onPremisesExtensionAttributes"

// UsersMarked reads the users whose extensionAttribute15 begins with prefix.
func UsersMarked(prefix string) Read {
	return Read{Path: "/users", List: true, Advanced: true, Query: url.Values{
		"$filter": {"startswith(onPremisesExtensionAttributes/extensionAttribute15," + quote(prefix) + ")"},
		"$select": {userProperties}, "$top": {"999"}}}
}

// UserNamed reads the user with a userPrincipalName.
func UserNamed(upn string) Read {
	return Read{Path: object("users", upn), Query: url.Values{"$select": {userProperties}}}
}

// UsersNamed reads the users with these userPrincipalNames, at most MaxNames.
func UsersNamed(upns ...string) Read {
	return Read{Path: "/users", List: true, Query: url.Values{"$filter": {anyOf("userPrincipalName", upns)}, "$select": {userProperties}}}
}

// CreateUser creates a user.
// Source: Graph "Create user".
func CreateUser(body Object) Write {
	return post("create user", "/users", body)
}

// UpdateUser changes the properties in body.
// Source: Graph "Update user".
func UpdateUser(id string, body Object) Write {
	return patch("update user", object("users", id), body)
}

// UnmarkUser removes a user's extensionAttribute15.
// Source: Graph "Update user".
func UnmarkUser(id string) Write {
	return Write{operation: "remove the mark of a user", method: http.MethodPatch, path: object("users", id),
		encode: plain(Object{"onPremisesExtensionAttributes": Object{"extensionAttribute15": nil}})}
}

// DeleteUser moves the user to the recycle bin.
// Source: Graph "Delete user".
func DeleteUser(id string) Write { return remove("delete user", object("users", id)) }
