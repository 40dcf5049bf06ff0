package conformance

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"

	"provision/conformance/forge"
)

// forgedCheck is a case of several tokens that the issuer has not signed. All of
// them are sent at one endpoint of the API, and the usual ones at the others.
type forgedCheck struct {
	name, sends, gain, flaw, source string
	means                           CauseID
	tokens                          func(forgery) []disguise
}

// forgery is the material for such tokens.
type forgery struct {
	baselineToken *baselineToken
	callbacks     *callbackListener
	own           string // the beginning of the case's paths at the attacker's server, to tell who came
}

var forgedChecks = []forgedCheck{
	{
		name: "kid-url", means: CauseKeySource,
		sends:  "tokens signed with an attacker's key whose kid is the address of this key as a key set, a key, a certificate and a secret",
		gain:   "anybody can make tokens, with any key, or make the API call any address in its network",
		flaw:   "the API fetches the key from the address in kid",
		source: "RFC 7515, section 4.1.4; RFC 8725, section 3.10; CWE-918",
		tokens: kidsOfURLs,
	},
	{
		name: "kid-path", means: CauseKid,
		sends:  "tokens whose kid is the path of a well-known file, with HS256 and the content of the file as the secret",
		gain:   "anybody can make tokens: a file whose content they know becomes the key",
		flaw:   "the API uses kid as a file name",
		source: "RFC 7515, section 4.1.4; RFC 8725, section 3.10; CWE-22; CWE-73",
		tokens: kidsOfPaths,
	},
	{
		name: "kid-sql", means: CauseKid,
		sends:  "tokens whose kid is SQL that selects a chosen key, signed with this key",
		gain:   "anybody can make tokens, and query the API's database",
		flaw:   "the API puts kid into an SQL statement",
		source: "RFC 8725, section 3.10; OWASP: SQL Injection; CWE-89",
		tokens: kidsOfSQL,
	},
	{
		name: "key-beside-kid", means: CauseKeySource,
		sends:  "tokens signed with an attacker's key, with the kid of the issuer's key and the attacker's key in the header (jwk, x5c, jku, x5u)",
		gain:   "anybody can make tokens, with any key",
		flaw:   "the API verifies with the key in the header of the token and ignores the kid",
		source: "RFC 7515, sections 4.1.2 to 4.1.6; RFC 8725, section 3.10; CVE-2018-0114",
		tokens: keysBesideKid,
	},
	{
		name: "jku-disguised", means: CauseKeySource,
		sends:  "tokens signed with an attacker's key, with an address of this key that looks like the issuer's (jku, x5u)",
		gain:   "anybody can make tokens, with any key",
		flaw:   "the API fetches the key from the address in the token if this address begins with the issuer's address or contains it",
		source: "RFC 7515, section 4.1.2; RFC 8725, section 3.10; CWE-918; CWE-183",
		tokens: disguisedAddresses,
	},
}

func (s *Suite) forgedCases(e endpoint) []Case {
	representative, ok := s.lifecycleEndpoint()
	var cases []Case
	for _, check := range forgedChecks {
		c := Case{Name: check.name, Means: check.means, Group: Signature, Sends: check.sends, Gain: check.gain, Flaw: check.flaw, Source: check.source}
		cases = append(cases, inDisguise(e, c, ok && representative.id == e.id, func(g *baselineToken) ([]disguise, error) {
			callbacks, err := g.run.callbackListener()
			if err != nil {
				return nil, err
			}
			if _, err := forge.AttackerCertificate(); err != nil {
				return nil, err
			}
			return check.tokens(forgery{g, callbacks, "/" + base64.RawURLEncoding.EncodeToString([]byte(e.id+" "+check.name))}), nil
		}))
	}
	return cases
}

// signed sends a token that is signed with the attacker's key.
func (f forgery) signed(says string, token forge.Token) disguise {
	return disguise{says: says, forged: true, change: func(spoken) credential {
		signed, err := token.SignedByAttacker()
		if err != nil { // the key was created before
			return credential{}
		}
		return bearer(signed.String())
	}}
}

// secret sends a token that is authenticated with a known secret.
func (f forgery) secret(says, kid, secret string) disguise {
	return disguise{says: says, forged: true, change: func(spoken) credential {
		return bearer(f.baselineToken.token.WithHeader("kid", kid).WithoutHeader("x5t").SignedWithSecret([]byte(secret)).String())
	}}
}

// served returns a disguise that succeeded if the API requested the attacker's server.
func (f forgery) served(d disguise, path string) disguise {
	d.calledBack = func() bool { return f.callbacks.wasRequested(f.own + path) }
	return d
}

// under returns the valid token under another kid.
func (f forgery) under(kid string) forge.Token {
	return f.baselineToken.token.WithHeader("kid", kid).WithoutHeader("x5t")
}

func rarely(all []disguise, usual int) []disguise {
	for i := range all {
		all[i].rare = i >= usual
	}
	return all
}

