package plan_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/stack"
)

func certified(certificates ...stack.Certificate) *stack.Stack {
	return &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "API", Certificates: certificates}}}
}

func credential(id string, c stack.Certificate) map[string]any {
	return map[string]any{"keyId": id, "type": "AsymmetricX509Cert", "usage": "Verify", "displayName": c.Name,
		"customKeyIdentifier": c.Thumbprint(), "key": nil}
}

// TestCertificatesAreSentBack: the whole list is sent, and its existing entries have their keyId
// and no key.
func TestCertificatesAreSentBack(t *testing.T) {
	t.Parallel()
	one, two := stack.Certificate{Name: "one", DER: []byte("1")}, stack.Certificate{Name: "two", DER: []byte("2")}
	theirs := stack.Certificate{Name: "theirs", DER: []byte("3")}
	renewed := stack.Certificate{Name: "one", DER: []byte("4")}
	signing := credential("k9", stack.Certificate{Name: "saml", DER: []byte("9")})
	signing["usage"] = "Sign"
	raw, _ := hex.DecodeString(one.Thumbprint())
	inBase64 := credential("k1", one)
	inBase64["customKeyIdentifier"] = base64.StdEncoding.EncodeToString(raw)
	for name, c := range map[string]struct {
		live     []any
		declared []stack.Certificate
		prune    bool
		want     []string // keyId, or the name of a new one; nil: no step
	}{
		"all there":                  {live: []any{credential("k1", one)}, declared: []stack.Certificate{one}},
		"there in base64":            {live: []any{inBase64}, declared: []stack.Certificate{one}},
		"another one":                {live: []any{credential("k1", one), signing}, declared: []stack.Certificate{one, two}, want: []string{"k1", "k9", "two"}},
		"an unmanaged one stays":     {live: []any{credential("k3", theirs)}, declared: []stack.Certificate{one}, want: []string{"k3", "one"}},
		"an unmanaged one alone":     {live: []any{credential("k3", theirs), signing}},
		"an unmanaged one is pruned": {live: []any{credential("k3", theirs), credential("k1", one), signing}, declared: []stack.Certificate{one}, prune: true, want: []string{"k1", "k9"}},
		"renewed":                    {live: []any{credential("k1", one), credential("k3", theirs)}, declared: []stack.Certificate{renewed}, want: []string{"k3", "one"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// All other properties in the tenant are as declared.
			first, err := plan.Diff([]*stack.Stack{certified()}, tenant(), plan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			live := app("s.api", first.Steps[0].Bodies[0])
			live.Properties["keyCredentials"] = c.live
			sp := &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.ServicePrincipal, Name: "s.api"}, Stack: "s", Properties: map[string]any{"accountEnabled": true}}}
			var o plan.Options
			if c.prune {
				o.Prune = []string{"s"}
			}
			p, err := plan.Diff([]*stack.Stack{certified(c.declared...)}, tenant(live, sp), o)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == nil {
				if !p.Empty() {
					t.Fatalf("steps %v, want none", steps(p))
				}
				return
			}
			if len(p.Steps) != 1 || len(p.Steps[0].Bodies) != 1 || len(p.Steps[0].Bodies[0]) != 1 {
				t.Fatalf("steps %+v, want one that sends keyCredentials alone", p.Steps)
			}
			var got []string
			for _, e := range p.Steps[0].Bodies[0]["keyCredentials"].([]any) {
				entry := e.(map[string]any)
				id, there := entry["keyId"].(string)
				if _, key := entry["key"]; key == there {
					t.Errorf("entry %v: a new certificate has a key, an existing certificate has none", entry)
				}
				if !there {
					id = entry["displayName"].(string)
				}
				got = append(got, id)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("what is sent (-want +got):\n%s", diff)
			}
		})
	}
}
