package graph

import (
	"errors"
	"fmt"
	"testing"
)

// TestErrorClassification applies every predicate to errors of Graph: each row lists all
// predicates that return true.
func TestErrorClassification(t *testing.T) {
	t.Parallel()
	questions := map[string]func(error) bool{
		"not found": NotFound, "denied": Denied, "lasting": Lasting, "uncertain": Uncertain, "lag": Lag,
		"no such secret": NoSuchSecret, "exists": Exists, "taken": Taken,
	}
	graph := func(status int, code, message string) error {
		return fmt.Errorf("wrapped: %w", &Error{Status: status, Code: code, Message: message, Operation: "patch application"})
	}
	for name, c := range map[string]struct {
		err error
		yes []string
	}{
		"no error":                       {nil, nil},
		"a lost answer":                  {errors.New("connection reset"), []string{"uncertain"}},
		"a path that does not exist":     {graph(404, "BadRequest", "Resource not found for the segment 'x'."), []string{"not found"}},
		"an object that is not visible":  {graph(404, "Request_ResourceNotFound", "Resource 'x' does not exist."), []string{"not found", "lag"}},
		"a directory object":             {graph(404, "Directory_ObjectNotFound", ""), []string{"not found", "lag"}},
		"a resource of an identity API":  {graph(404, "ResourceNotFound", ""), []string{"not found", "lag"}},
		"no permission":                  {graph(403, "Authorization_RequestDenied", "Insufficient privileges"), []string{"denied"}},
		"a value that Graph refuses":     {graph(400, "Request_BadRequest", "Invalid value"), []string{"lasting"}},
		"a reference that lags":          {graph(400, "Request_BadRequest", "The appId 'x' does not reference a valid application object."), []string{"lag"}},
		"a reference update that lags":   {graph(400, "Request_BadRequest", "Not a valid reference update."), []string{"lag"}},
		"an object that lags":            {graph(400, "Request_BadRequest", "Resource 'x' does not exist or one of its queried reference-property objects are not present."), []string{"lag"}},
		"a role that lags":               {graph(400, "Request_BadRequest", "Permission being assigned was not found on application 'x'"), []string{"lag"}},
		"a scope that lags":              {graph(400, "Request_BadRequest", "Permission 'x' that cannot be found in the AppPermissions sets"), []string{"lag"}},
		"a pre-authorization that lags":  {graph(400, "Request_BadRequest", "PreAuthorizedApplication references applications that do not exist"), []string{"lag"}},
		"a scope that is still enabled":  {graph(400, "CannotDeleteOrUpdateEnabledEntitlement", ""), []string{"lag"}},
		"a conflict":                     {graph(409, "Request_MultipleObjectsWithSameKeyValue", "A conflicting object exists"), []string{"lasting"}},
		"two writes at the same time":    {graph(409, "Directory_ConcurrencyViolation", ""), []string{"lag"}},
		"a body that is too large":       {graph(413, "", "Request Entity Too Large"), []string{"lasting"}},
		"an entity that Graph refuses":   {graph(422, "", ""), []string{"lasting"}},
		"a gateway that gave up":         {graph(504, "", ""), []string{"uncertain"}},
		"a secret that does not exist":   {graph(400, "Request_BadRequest", "No password credential found with keyId 'x'."), []string{"lasting", "no such secret"}},
		"the same words, another status": {graph(403, "", "No password credential found with keyId 'x'."), []string{"denied"}},
		"a grant that exists":            {graph(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists."), []string{"lasting", "exists"}},
		"an entitlement that exists":     {graph(400, "", "EntitlementGrant entry already exists."), []string{"lasting", "exists"}},
		"an assignment that exists":      {graph(400, "", "Permission being assigned already exists on the object"), []string{"lasting", "exists"}},
		"a member that exists":           {graph(400, "", "One or more added object references already exist for the following modified properties: 'members'."), []string{"lasting", "exists"}},
		"a federated credential":         {graph(409, "", "FederatedIdentityCredential with name x already exists."), []string{"lasting", "exists"}},
		"a name that is used":            {graph(400, "", "Another object with the same value for property userPrincipalName already exists."), []string{"lasting", "taken"}},
		"another object, something else": {graph(400, "", "Another object is required."), []string{"lasting"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]bool{}
			for _, question := range c.yes {
				want[question] = true
			}
			for question, ask := range questions {
				if got := ask(c.err); got != want[question] {
					t.Errorf("%s: %v, want %v", question, got, want[question])
				}
			}
		})
	}
}

// TestErrorText: an error contains the operation, the status, and Graph's code and
// message.
func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*Error{
		"create user: Graph answered 400 Request_BadRequest: Invalid value": {400, "Request_BadRequest", "Invalid value", "create user"},
		"create user: Graph answered 502":                                   {502, "", "", "create user"},
		"create user: Graph answered 502: Bad Gateway":                      {502, "", "Bad Gateway", "create user"},
		"create user: Graph answered 403 Authorization_RequestDenied":       {403, "Authorization_RequestDenied", "", "create user"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestWriteOnTheWire: the item of a $batch has the content type of its body, and none without
// a body.
func TestWriteOnTheWire(t *testing.T) {
	t.Parallel()
	with := Write{operation: "x", method: "PATCH", path: "/applications/1", encode: plain(Object{"displayName": "x"})}.upsert().request("", nil)
	if with.headers["Content-Type"] != "application/json" || with.headers["Prefer"] != "create-if-missing" || string(with.body) != `{"displayName":"x"}` || with.invalid != nil {
		t.Errorf("with a body: %v %s %v", with.headers, with.body, with.invalid)
	}
	if without := remove("x", "/applications/1").request("", nil); len(without.headers) > 0 || without.body != nil {
		t.Errorf("without a body: %v %s", without.headers, without.body)
	}
}
