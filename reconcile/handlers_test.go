package reconcile

import (
	"testing"

	"provision/plan"
)

func TestEveryKindHasAHandler(t *testing.T) {
	t.Parallel()
	for _, k := range plan.Kinds() {
		if handlers[k] == nil {
			t.Errorf("no handler does the steps of a %s", k)
		}
	}
}

// TestValidUPN: a userPrincipalName from the tenant is a key only if it has the form of one.
func TestValidUPN(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"ada@contoso.com": true, "ada_mail.example#EXT#@contoso.onmicrosoft.com": true, "ädä@contoso.com": true,
		"": false, "ada": false, "ada@x@contoso.com": false, "ada lovelace@contoso.com": false, "ada\u200b@contoso.com": false, "ada\n@contoso.com": false,
		"ada/x@contoso.com": false, `ada\x@contoso.com`: false, "ada?@contoso.com": false, "ada%2f@contoso.com": false, "${ada}@contoso.com": false, `"ada"@contoso.com`: false,
	} {
		if got := validUPN(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}
