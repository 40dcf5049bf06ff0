package login

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/emulator/directory"
)

const tokensPage = "../../docs/tokens.md"

const tokensPageHead = `# Tokens

This page is for developers who read claims. It lists the claims of each kind of token: the
column "documented" is Microsoft's documentation, the column "here" is a token that the local
tenant issued. The page is generated: a test signs in users and applications, decodes their
tokens and writes the page. The test fails for a claim that is not documented, for a value of
another format, and for a missing claim that is documented as always present. The sources are
Microsoft's
[access token claims reference](https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference),
[ID token claims reference](https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference),
[optional claims reference](https://learn.microsoft.com/entra/identity-platform/optional-claims-reference) and
[access tokens](https://learn.microsoft.com/entra/identity-platform/access-tokens).

Names in braces, such as {tenant} and {ada}, replace ids. "–" marks a documented claim that
this token does not contain. **Always** marks a claim that the references promise. Under
Microsoft's hosts the issuers are ` + "`https://sts.windows.net/{tenant}/`" + ` and
` + "`https://login.microsoftonline.com/{tenant}/v2.0`" + `.

## Differences

- Every access token of a user contains ` + "`oid`, `name` and `preferred_username`" + `. Entra omits
  them if the client did not request the scope ` + "`profile`" + `. ID tokens follow the scope.
- Tokens of guests, and v1.0 tokens of applications, contain ` + "`idp`" + `. If it is missing, ` + "`iss`" + `
  authenticated the subject, as documented.
- The local tenant never issues ` + "`onprem_sid`, `pwd_exp`, `pwd_url`, `in_corp`, `nickname`, `fwd`,\n  `vnet`, `tenant_ctry`, `verified_secondary_email`, `xms_edov`, `xms_pdl`, `xms_tpl` and `ztdid`" + `.
- The claims of tokens for Microsoft's APIs are not documented, and only these APIs read them.
  Tokens for Graph contain ` + "`app_displayname`, `idtyp` and `wids`" + `, but no ` + "`nonce`" + ` in the
  header and no ` + "`xms_st`, `xms_tcdt`" + ` or similar claims.
`

// kind is one kind of token, requested in the way of a client.
type kind struct {
	title  string
	of     string // 1 or 2 for the version, with u for a user or a for an application
	claims []documented
	token  string
}

