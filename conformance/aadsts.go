package conformance

import (
	"regexp"
	"strconv"
	"strings"
)

// AADSTSError is a refusal of the authorization server.
// Source: "Microsoft Entra authentication and authorization error codes".
type AADSTSError struct {
	Code        int    // the number after AADSTS, such as 65001; 0 if the description contains none
	OAuth       string // the RFC 6749 error, such as invalid_grant; empty on an HTML page
	Description string // one line
}

func (e *AADSTSError) Error() string { return e.Description }

// The tenant refuses a token if the application requires an assignment and the user
// has none.
const (
	notAssignedUser        = 50105
	notAssignedApplication = 501051
)

var aadsts = regexp.MustCompile(`AADSTS(\d+)`)

// parseAADSTS finds an AADSTS error in a description; ok reports whether there is one.
func parseAADSTS(oauth, text string) (*AADSTSError, bool) {
	match := aadsts.FindStringSubmatchIndex(text)
	if match == nil {
		return nil, false
	}
	code, err := strconv.Atoi(text[match[2]:match[3]])
	if err != nil {
		return nil, false
	}
	// The sentence is followed by ids and the time of the request.
	description, _, _ := strings.Cut(text[match[0]:], " Trace ID:")
	return &AADSTSError{Code: code, OAuth: oauth, Description: strings.Join(strings.Fields(description), " ")}, true
}

// oauthError is the error of a redirect or of the token endpoint.
func oauthError(oauth, description string) error {
	if e, ok := parseAADSTS(oauth, description); ok {
		return e
	}
	return &AADSTSError{OAuth: oauth, Description: oauth + ": " + strings.Join(strings.Fields(description), " ")}
}
