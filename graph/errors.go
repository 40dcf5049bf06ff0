package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
)

// Error is Graph's answer to a request it did not carry out.
// Source: learn.microsoft.com/graph/errors.
type Error struct {
	Status    int    // HTTP status
	Code      string // error.code, e.g. Request_ResourceNotFound
	Message   string // error.message
	Operation string // the operation, e.g. "create application vscode-fastapi.api"
}

func (e *Error) Error() string { return e.Operation + ": " + e.Answer() }

// Answer returns Graph's code and message, without the operation.
func (e *Error) Answer() string {
	s := fmt.Sprintf("Graph answered %d", e.Status)
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// NotFound reports whether err is Graph's 404.
func NotFound(err error) bool { return status(err) == http.StatusNotFound }

// Denied reports whether err is a permanent refusal because of a missing permission.
func Denied(err error) bool {
	return status(err) == http.StatusForbidden && !Lag(err)
}

// Lasting reports whether err is a refusal that does not depend on the state of the tenant: Graph
// does not accept the content of the request, and repeating it cannot succeed.
func Lasting(err error) bool {
	switch status(err) {
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return !Lag(err)
	}
	return false
}

// Uncertain reports whether Graph may have executed the write that returned err: the answer was
// lost, or a gateway answered after a timeout.
func Uncertain(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return uncertain(e.Status)
	}
	return err != nil
}

func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// Lag reports whether err may be caused by replication lag: the directory does not show an
// acknowledged write yet, and the same request can succeed later. The messages are Graph's.
func Lag(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	has := func(s string) bool { return strings.Contains(e.Message, s) }
	switch e.Status {
	case http.StatusNotFound:
		return e.Code == "Request_ResourceNotFound" || e.Code == "Directory_ObjectNotFound" || e.Code == "ResourceNotFound"
	case http.StatusBadRequest:
		return has("does not reference a valid application object") ||
			has("Not a valid reference update") ||
			has("one of its queried reference-property objects are not present") ||
			has("Permission being assigned was not found on application") ||
			has("that cannot be found in the AppPermissions sets") ||
			has("PreAuthorizedApplication references applications") ||
			e.Code == "CannotDeleteOrUpdateEnabledEntitlement"
	case http.StatusForbidden:
		return has("must in the local tenant")
	case http.StatusConflict:
		return e.Code == "Directory_ConcurrencyViolation" || e.Code == "Error_MsaAppDoesNotExist"
	}
	return false
}

// NoSuchSecret reports whether err means that an object has no client secret with a keyId. Graph
// answers 400 in this case.
func NoSuchSecret(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusBadRequest && strings.Contains(e.Message, "No password credential found with keyId")
}

// NotVisible converts err, a 404 for an object that exists, to a lag error: the same
// request may succeed later.
func NotVisible(err error) error {
	return &Error{Status: http.StatusNotFound, Code: "Request_ResourceNotFound", Operation: "find it again", Message: "it exists, but " + err.Error()}
}

// Exists reports whether err means that the grant, assignment, reference or federated credential
// already exists.
func Exists(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, s := range []string{
		"Permission entry already exists",
		"EntitlementGrant entry already exists",
		"Permission being assigned already exists",
		"One or more added object references already exist",
		"FederatedIdentityCredential with name",
	} {
		if strings.Contains(e.Message, s) {
			return true
		}
	}
	return false
}

// Taken reports whether err means that the name of a new object is in use: by another
// object, or by the same object if the answer to an earlier request was lost.
func Taken(err error) bool {
	var e *Error
	return errors.As(err, &e) && strings.Contains(e.Message, "Another object with the same value for property")
}

// refusals make the SDK read the body of any refusal as Graph's error.
var refusals = abstractions.ErrorMappings{"XXX": readRefusal}

// refusal is the body of a refused request, as the SDK returns it.
type refusal struct {
	abstractions.ApiError
	code, message string
}

func readRefusal(node serialization.ParseNode) (serialization.Parsable, error) {
	r := &refusal{ApiError: *abstractions.NewApiError()}
	body, err := node.GetChildNode("error")
	if err != nil || body == nil {
		return r, err
	}
	for name, into := range map[string]*string{"code": &r.code, "message": &r.message} {
		member, err := body.GetChildNode(name)
		if err != nil || member == nil {
			continue // the status remains
		}
		if text, err := member.GetStringValue(); err == nil {
			*into = deref(text)
		}
	}
	return r, nil
}

// GetFieldDeserializers is part of serialization.Parsable. The body was read already.
func (*refusal) GetFieldDeserializers() map[string]func(serialization.ParseNode) error { return nil }

// Serialize is part of serialization.Parsable. A refusal is never sent.
func (*refusal) Serialize(serialization.SerializationWriter) error { return nil }

// wrap turns what the SDK returned into an *Error that names the operation.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	var refused *refusal
	if errors.As(err, &refused) {
		return &Error{Status: refused.ResponseStatusCode, Code: refused.code, Message: refused.message, Operation: operation}
	}
	var api *abstractions.ApiError
	if errors.As(err, &api) {
		return &Error{Status: api.ResponseStatusCode, Operation: operation, Message: api.Message}
	}
	return fmt.Errorf("%s: %w", operation, err)
}

// errorOf reads Graph's error body.
func errorOf(operation string, status int, body json.RawMessage) *Error {
	var b struct {
		Error struct{ Code, Message string }
	}
	_ = json.Unmarshal(body, &b) // without a JSON body, only the status is known
	return &Error{Status: status, Code: b.Error.Code, Message: b.Error.Message, Operation: operation}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
