package graphapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// refuse creates an error with Graph's own message.
func refuse(status int, code, format string, args ...any) error {
	return &directory.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "Request_BadRequest", format, args...)
}

func badSyntax(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "BadRequest", format, args...)
}

func unsupportedQuery(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", format, args...)
}

// odataError converts an error of package odata to Graph's error.
func odataError(err error) error {
	var refused *odata.Error
	switch {
	case !errors.As(err, &refused):
		return err
	case refused.Unsupported:
		return unsupportedQuery("%s", refused.Message)
	}
	return badSyntax("%s", refused.Message)
}

func accessDenied() error {
	return refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

// unauthenticated answers a request whose token was not accepted.
func unauthenticated(err error) error {
	if refusal := new(directory.Error); errors.As(err, &refusal) {
		return refusal
	}
	return refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "%s", err)
}

func noSuchSegment(segment string) error {
	return badSyntax("Resource not found for the segment '%s'.", segment)
}

type (
	errorBody struct {
		Error errorDetail `json:"error"`
	}
	errorDetail struct {
		Code       string        `json:"code"`
		Message    string        `json:"message"`
		Details    []errorTarget `json:"details,omitempty"`
		InnerError innerError    `json:"innerError"`
	}
	errorTarget struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Target  string `json:"target"`
	}
	innerError struct {
		Date            string `json:"date"`
		RequestID       string `json:"request-id"`
		ClientRequestID string `json:"client-request-id"`
	}
)

// errorAnswer turns a refusal into Graph's error body. Any other error is a fault of
// the emulator and gives status 500. Source: learn.microsoft.com/graph/errors.
func (c *call) errorAnswer(err error) answer {
	var refusal *directory.Error
	if !errors.As(err, &refusal) {
		refusal = &directory.Error{Status: http.StatusInternalServerError, Code: "Service_InternalServerError", Message: err.Error()}
	}
	detail := errorDetail{
		Code:    refusal.Code,
		Message: refusal.Message,
		InnerError: innerError{
			Date:            c.service.clock().UTC().Format("2006-01-02T15:04:05"),
			RequestID:       c.requestID,
			ClientRequestID: c.clientRequestID,
		},
	}
	if refusal.Target != "" {
		detail.Details = []errorTarget{{refusal.Code, refusal.Message, refusal.Target}}
	}
	body, err := json.Marshal(errorBody{detail})
	if err != nil {
		panic("graphapi: an error body of strings does not marshal: " + err.Error())
	}
	a := answer{status: refusal.Status, body: body}
	if refusal.Status == http.StatusUnauthorized {
		a.header = http.Header{"Www-Authenticate": {`Bearer realm="", authorization_uri="` + c.cloud.login + `/common/oauth2/authorize", client_id="` + directory.MicrosoftGraphAppID + `"`}}
	}
	return a
}