func kidsOfURLs(f forgery) []disguise {
	var all []disguise
	for _, path := range []string{"/keys.json", "/public.pem", "/key.jwk", "/chain.pem"} {
		all = append(all, f.served(f.signed("kid with the address of "+path[1:], f.under(f.callbacks.origin+f.own+path)), path))
	}
	all = append(all,
		f.served(f.secret("kid with the address of a secret", f.callbacks.origin+f.own+"/secret.txt", attackersSecret), "/secret.txt"),
		f.served(f.signed("kid with an address without its scheme", f.under(strings.TrimPrefix(f.callbacks.origin, "http:")+f.own+"/other/keys.json")), "/other/keys.json"),
	)
	return rarely(all, 2)
}

// knownFiles are files that have the same content on many machines.
var knownFiles = []struct{ path, content string }{
	{"/dev/null", ""}, {"/proc/sys/kernel/ostype", "Linux\n"}, {"/proc/sys/kernel/ostype", "Linux"}, {"/sys/class/net/lo/addr_len", "6\n"},
}

func kidsOfPaths(f forgery) []disguise {
	var all []disguise
	for _, before := range []string{"../../../../../../../..", "", "file://", "....//....//....//....//....//..../"} {
		for _, file := range knownFiles {
			kid := before + file.path
			all = append(all, f.secret(fmt.Sprintf("kid %s, HS256 and the secret %q", kid, file.content), kid, file.content))
		}
	}
	const encoded = "..%2f..%2f..%2f..%2f..%2f..%2fdev%2fnull"
	return rarely(append(all, f.secret("kid "+encoded, encoded, "")), 2)
}

func kidsOfSQL(f forgery) []disguise {
	all := []disguise{f.secret("kid with a quotation mark", "x'", "")}
	for i, statement := range []string{
		"x' UNION SELECT 'V' -- ", "x' UNION SELECT 'V' WHERE '1'='1", "x' UNION SELECT 'V', 'V' -- ", "x' UNION SELECT 1, 'V' -- ", "x' UNION SELECT 'V', 1 -- ", "x' UNION SELECT 'V', 'V', 'V' -- ", "x' UNION SELECT 'V';-- ", "x' UNION SELECT 'V'#",
		`x" UNION SELECT 'V' -- `, `x") UNION SELECT 'V' -- `, "x') UNION SELECT 'V' -- ", "0 UNION SELECT 'V'",
	} {
		all = append(all, f.secret("kid "+strings.ReplaceAll(statement, "V", "a secret"), strings.ReplaceAll(statement, "V", attackersSecret), attackersSecret))
		if i > 2 && i != 8 { // the secret shows the number of columns
			continue
		}
		for _, key := range []struct{ what, text string }{{"a public key", attackersPEM()}, {"a JWK", attackersJWK()}} {
			all = append(all, f.signed("kid "+strings.ReplaceAll(statement, "V", key.what), f.under(strings.ReplaceAll(statement, "V", key.text))))
		}
	}
	return rarely(all, 3)
}

func keysBesideKid(f forgery) []disguise {
	var header struct{ Kid string }
	_ = json.Unmarshal(f.baselineToken.token.Header, &header) // it was read before
	jwk, _ := forge.AttackerJWK(header.Kid)
	der, _ := forge.AttackerCertificate()
	return []disguise{
		f.signed("jwk with the issuer's kid", f.baselineToken.token.WithHeader("jwk", jwk)),
		f.signed("x5c with the issuer's kid", f.baselineToken.token.WithHeader("x5c", []string{base64.StdEncoding.EncodeToString(der)})),
		f.served(f.signed("jku with the issuer's kid", f.baselineToken.token.WithHeader("jku", f.callbacks.origin+f.own+"/jku/keys.json")), "/jku/keys.json"),
		f.served(f.signed("x5u with the issuer's kid", f.baselineToken.token.WithHeader("x5u", f.callbacks.origin+f.own+"/x5u/chain.pem")), "/x5u/chain.pem"),
	}
}

func disguisedAddresses(f forgery) []disguise {
	issuer := strings.TrimPrefix(f.baselineToken.claims.text("iss"), "https://")
	host, _, _ := strings.Cut(issuer, "/")
	address := strings.TrimPrefix(f.callbacks.origin, "http://")
	keys := "/" + host + "/" + f.baselineToken.run.Issuer.TenantID + "/discovery/v2.0/keys"
	var all []disguise
	for _, one := range []struct{ name, before, path, behind string }{
		{"jku", "", keys, ""}, {"jku", host + "@", "/user/keys.json", ""}, {"jku", "", "/query/keys.json", "?https://" + issuer}, {"jku", "", "/fragment/keys.json", "#https://" + issuer},
		{"x5u", host + "@", "/user/chain.pem", ""}, {"x5u", "", "/query/chain.pem", "?https://" + issuer},
	} {
		token := f.under(unknownKid).WithHeader(one.name, "http://"+one.before+address+f.own+one.path+one.behind)
		all = append(all, f.served(f.signed(one.name+" http://"+one.before+address+"/…"+one.path+one.behind, token), one.path))
	}
	return rarely(all, 1)
}

// attackersSecret is the secret that the attacker's server serves.
const attackersSecret = "secret"

// attackersPEM and attackersJWK are the attacker's public key.
func attackersPEM() string {
	der, _ := forge.AttackerPublicKey() // made before
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func attackersJWK() string {
	jwk, _ := forge.AttackerJWK(unknownKid)
	return string(encodeJSON(jwk))
}
