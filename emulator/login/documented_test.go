package login

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// format is the documented format of a claim's value.
type format struct {
	name string
	fits func(value any) bool
}

func matches(name, pattern string) format {
	compiled := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return format{name, func(value any) bool { s, ok := value.(string); return ok && compiled.MatchString(s) }}
}

func listOf(each format) format {
	return format{"array: " + each.name, func(value any) bool {
		list, ok := value.([]any)
		for _, entry := range list {
			ok = ok && each.fits(entry)
		}
		return ok && len(list) > 0
	}}
}

const guidPattern = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`

var (
	text     = matches("string", `.+`)
	guid     = matches("GUID", guidPattern)
	opaquely = matches("opaque string", `[\w.~-]+`)
	address  = matches("URI", `https://\S+`)
	words    = matches("string: words and spaces", `\S+( \S+)*`)
	audience = matches("GUID or URI", guidPattern+`|[a-z]+://\S+`)
	country  = matches("two letters", `[A-Z]{2}`)
	truth    = format{"boolean", func(value any) bool { _, ok := value.(bool); return ok }}
	members  = format{"object", func(value any) bool { _, ok := value.(map[string]any); return ok }}
	number   = format{"0 or 1", func(value any) bool { return value == 0.0 || value == 1.0 }}
	seconds  = format{"Unix time", func(value any) bool {
		n, ok := value.(float64)
		return ok && n == float64(int64(n)) && time.Unix(int64(n), 0).Year() > 2000
	}}
)

func oneOf(values ...string) format {
	return format{strings.Join(values, ", "), func(value any) bool { s, ok := value.(string); return ok && slices.Contains(values, s) }}
}

// documented is a claim in Microsoft's references. Kinds of tokens are 1 or 2 for the version,
// with u for users' and a for applications' tokens.
type documented struct {
	name   string
	format format
	in     string // the kinds that can have it
	always string // the kinds that always have it
	when   string // its format or meaning, where it differs
}

const (
	everyKind = "1u 1a 2u 2a"
	ofUsers   = "1u 2u"
)

// The headers of all tokens.
var documentedHeaders = []documented{
	{"typ", oneOf("JWT"), everyKind, everyKind, "the type"},
	{"alg", oneOf("RS256"), everyKind, everyKind, "the algorithm, such as RS256"},
	{"kid", opaquely, everyKind, everyKind, "the id of the signing key; versions 1.0 and 2.0"},
	{"x5t", opaquely, "1u 1a", "1u 1a", "the value of `kid`; only in version 1.0"},
}

// Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
var documentedAccess = []documented{
	{"aud", audience, everyKind, everyKind, "2.0: the appId of the API; 1.0: that, or the URI that the request named"},
	{"iss", address, everyKind, everyKind, "the issuer with the tenant id; ends in `/v2.0` in version 2.0"},
	{"idp", address, everyKind, "", "who authenticated the subject; if missing, `iss` did"},
	{"iat", seconds, everyKind, everyKind, "time of the authentication"},
	{"nbf", seconds, everyKind, everyKind, "not valid before"},
	{"exp", seconds, everyKind, everyKind, "60 to 90 minutes after `iat`, 75 on average"},
	{"aio", opaquely, everyKind, "", "internal"},
	{"acr", oneOf("0", "1"), "1u", "", "0: weaker than ISO/IEC 29115 requires"},
	{"acrs", listOf(text), everyKind, "", "authentication contexts that the bearer satisfies"},
	{"amr", listOf(oneOf("pwd", "rsa", "otp", "fed", "wia", "mfa", "ngcmfa", "wiaormfa", "none")), "1u", "", "how the user was authenticated"},
	{"appid", guid, "1u 1a", "1u 1a", "the client"},
	{"appidacr", oneOf("0", "1", "2"), "1u 1a", "1u 1a", "0: public client, 1: secret, 2: certificate"},
	{"azp", guid, "2u 2a", "2u 2a", "the client"},
	{"azpacr", oneOf("0", "1", "2"), "2u 2a", "2u 2a", "0: public client, 1: secret, 2: certificate"},
	{"preferred_username", text, "2u", "", "the user name for display; scope `profile`"},
	{"name", text, ofUsers, "", "display name; scope `profile`"},
	{"scp", words, ofUsers, ofUsers, "what the client may do for the user"},
	{"roles", listOf(text), everyKind, "", "the app roles of the user or application, if any; with `emit_as_roles` the groups of the user instead"},
	{"wids", listOf(guid), everyKind, "", "directory roles, where `groupMembershipClaims` is All or DirectoryRole"},
	{"groups", listOf(guid), ofUsers, "", "groups, by `groupMembershipClaims`, up to 200; with `cloud_displayname` the names of assigned groups, with `emit_as_roles` none"},
	{"hasgroups", truth, ofUsers, "", "true instead of `groups` in the implicit flow with six groups or more"},
	{"_claim_names", members, ofUsers, "", "instead of `groups` when there are more than 200"},
	{"_claim_sources", members, ofUsers, "", "with `_claim_names`: the URL that returns them"},
	{"sub", opaquely, everyKind, everyKind, "the subject, different for each application"},
	{"oid", guid, everyKind, "1a 2a", "object id; a user's with scope `profile`"},
	{"tid", guid, everyKind, everyKind, "the tenant that was signed in to"},
	{"unique_name", text, "1u", "", "the user name for display"},
	{"uti", opaquely, everyKind, "", "the token's own id"},
	{"rh", opaquely, everyKind, "", "internal"},
	{"ver", oneOf("1.0", "2.0"), everyKind, everyKind, "version of the token"},
	{"xms_cc", listOf(text), everyKind, "", "`cp1`: the client understands claims challenges"},
	{"ipaddr", text, "1u", "", "where the user signed in from; 2.0: optional"},
	{"onprem_sid", text, "1u", "", "SID of a user who is synchronized from another directory; 2.0: optional"},
	{"pwd_exp", seconds, "1u", "", "if the password expires soon; 2.0: optional"},
	{"pwd_url", address, "1u", "", "the URL to change the password; 2.0: optional"},
	{"in_corp", truth, "1u", "", "true inside of the trusted network; 2.0: optional"},
	{"nickname", text, "1u", "", "if the user has one; 2.0: optional"},
	{"family_name", text, "1u", "", "if the user has one; 2.0: optional"},
	{"given_name", text, "1u", "", "if the user has one; 2.0: optional"},
	{"upn", text, "1u", "", "user principal name; 2.0: optional"},
	{"email", text, ofUsers, "", "by default for guests with an email address; otherwise optional"}, // optional-claims-reference
	{"idtyp", oneOf("app", "user"), everyKind, "", "optional; `app`, with `include_user_token` also `user`"},
}

// Source: learn.microsoft.com/entra/identity-platform/id-token-claims-reference.
var documentedID = []documented{
	{"aud", guid, ofUsers, ofUsers, "the appId of the client"},
	{"iss", address, ofUsers, ofUsers, "the issuer with the tenant id; ends in `/v2.0` from the v2.0 endpoint"},
	{"iat", seconds, ofUsers, ofUsers, "time of the authentication"},
	{"idp", address, ofUsers, "", "who authenticated the user; if missing, `iss` did"},
	{"nbf", seconds, ofUsers, ofUsers, "not valid before"},
	{"exp", seconds, ofUsers, ofUsers, "not valid from this time on"},
	{"c_hash", opaquely, ofUsers, "", "from the authorize endpoint, beside a code"},
	{"at_hash", opaquely, ofUsers, "", "from the authorize endpoint, beside an access token"},
	{"aio", opaquely, ofUsers, "", "internal"},
	{"amr", listOf(text), "1u", "", "how the user was authenticated; version 1.0 alone"},
	{"preferred_username", text, "2u", "2u", "the user name for display; scope `profile`"},
	{"email", text, ofUsers, "", "for guests with an email address; otherwise scope `email` (2.0) or optional"},
	{"name", text, ofUsers, ofUsers, "display name; scope `profile`"},
	{"nonce", text, ofUsers, ofUsers, "the value of the authorization request"},
	{"oid", guid, ofUsers, ofUsers, "object id; scope `profile`"},
	{"roles", listOf(text), ofUsers, "", "the user's app roles of the client, if any; with `emit_as_roles` the groups instead"},
	{"rh", opaquely, ofUsers, "", "internal"},
	{"sid", guid, ofUsers, ofUsers, "the session"},
	{"sub", opaquely, ofUsers, ofUsers, "the user, different for each application"},
	{"tid", guid, ofUsers, ofUsers, "the tenant that was signed in to"},
	{"unique_name", text, "1u", "1u", "the user name for display"},
	{"uti", opaquely, ofUsers, "", "the token's own id"},
	{"ver", oneOf("1.0", "2.0"), ofUsers, ofUsers, "version of the token"},
	{"hasgroups", truth, ofUsers, "", "true instead of `groups` in the implicit flow with six groups or more"},
	{"groups", listOf(guid), ofUsers, "", "groups, by `groupMembershipClaims`, up to 200; with `cloud_displayname` the names of assigned groups, with `emit_as_roles` none"},
	{"_claim_names", members, ofUsers, "", "instead of `groups` when there are more than 200"},
	{"_claim_sources", members, ofUsers, "", "with `_claim_names`: the URL that returns them"},
	{"ipaddr", text, "1u", "1u", "where the user signed in from; 2.0: optional"},
	{"onprem_sid", text, "1u", "", "SID of a user who is synchronized from another directory; 2.0: optional"},
	{"pwd_exp", seconds, "1u", "", "if the password expires soon; 2.0: optional"},
	{"pwd_url", address, "1u", "", "the URL to change the password; 2.0: optional"},
	{"in_corp", truth, "1u", "", "true inside of the trusted network; 2.0: optional"},
	{"family_name", text, "1u", "", "if the user has one; 2.0: optional"},
	{"given_name", text, "1u", "", "if the user has one; 2.0: optional"},
	{"upn", text, "1u", "", "user principal name; 2.0: optional"},
}

