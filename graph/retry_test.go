package graph

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// TestDropped: the connection failures for which another connection can help.
func TestDropped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"a connection that ended":          {io.ErrUnexpectedEOF, true},
		"a connection that was refused":    {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, true},
		"a name server that is away":       {&net.DNSError{Err: "timeout", IsTimeout: true}, true},
		"a host that there is not":         {&net.DNSError{Err: "no such host", IsNotFound: true}, false},
		"a wrapped error":                  {fmt.Errorf("dial: %w", &net.DNSError{IsNotFound: true}), false},
		"a sign-in that failed":            {fmt.Errorf("sign in: %w", &azidentity.AuthenticationFailedError{}), false},
		"a certificate that is refused":    {&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, false},
		"a page in the place of an answer": {&unreadable{"200 OK", "text/html"}, false},
	} {
		if got := dropped(c.err); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

// TestStatuses: the statuses after which a request is sent again, and those after which its
// result is unknown.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[int][2]bool{ // retryable, uncertain
		200: {false, false}, 400: {false, false}, 401: {false, false}, 403: {false, false}, 404: {false, false}, 409: {false, false},
		424: {true, false}, 429: {true, false}, 500: {false, true}, 501: {false, false}, 502: {true, true}, 503: {true, false}, 504: {true, true},
	} {
		if got := [2]bool{retryable(status), uncertain(status)}; got != want {
			t.Errorf("%d: retryable and uncertain are %v, want %v", status, got, want)
		}
	}
}

// TestRetryAfter: the pause before a request is sent again.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{"0": time.Second, "1": time.Second, "7": 7 * time.Second, "999999": maxRetryAfter, "-5": 500 * time.Millisecond, "": 500 * time.Millisecond, "soon": 500 * time.Millisecond,
		"Mon, 02 Jan 2006 15:04:05 GMT": time.Second} {
		if got := retryAfter(header, 1); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
	in := time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
	if got := retryAfter(in, 0); got < 15*time.Second || got > 20*time.Second {
		t.Errorf("a date in 20 s: %s", got)
	}
	for attempt, want := range []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second} {
		if got := retryAfter("", attempt); got != want {
			t.Errorf("attempt %d: %s, want %s", attempt, got, want)
		}
	}
}

// TestPaths: the path of each read and write, and its version of Graph.
func TestPaths(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		read Read
		path string
		beta bool
		list bool
	}{
		"federated credentials":          {FederatedCredentials("a"), "/applications/a/federatedIdentityCredentials", false, true},
		"flexible federated credentials": {FlexibleFederatedCredentials("a"), "/applications/a/federatedIdentityCredentials", true, true},
		"one federated credential":       {FederatedCredential("a", "b/c"), "/applications/a/federatedIdentityCredentials/b%2Fc", false, false},
		"members":                        {Members("g"), "/groups/g/members", false, true},
		"grants of a client":             {GrantsOf("c"), "/servicePrincipals/c/oauth2PermissionGrants", false, true},
		"roles that are assigned":        {AssignedTo("r"), "/servicePrincipals/r/appRoleAssignedTo", false, true},
		"roles that one has":             {AssignmentsOf("p"), "/servicePrincipals/p/appRoleAssignments", false, true},
		"a deleted object":               {ByID(DeletedItems, "x"), "/directory/deletedItems/x", false, false},
		"a user":                         {ByID(Users, "x"), "/users/x", false, false},
	} {
		if c.read.Path != c.path || c.read.Beta != c.beta || c.read.List != c.list {
			t.Errorf("%s: %s, beta %t, list %t", name, c.read.Path, c.read.Beta, c.read.List)
		}
	}
}
