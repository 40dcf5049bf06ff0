package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestSecrets: a client secret is created once, replaced if it cannot be used, and revoked if no
// manifest declares it and the policy does not keep it.
func TestSecrets(t *testing.T) {
	t.Parallel()
	app := Key{Application, "s.api"}
	k := SecretKey(app, "key")
	declared := stack.Secret{Name: "key", Lifetime: "P30D", Sink: stack.Sink{File: "out/key"}}
	live := func(k Key, lost string, superseded bool) *Live {
		return &Live{Object: Object{Key: k, Stack: "s", Ends: Ends{Resource: app}, Properties: obj{"displayName": "key"}}, ID: "k1", ResourceID: "api-id", Lost: lost, Superseded: superseded}
	}
	of := Refs{Resource: Ref{Key: app, Property: ID, ID: "api-id"}}
	made := &SecretStep{Name: "key", Lifetime: "P30D", Sink: stack.Sink{File: "out/key"}}
	old := SecretKey(app, "key old")
	keyID := declared
	keyID.KeyID = "k1"
	for name, c := range map[string]struct {
		declared []stack.Secret
		live     []*Live
		prune    bool
		want     []Step
		note     string
	}{
		"a new one":                    {[]stack.Secret{declared}, nil, false, []Step{{Action: Create, Key: k, Stack: "s", Refs: of, Secret: made}}, ""},
		"an existing credential":       {[]stack.Secret{declared}, []*Live{live(k, "", false)}, false, nil, ""},
		"a secret that cannot be used": {[]stack.Secret{declared}, []*Live{live(k, "it has expired", false)}, false, []Step{{Action: Replace, Key: k, Stack: "s", ID: "k1", Refs: of, Reason: "it has expired", Secret: made}}, ""},
		"one by its keyId":             {[]stack.Secret{keyID}, []*Live{live(k, "", false)}, false, nil, ""},
		"a keyId that does not exist":  {[]stack.Secret{keyID}, nil, false, nil, "secret s.api key: the tenant has no secret with keyId k1; remove it, or remove keyId to create a new one"},
		"a credential that is not declared": {nil, []*Live{live(k, "", false)}, false, nil,
			"application s.api has a secret \"key\" that no manifest names; to remove it, set `prune: credentials` in the stack's spec"},
		"a secret that is not declared, pruned": {nil, []*Live{live(k, "", false)}, true, []Step{{Action: Delete, Key: k, Stack: "s", ID: "k1", Refs: of, Secret: &SecretStep{Name: "key"}}}, ""},
		"a secret that is not declared and cannot be used": {nil, []*Live{live(k, "it has expired", false)}, false,
			[]Step{{Action: Delete, Key: k, Stack: "s", ID: "k1", Refs: of, Secret: &SecretStep{Name: "key"}}}, ""},
		"a secret that another secret has replaced": {[]stack.Secret{declared}, []*Live{live(k, "", false), live(old, "a newer one has replaced it", true)}, false,
			[]Step{{Action: Delete, Key: old, Stack: "s", ID: "k1", Refs: of, Secret: &SecretStep{Name: "key", Superseded: true}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var o Options
			if c.prune {
				o.Prune = []string{"s"}
			}
			p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "api", Secrets: c.declared}}}}, has(append(registered("api", nil), c.live...)...), o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, emptyIsNil(p.Steps)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			var notes []string
			if c.note != "" {
				notes = []string{c.note}
			}
			if diff := cmp.Diff(notes, p.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func emptyIsNil(steps []Step) []Step {
	if len(steps) == 0 {
		return nil
	}
	return steps
}

// TestFederatedCredentials: the requests for a federated credential, whose name does not change.
func TestFederatedCredentials(t *testing.T) {
	t.Parallel()
	app := Key{Application, "s.api"}
	const issuer = "https://token.actions.githubusercontent.com"
	live := func(properties obj, adopted bool) []*Live {
		all := registered("api", nil)
		all[0].Adopted = adopted
		if properties != nil {
			all = append(all, &Live{Object: Object{Key: FederatedKey(app, "ci"), Stack: "s", Ends: Ends{Resource: app}, Properties: properties}, ID: "f1", ResourceID: "api-id"})
		}
		return all
	}
	have := func(more obj) obj {
		all := obj{"name": "ci", "issuer": issuer, "subject": "repo:contoso/orders:ref:refs/heads/main", "audiences": []any{"api://AzureADTokenExchange"}}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	declared := stack.FederatedCredential{Name: "ci", Issuer: issuer, Subject: "repo:contoso/orders:ref:refs/heads/main"}
	change := func(f func(*stack.FederatedCredential)) []stack.FederatedCredential {
		changed := declared
		f(&changed)
		return []stack.FederatedCredential{changed}
	}
	const expression = "claims['sub'] matches 'repo:contoso/orders:*'"
	for name, c := range map[string]struct {
		declared []stack.FederatedCredential
		live     []*Live
		want     []string
	}{
		"a new one": {[]stack.FederatedCredential{declared}, live(nil, false),
			[]string{`create federatedCredential s.api ci {"audiences":["api://AzureADTokenExchange"],"description":"","issuer":"` + issuer + `","name":"ci","subject":"repo:contoso/orders:ref:refs/heads/main"}`}},
		"an existing credential": {[]stack.FederatedCredential{declared}, live(have(nil), false), nil},
		"another subject": {change(func(f *stack.FederatedCredential) { f.Subject = "repo:contoso/orders:environment:prod" }), live(have(nil), false),
			[]string{`update federatedCredential s.api ci {"audiences":["api://AzureADTokenExchange"],"description":"","issuer":"` + issuer + `","subject":"repo:contoso/orders:environment:prod"}`}},
		"an expression takes the place of a subject": {change(func(f *stack.FederatedCredential) {
			f.Subject, f.ClaimsMatchingExpression = "", &stack.ClaimsMatchingExpression{Value: expression}
		}), live(have(nil), false),
			[]string{`update federatedCredential s.api ci {"audiences":["api://AzureADTokenExchange"],"claimsMatchingExpression":{"languageVersion":1,"value":"` + expression + `"},"description":"","issuer":"` + issuer + `","subject":null}`}},
		"a subject takes the place of an expression": {[]stack.FederatedCredential{declared}, live(have(obj{"subject": nil, "claimsMatchingExpression": obj{"value": expression, "languageVersion": 1.0}}), false),
			[]string{`update federatedCredential s.api ci {"audiences":["api://AzureADTokenExchange"],"claimsMatchingExpression":null,"description":"","issuer":"` + issuer + `","subject":"repo:contoso/orders:ref:refs/heads/main"}`}},
		"a credential that is not declared":           {nil, live(have(nil), false), []string{"delete federatedCredential s.api ci"}},
		"one of an application that is adopted stays": {nil, live(have(nil), true), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "api", FederatedCredentials: c.declared}}}}, has(c.live...), Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, line := range sent(t, p) {
				if line[:5] != "adopt" {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeysOfServicePrincipals: prune removes the keys that can be used to sign in, and keeps the
// key that signs SAML assertions.
func TestKeysOfServicePrincipals(t *testing.T) {
	t.Parallel()
	key := func(id, use, kind string) obj {
		return obj{"keyId": id, "usage": use, "type": kind, "displayName": id, "customKeyIdentifier": "AB", "key": "secret"}
	}
	signs, verifies, symmetric := key("signs", "Sign", "AsymmetricX509Cert"), key("verifies", "Verify", "AsymmetricX509Cert"), key("symmetric", "Verify", "Symmetric")
	saml := "saml"
	for name, c := range map[string]struct {
		keys  []any
		prune bool
		mode  *string
		want  []string
	}{
		"without prune":               {[]any{signs, verifies}, false, nil, nil},
		"nothing to remove":           {[]any{signs}, true, nil, nil},
		"one to remove":               {[]any{signs, verifies}, true, nil, []string{`update servicePrincipal s.api {"keyCredentials":[{"customKeyIdentifier":"AB","displayName":"signs","keyId":"signs","type":"AsymmetricX509Cert","usage":"Sign"}]}`}},
		"a key of another type":       {[]any{symmetric}, true, nil, []string{`update servicePrincipal s.api {"keyCredentials":[]}`}},
		"of an application with SAML": {[]any{signs, verifies}, true, &saml, nil},
	} {
		live := registered("api", nil)
		live[1].Properties["keyCredentials"] = c.keys
		if c.mode != nil {
			live[1].Properties["preferredSingleSignOnMode"] = *c.mode
		}
		var o Options
		if c.prune {
			o.Prune = []string{"s"}
		}
		p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "api", ServicePrincipal: stack.ServicePrincipal{PreferredSSOMode: c.mode}}}}}, has(live...), o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
	}
}

