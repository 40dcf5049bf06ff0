package login

import (
	"fmt"
	"strconv"
)

// Error is a refusal in Entra's form.
type Error struct {
	Code     int    // the number after AADSTS
	OAuth    string // RFC 6749 section 5.2: invalid_grant, …
	Status   int    // HTTP status at the token endpoint
	Message  string // one or two sentences, without code and ids
	Suberror string // which MSAL reads beside error: consent_required, …
}

func (e *Error) Error() string { return "AADSTS" + strconv.Itoa(e.Code) + ": " + e.Message }

// as returns the same refusal with another OAuth error, if an endpoint or a grant
// requires another one. A client that is not authenticated gets 401 (RFC 6749 section
// 5.2).
func (e *Error) as(oauth string) *Error {
	other := *e
	other.OAuth = oauth
	if oauth == "invalid_client" {
		other.Status = 401
	}
	return &other
}

type errorEntry struct {
	oauth   string
	status  int
	message string // a format
}

// errorTable are the errors that this server knows, by AADSTS number.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes and
// the bodies that clients report.
var errorTable = map[int]errorEntry{
	16000:   {"interaction_required", 400, unknownUserMessage},
	240002:  {"invalid_grant", 400, "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant."},
	28000:   {"invalid_request", 400, "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope %s is not valid."},
	50011:   {"invalid_request", 400, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application."},
	500011:  {"invalid_resource", 400, "The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."},
	500014:  {"invalid_resource", 400, "The service principal for resource '%s' is disabled."},
	500112:  {"invalid_client", 400, "The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code."},
	500131:  {"invalid_grant", 400, "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '%s' and the expected audience is '%s' or one of the Application Uris of this application with App ID '%s'(%s). The downstream client must request a token for the expected audience (the application that made the OBO request) and this application should use that token as the assertion."},
	500133:  {"invalid_grant", 400, "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token. Current time: %s, expiry time of assertion %s."},
	500113:  {"invalid_request", 400, "No reply address is registered for the application."},
	50013:   {"invalid_grant", 400, "Assertion failed signature validation. [Reason - %s]"},
	50166:   {"invalid_client", 401, "Request to External OIDC endpoint failed."},
	50020:   {"invalid_grant", 400, unknownUserMessage},
	50027:   {"invalid_grant", 400, "JWT token is invalid or malformed."},
	5002741: {"invalid_client", 401, "Number of audience values in the provided client credential exceed maximum allowed. %d audience values provided, maximum allowed is 1."},
	5002723: {"invalid_client", 401, "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header."},
	50034:   {"invalid_grant", 400, "The user account %s does not exist in the %s directory. To sign into this application, the account must be added to the directory."},
	50049:   {"invalid_instance", 400, "Unknown or invalid instance."},
	50055:   {"invalid_grant", 400, "The password is expired."},
	50057:   {"invalid_grant", 400, "The user account is disabled."},
	50058:   {"login_required", 400, "A silent sign-in request was sent but no user is signed in."},
	50089:   {"invalid_request", 400, "Authentication failed due to flow token expired."},
	50105:   {"invalid_grant", 400, "Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. The signed-in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application."},
	501051:  {"invalid_grant", 400, "Application '%s'(%s) is not assigned to a role for the application '%s'(%s)."},
	50126:   {"invalid_grant", 400, "Error validating credentials due to invalid username or password."},
	501481:  {"invalid_grant", 400, "The Code_Verifier does not match the code_challenge supplied in the authorization request."},
	501491:  {"invalid_request", 400, "Invalid size of Code_Challenge parameter."},
	50173:   {"invalid_grant", 400, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '%s' and the TokensValidFrom date (before which tokens are not valid) for this user is '%s'."},
	50194:   {"unauthorized_client", 400, "Application '%s'(%s) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such applications created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant."},
	54005:   {"invalid_grant", 400, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."},
	65001:   {"invalid_grant", 400, "The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource."},
	65004:   {"access_denied", 400, "User declined to consent to access the app."},
	650053:  {"invalid_client", 400, "The application '%s' asked for scope '%s' that doesn't exist on the resource '%s'. Contact the app vendor."},
	650052:  {"invalid_client", 400, "The app is trying to access a service '%s'(%s) that your organization '%s' lacks a service principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the application in order to create the required service principal."},
	650057:  {"invalid_client", 400, "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: %s(%s). Resource value from request: %s. Resource app ID: %s. List of valid resources from app registration: %s."},
	70000:   {"invalid_grant", 400, "Provided grant is invalid or malformed."},
	700005:  {"invalid_grant", 400, "Provided Authorization Code is intended to use against other tenant, thus rejected."},
	70016:   {"authorization_pending", 400, "OAuth 2.0 device flow error. Authorization is pending. Continue polling."},
	70018:   {"invalid_grant", 400, "Invalid verification code. It has been mistyped, has expired or has been used."},
	70019:   {"expired_token", 400, "Verification code expired. Have the user retry the sign-in."},
	700211:  {"invalid_client", 401, "No matching federated identity record found for presented assertion issuer '%s'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	700212:  {"invalid_client", 401, "No matching federated identity record found for presented assertion audience '%s'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	700213:  {"invalid_client", 401, "No matching federated identity record found for presented assertion subject '%s'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	7002138: {"invalid_client", 401, "No matching federated identity record found for presented assertion subject '%s'. The subject matches with a case-insensitive comparison, but not with a case-sensitive one. Please check the case of your federated identity credential Subject. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	7002131: {"invalid_client", 401, "No matching federated identity record found for presented assertion subject '%s' or no federated identity credential expression matched the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	700236:  {"invalid_client", 401, "Entra ID tokens issued by issuer '%s' may not be used for federated identity credential flows for applications or managed identities registered in this tenant."},
	70025:   {"invalid_client", 401, "The client '%s' has no configured federated identity credentials."},
	700016:  {"unauthorized_client", 400, "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."},
	7000114: {"invalid_grant", 400, "Application '%s' is not allowed to make application on-behalf-of calls."},
	7000112: {"unauthorized_client", 400, "Application '%s'(%s) is disabled."},
	7000215: {"invalid_client", 401, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'."},
	7000218: {"invalid_client", 401, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	7000222: {"invalid_client", 401, "The provided client secret keys for app '%s' are expired. Create new keys for your app, or consider using certificate credentials for added security."},
	7000229: {"invalid_client", 401, "The client application %s is missing service principal in the tenant %s. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119"},
	700021:  {"invalid_client", 401, "Client assertion application identifier doesn't match 'client_id' parameter."},
	700023:  {"invalid_client", 401, "Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."},
	700024:  {"invalid_client", 401, "Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."},
	700027:  {"invalid_client", 401, "Client assertion contains an invalid signature. [Reason - %s, Thumbprint of key used by client: '%s', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '%s'.]"},
	700025:  {"invalid_client", 401, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."},
	70003:   {"unsupported_grant_type", 400, "The app requested an unsupported grant type '%s'."},
	700051:  {"unsupported_response_type", 400, "response_type 'token' is not enabled for the application."},
	700054:  {"unsupported_response_type", 400, "response_type 'id_token' is not enabled for the application."},
	70005:   {"unsupported_response_type", 400, "The response_type '%s' is not supported.%s"},
	70007:   {"invalid_request", 400, "'%s' is not a supported value of 'response_mode' when requesting a token."},
	70008:   {"invalid_grant", 400, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."},
	700082:  {"invalid_grant", 400, "The refresh token has expired due to inactivity. The token was issued on %s and was inactive for %s."},
	700084:  {"invalid_grant", 400, "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of %s, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on %s."},
	70011:   {"invalid_scope", 400, "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.%s"},
	90002:   {"invalid_tenant", 400, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."},
	90009:   {"invalid_request", 400, "Application '%s'(%s) is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier."},
	90023:   {"invalid_request", 400, "Unsupported '%s' value."},
	90033:   {"temporarily_unavailable", 503, "A transient error has occurred. Please try again."},
	90072:   {"interaction_required", 400, unknownUserMessage},
	90094:   {"access_denied", 400, "%s needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it."},
	90100:   {"invalid_request", 400, "%s parameter is empty or not valid."},
	900144:  {"invalid_request", 400, "The request body must contain the following parameter: '%s'."},
	900561:  {"invalid_request", 405, "The endpoint only accepts %s requests. Received a %s request."},
	900971:  {"invalid_request", 400, "No reply address provided."},
	9000411: {"invalid_request", 400, "The request is not properly formatted. The parameter '%s' is duplicated."},
	9001023: {"invalid_request", 400, "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint."},
	9002313: {"invalid_request", 400, "Invalid request. Request is malformed or invalid."},
	9002325: {"invalid_request", 400, "Proof Key for Code Exchange is required for cross-origin authorization code redemption."},
	9002326: {"invalid_request", 400, "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '%s'."},
	9002327: {"invalid_request", 400, "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."},
	1002012: {"invalid_scope", 400, "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."},
}

// unknownUserMessage names the user, and the tenant in which the user does not exist.
const unknownUserMessage = "User account '%s' from identity provider '%s' does not exist in tenant '%s' and cannot access the application '%s'(%s) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account."

// suberrors are the suberror values that MSAL evaluates.
var suberrors = map[int]string{65001: "consent_required", 70008: "bad_token", 700082: "bad_token", 700084: "bad_token"}

// failure returns the refusal with an AADSTS number; args are the values in its message.
func failure(code int, args ...any) *Error {
	known, ok := errorTable[code]
	if !ok {
		panic(fmt.Sprintf("login: AADSTS%d has no entry in errorTable", code))
	}
	return &Error{
		Code: code, OAuth: known.oauth, Status: known.status,
		Message: fmt.Sprintf(known.message, args...), Suberror: suberrors[code],
	}
}

const timestampLayout = "2006-01-02 15:04:05Z"

// description returns the error_description of a refusal.
func (c *call) description(err *Error) string {
	return fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s",
		err.Error(), c.traceID, c.correlationID, c.now.UTC().Format(timestampLayout))
}

// errorURI returns the address of Microsoft's explanation of a code.
func errorURI(code int) string {
	return "https://login.microsoftonline.com/error?code=" + strconv.Itoa(code)
}

// errorBody is the form of a refusal at the token endpoint and the metadata documents.
type errorBody struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	ErrorCodes       []int  `json:"error_codes"`
	Timestamp        string `json:"timestamp"`
	TraceID          string `json:"trace_id"`
	CorrelationID    string `json:"correlation_id"`
	ErrorURI         string `json:"error_uri"`
	Suberror         string `json:"suberror,omitempty"`
}

// fail answers with a refusal as JSON.
func (c *call) fail(err *Error) {
	c.log.Info("refused", "path", c.r.URL.Path, "code", err.Code, "error", err.OAuth, "trace", c.traceID)
	c.noStore()
	c.json(err.Status, errorBody{
		Error:            err.OAuth,
		ErrorDescription: c.description(err),
		ErrorCodes:       []int{err.Code},
		Timestamp:        c.now.UTC().Format(timestampLayout),
		TraceID:          c.traceID,
		CorrelationID:    c.correlationID,
		ErrorURI:         errorURI(err.Code),
		Suberror:         err.Suberror,
	})
}
