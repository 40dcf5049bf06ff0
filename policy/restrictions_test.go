package policy

import (
	"strings"
	"testing"
	"time"

	"provision/stack"
)

// TestRefusals: new credentials and URIs that the tenant's app management policy does not permit
// are refused, for the applications to which the policy applies.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const both = "displayName: A\nsecrets: [{name: app, lifetime: 90d}]\ncertificates: [{name: key, file: two-years.pem}]\nidentifierUris: ['api://${appId}', 'https://contoso.example/a', 'api://${tenant.id}/a']"
	passwords := func(s string) string {
		return `{"isEnabled": true, "applicationRestrictions": {"passwordCredentials": [` + s + `]}}`
	}
	uris := func(s string) string {
		return `{"isEnabled": true, "applicationRestrictions": {"identifierUris": {` + s + `}}}`
	}
	for name, test := range map[string]struct {
		policy string
		live   Live
		want   string
	}{
		"no new secrets":              {passwords(`{"restrictionType": "passwordAddition", "maxLifetime": null}`), Live{}, "passwordAddition"},
		"an existing secret":          {passwords(`{"restrictionType": "passwordAddition"}`), Live{Secrets: map[string]bool{"app": true}}, ""},
		"too long":                    {passwords(`{"restrictionType": "passwordLifetime", "maxLifetime": "P2M"}`), Live{}, "passwordLifetime"},
		"short enough":                {passwords(`{"restrictionType": "passwordLifetime", "maxLifetime": "P90DT0H"}`), Live{}, ""},
		"disabled restriction":        {passwords(`{"restrictionType": "passwordAddition", "state": "disabled"}`), Live{}, ""},
		"disabled policy":             {strings.Replace(passwords(`{"restrictionType": "passwordAddition"}`), "true", "false", 1), Live{}, ""},
		"an application from before":  {passwords(`{"restrictionType": "passwordAddition", "restrictForAppsCreatedAfterDateTime": "2026-01-01T00:00:00Z"}`), Live{Created: now.AddDate(-1, 0, 0)}, ""},
		"an application from after":   {passwords(`{"restrictionType": "passwordAddition", "restrictForAppsCreatedAfterDateTime": "2026-01-01T00:00:00Z"}`), Live{}, "passwordAddition"},
		"a secret with a chosen text": {passwords(`{"restrictionType": "customPasswordAddition"}`), Live{}, ""},
		"a certificate":               {`{"isEnabled": true, "applicationRestrictions": {"keyCredentials": [{"restrictionType": "asymmetricKeyLifetime", "maxLifetime": "P365D"}]}}`, Live{}, "asymmetricKeyLifetime"},
		"other URIs":                  {uris(`"nonDefaultUriAddition": {"state": "enabled"}`), Live{}, "nonDefaultUriAddition nonDefaultUriAddition"},
		"an existing URI":             {uris(`"nonDefaultUriAddition": {"state": "enabled"}`), Live{URIs: map[string]bool{"https://contoso.example/a": true}}, "nonDefaultUriAddition"},
		"URIs without a tenant":       {uris(`"uriAdditionWithoutUniqueTenantIdentifier": {"state": "enabled"}`), Live{TenantID: "t1"}, "uriAdditionWithoutUniqueTenantIdentifier"},
		"no restriction of URIs":      {uris(``), Live{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseRestrictions([]byte(test.policy))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, refusal := range r.Refusals(example(t, "", both), func(*stack.Stack, *stack.Application) Live { return test.live }, now) {
				if refusal.Application != "example" || refusal.Position.Line == 0 || refusal.Message == "" {
					t.Errorf("%+v", refusal)
				}
				got = append(got, refusal.Restriction)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("refused %q, want %q", got, test.want)
			}
		})
	}
}

func TestISODuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"P4DT12H30M5S": 4*day + 12*time.Hour + 30*time.Minute + 5*time.Second, "P1Y": 365 * day, "P2W": 14 * day, "": 0, "90": 0} {
		if got := isoDuration(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// TestCustomPolicy: the policy of an application replaces the tenant's default policy,
// restriction by restriction.
func TestCustomPolicy(t *testing.T) {
	t.Parallel()
	byDefault, err := ParseRestrictions([]byte(`{"isEnabled": true, "applicationRestrictions": {"passwordCredentials": [{"restrictionType": "passwordAddition"}],
		"identifierUris": {"nonDefaultUriAddition": {"state": "enabled"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	stacks := example(t, "", "displayName: A\nsecrets: [{name: app}]\nidentifierUris: ['https://contoso.example/a']")
	for custom, want := range map[string]int{
		`{"isEnabled": false, "restrictions": {"passwordCredentials": [{"restrictionType": "passwordAddition", "state": "disabled"}]}}`:                       2,
		`{"isEnabled": true, "restrictions": {"passwordCredentials": [{"restrictionType": "passwordAddition", "state": "disabled"}]}}`:                        1,
		`{"isEnabled": true, "restrictions": {"applicationRestrictions": {"identifierUris": {"nonDefaultUriAddition": {"state": "disabled"}}}}}`:              1,
		`{"isEnabled": true, "restrictions": {"passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P1D"}], "keyCredentials": []}}`: 3,
	} {
		r, err := byDefault.With([]byte(custom))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Refusals(stacks, func(*stack.Stack, *stack.Application) Live { return Live{} }, now); len(got) != want {
			t.Errorf("%s: %d refusals, want %d: %+v", custom, len(got), want, got)
		}
	}
}

// TestExemptCallers: a refusal names the custom security attributes that exempt a caller.
func TestExemptCallers(t *testing.T) {
	t.Parallel()
	r, err := ParseRestrictions([]byte(`{"isEnabled": true, "applicationRestrictions": {"passwordCredentials": [{"restrictionType": "passwordAddition",
		"excludeActors": {"customSecurityAttributes": [{"id": "policy_exempt", "operator": "equals", "value": "yes"}]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := r.Refusals(example(t, "", "displayName: A\nsecrets: [{name: app}]"), func(*stack.Stack, *stack.Application) Live { return Live{} }, now)
	if len(got) != 1 || len(got[0].Exempt) != 1 || got[0].Exempt[0] != "policy_exempt=yes" {
		t.Errorf("refusals %+v", got)
	}
}