// TestUseOf: how a plan treats each key of an application, and the thumbprint by which it
// identifies the key.
func TestUseOf(t *testing.T) {
	t.Parallel()
	one := stack.Certificate{Name: "one", DER: []byte("1")}
	entry := func(more obj) obj {
		all := obj{"usage": "Verify", "type": "AsymmetricX509Cert", "displayName": "one", "customKeyIdentifier": one.Thumbprint()}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	for name, c := range map[string]struct {
		entry      obj
		want       CertificateUse
		thumbprint string
	}{
		"declared":                         {entry(nil), Kept, one.Thumbprint()},
		"declared, under another name":     {entry(obj{"displayName": "other"}), Kept, one.Thumbprint()},
		"its name has another certificate": {entry(obj{"customKeyIdentifier": "AB"}), Replaced, "AB"},
		"nobody knows it":                  {entry(obj{"customKeyIdentifier": "AB", "displayName": "other"}), Unmanaged, "AB"},
		"a key for SAML":                   {entry(obj{"usage": "Sign"}), OtherUse, one.Thumbprint()},
		"a key that is no certificate":     {entry(obj{"type": "Symmetric"}), Unmanaged, one.Thumbprint()},
		"the certificate itself is there":  {entry(obj{"key": "MQ==", "customKeyIdentifier": "AB"}), Kept, one.Thumbprint()},
		"an identifier in small letters":   {entry(obj{"customKeyIdentifier": "ab", "displayName": "other"}), Unmanaged, "AB"},
		"an identifier that is no base64":  {entry(obj{"customKeyIdentifier": "a b", "displayName": "other"}), Unmanaged, "A B"},
		"no identifier":                    {entry(obj{"customKeyIdentifier": nil, "displayName": "other"}), Unmanaged, ""},
	} {
		if got := UseOf(c.entry, []stack.Certificate{one}); got != c.want {
			t.Errorf("%s: use %d, want %d", name, got, c.want)
		}
		if got := Thumbprint(c.entry); got != c.thumbprint {
			t.Errorf("%s: thumbprint %s, want %s", name, got, c.thumbprint)
		}
	}
}