// Source: learn.microsoft.com/entra/identity-platform/optional-claims-reference, the claims of an
// access token of version 2.0 that the API can request.
var documentedOptional = []documented{
	{"acct", number, ofUsers, ofUsers, "0: member, 1: guest"},
	{"acrs", listOf(text), ofUsers, "", "authentication contexts that the bearer satisfies"},
	{"auth_time", seconds, ofUsers, ofUsers, "when the user last signed in"},
	{"ctry", country, ofUsers, ofUsers, "the user's country"},
	{"email", text, ofUsers, ofUsers, "the user's address, if there is one"},
	{"family_name", text, ofUsers, ofUsers, "if there is one"},
	{"fwd", text, ofUsers, "", "address behind a virtual network"},
	{"given_name", text, ofUsers, ofUsers, "if there is one"},
	{"idtyp", oneOf("user"), ofUsers, ofUsers, "with `include_user_token`"},
	{"in_corp", truth, ofUsers, "", "true inside of the trusted network"},
	{"ipaddr", text, ofUsers, ofUsers, "where the client signed in from"},
	{"login_hint", opaquely, ofUsers, ofUsers, "to be handed to a sign-in"},
	{"onprem_sid", text, ofUsers, "", "of a user who is synchronized from elsewhere"},
	{"pwd_exp", seconds, ofUsers, "", "where the password runs out soon"},
	{"pwd_url", address, ofUsers, "", "where to change it"},
	{"sid", guid, ofUsers, ofUsers, "the session"},
	{"tenant_ctry", country, ofUsers, "", "the tenant's country, where an administrator has set it"},
	{"tenant_region_scope", text, ofUsers, ofUsers, "the tenant's region"},
	{"upn", text, ofUsers, ofUsers, "user principal name"},
	{"verified_primary_email", listOf(text), ofUsers, "", "the user's PrimaryAuthoritativeEmail"},
	{"verified_secondary_email", listOf(text), ofUsers, "", "the user's SecondaryAuthoritativeEmail"},
	{"vnet", text, ofUsers, "", "virtual network"},
	{"xms_cc", listOf(text), ofUsers, "", "`cp1`: the client understands claims challenges"},
	{"xms_edov", truth, ofUsers, "", "whether the domain of the address is verified"},
	{"xms_pdl", text, ofUsers, "", "preferred location of data"},
	{"xms_pl", text, ofUsers, ofUsers, "the user's language, where it is set"},
	{"xms_tpl", text, ofUsers, "", "the tenant's language, where it is set"},
	{"ztdid", text, ofUsers, "", "device of Windows Autopilot"},
}

// undocumented lists the claims that Entra issues and its references do not contain.
var undocumented = []documented{
	{"app_displayname", text, everyKind, "", "not documented; seen in tokens for Microsoft Graph"},
}