// kindsOfTokens requests one token of each kind. The user has every property that a claim
// requires.
func kindsOfTokens(w *world) []kind {
	user := w.granted(w.siteRedemption(w.code(w.siteRequest(), w.ada)))
	user1 := w.granted(w.siteRedemption(w.code(w.siteRequest("scope", w.ledger.AppID+"/read"), w.ada)))
	graph := w.granted(w.siteRedemption(w.code(w.siteRequest("scope", "user.read openid profile"), w.ada)))
	admin := w.dir.Administrator()
	adminGraph := w.granted(w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", "https://graph.microsoft.com/.default"))
	app, app1 := w.granted(w.daemonRequest()), w.granted(w.daemonRequest("scope", w.ledger.IdentifierUris[0]+"/.default"))
	client := w.browser()
	p := w.signIn(client, w.get(client, "/"+w.tid()+"/oauth2/authorize", w.siteRequest("scope", "-", "resource", w.ledger.AppID)), w.ada.UserPrincipalName, password)
	id1 := w.tokenAt("/"+w.tid()+"/oauth2/token", w.siteRedemption(p.location.Query().Get("code")))

	w.change(w.api.ID, func(app *directory.Application) {
		app.OptionalClaims = &directory.OptionalClaims{}
		for _, claim := range documentedOptional {
			app.OptionalClaims.AccessToken = append(app.OptionalClaims.AccessToken, directory.OptionalClaim{Name: claim.name, AdditionalProperties: []string{"include_user_token"}})
		}
	})
	optional := w.granted(form(w.siteRedemption(w.code(w.siteRequest(), w.ada)), "claims", `{"access_token":{"xms_cc":{"values":["cp1"]},"acrs":{"values":["c1"]}}}`))
	w.change(w.api.ID, func(app *directory.Application) { app.OptionalClaims = nil })

	b := w.beside()
	b.invite(w.ada)
	guest := w.redeemed(b.tid(), w.at(w.browser(), b.tid(), form(w.desktopRequest(), "nonce", "n-1"), w.ada))
	byOptions := append(slices.DeleteFunc(slices.Clone(documentedAccess), func(d documented) bool {
		return slices.ContainsFunc(documentedOptional, func(o documented) bool { return o.name == d.name })
	}), documentedOptional...)
	return []kind{
		{"Access token 2.0 of a user", "2u", documentedAccess, user.text("access_token")},
		{"Access token 2.0 of an application", "2a", documentedAccess, app.text("access_token")},
		{"Access token 1.0 of a user", "1u", documentedAccess, user1.text("access_token")},
		{"Access token 1.0 of an application", "1a", documentedAccess, app1.text("access_token")},
		{"Microsoft Graph's, of a user", "1u", append(undocumented, documentedAccess...), graph.text("access_token")},
		{"Microsoft Graph's, of an application", "1a", append(undocumented, documentedAccess...), adminGraph.text("access_token")},
		{"ID token 2.0", "2u", documentedID, user.text("id_token")},
		{"ID token 1.0", "1u", documentedID, id1.text("id_token")},
		{"Access token 2.0 of a guest", "2u", documentedAccess, guest.text("access_token")},
		{"ID token 2.0 of a guest", "2u", documentedID, guest.text("id_token")},
		{"Access token 2.0 for an API that asks for every optional claim", "2u", byOptions, optional.text("access_token")},
	}
}

// rows returns the claims of one part of a token with their documentation.
func (k kind) rows(t *testing.T, claims []documented, issued map[string]any, mask func(name string, value any) string) string {
	t.Helper()
	var page strings.Builder
	rest := maps.Clone(issued)
	for _, d := range claims {
		if !strings.Contains(d.in, k.of) {
			continue
		}
		value, there := issued[d.name]
		delete(rest, d.name)
		always, shown := "", "–"
		if strings.Contains(d.always, k.of) {
			always = "**always**; "
			if !there {
				t.Errorf("%s: no %s, which is documented as always there", k.title, d.name)
			}
		}
		if there {
			shown = mask(d.name, value)
			if !d.format.fits(value) {
				t.Errorf("%s: %s is %v, want %s", k.title, d.name, value, d.format.name)
			}
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s%s | %s |\n", d.name, d.format.name, always, d.when, shown)
	}
	for name, value := range rest {
		t.Errorf("%s: %s (%v) is not documented", k.title, name, value)
	}
	return page.String()
}

// TestTokensPage compares docs/tokens.md with the tokens. UPDATE=1 writes the page.
func TestTokensPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(tx *directory.Tx) {
		ada := w.ada.Clone()
		ada.UsageLocation, ada.PreferredLanguage = ptr("GB"), ptr("en-gb")
		w.must(tx.UpdateUser(ada))
	})
	page := tokensPageHead
	for _, k := range kindsOfTokens(w) {
		page += "\n## " + k.title + "\n\n| claim | format | documented | here |\n|---|---|---|---|\n"
		header, payload := map[string]any{}, map[string]any{}
		for i, into := range []*map[string]any{&header, &payload} {
			raw, err := base64.RawURLEncoding.DecodeString(strings.Split(k.token, ".")[i])
			w.must(err)
			w.must(json.Unmarshal(raw, into))
		}
		mask := w.masked(payload)
		page += k.rows(t, documentedHeaders, header, mask) + k.rows(t, k.claims, payload, mask)
	}
	if os.Getenv("UPDATE") != "" {
		w.must(os.WriteFile(tokensPage, []byte(page), 0o644))
		return
	}
	have, err := os.ReadFile(tokensPage)
	w.must(err)
	if diff := cmp.Diff(string(have), page); diff != "" {
		t.Errorf("%s differs from the tokens; UPDATE=1 go test ./emulator/login -run TestTokensPage writes it (-page +tokens):\n%s", tokensPage, diff)
	}
}

// masked replaces the values of a token that differ between tenants.
func (w *world) masked(token map[string]any) func(name string, value any) string {
	names := map[string]string{
		w.tid(): "{tenant}", w.origin: "https://localhost:8443", directory.MicrosoftGraphAppID: "{Microsoft Graph}",
		w.ada.ID: "{ada}", w.daemonSP.ID: "{daemon's service principal}",
		w.api.AppID: "{api}", w.ledger.AppID: "{ledger}", w.site.AppID: "{site}", w.desktop.AppID: "{desktop}", w.daemon.AppID: "{daemon}",
		w.dir.Administrator().ClientID: "{administrator}",
	}
	if other, found := w.tenants.Find("fabrikam.onmicrosoft.com"); found {
		names[other.Tenant().ID] = "{fabrikam}"
	}
	left := regexp.MustCompile(guidPattern)
	return func(name string, value any) string {
		switch name {
		case "aio", "rh", "uti", "kid", "x5t", "login_hint":
			return fmt.Sprintf("%d characters", len(value.(string)))
		case "sub":
			if value == token["oid"] {
				return "as `oid`"
			}
			return fmt.Sprintf("%d characters", len(value.(string)))
		case "nbf", "auth_time":
			if value == token["iat"] {
				return "as `iat`"
			}
		case "exp":
			if token["scp"] == nil && token["roles"] == nil && token["nonce"] != nil {
				return fmt.Sprintf("`iat` + %v", value.(float64)-token["iat"].(float64))
			}
			return "`iat` + 3600 to 5399"
		case "wids":
			return fmt.Sprintf("`%v`", value)
		}
		raw, err := json.Marshal(value)
		w.must(err)
		text := string(raw)
		for id, name := range names {
			text = strings.ReplaceAll(text, id, name)
		}
		return "`" + left.ReplaceAllString(text, "{a GUID}") + "`"
	}
}
