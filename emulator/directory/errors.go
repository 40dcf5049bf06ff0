package directory

import (
	"fmt"
	"net/http"
)

// Error is a refusal as Microsoft Graph words it.
// Source: learn.microsoft.com/graph/errors.
type Error struct {
	Status  int    // the HTTP status that Graph answers with
	Code    string // e.g. Request_BadRequest
	Message string
	Target  string // the property at fault, where Graph names it in details
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func badRequest(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest", Message: fmt.Sprintf(format, args...)}
}

// NotFound is Graph's answer for an object id that does not exist, in the path or as a
// reference in a body.
func NotFound(id string) *Error {
	return &Error{Status: http.StatusNotFound, Code: "Request_ResourceNotFound",
		Message: fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", id)}
}

// takenValue refuses a value that another object has, also an object in the recycle bin.
func takenValue(property string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest", Target: property,
		Message: fmt.Sprintf("Another object with the same value for property %s already exists.", property)}
}

// duplicateValues refuses a list that contains a value twice.
func duplicateValues(property string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "DuplicateValue", Target: property,
		Message: "Request contains a property with duplicate values."}
}

func enabledEntitlement(property string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "CannotDeleteOrUpdateEnabledEntitlement", Target: property,
		Message: "Permission (scope or role) cannot be deleted or updated unless disabled first."}
}

// invalidValue refuses a property's value, with the reason.
func invalidValue(resource, property, why string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest", Target: property,
		Message: fmt.Sprintf("Invalid value specified for property '%s' of resource '%s'. %s", property, resource, why)}
}

// readOnly returns the error for a change of a property that cannot change once it is set.
func readOnly(property string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest", Target: property,
		Message: fmt.Sprintf("Property '%s' is read-only and cannot be set.", property)}
}

func tooMany(property string, limit int) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest", Target: property,
		Message: fmt.Sprintf("The number of values of property '%s' is greater than the limit of %d.", property, limit)}
}
