package directory

import (
	"fmt"
	"strings"
	"testing"
)

func credential(name, subject string) FederatedIdentityCredential {
	return FederatedIdentityCredential{Name: name, Issuer: "https://token.example", Subject: &subject, Audiences: []string{"api://AzureADTokenExchange"}}
}

func TestFederatedCredentialsThatEntraRefuses(t *testing.T) {
	t.Parallel()
	const invalid = "400 InvalidFederatedIdentityCredentialValue"
	long := strings.Repeat("x", 601)
	for _, test := range []struct {
		name   string
		change func(*FederatedIdentityCredential)
		want   string
	}{
		{"a workload's", func(*FederatedIdentityCredential) {}, ""},
		{"a matching expression in place of a subject", func(f *FederatedIdentityCredential) {
			f.Subject, f.ClaimsMatchingExpression = nil, &ClaimsMatchingExpression{1, "claims['sub'] matches 'repo:*'"}
		}, ""},
		{"a matching expression beside a subject", func(f *FederatedIdentityCredential) {
			f.ClaimsMatchingExpression = &ClaimsMatchingExpression{1, "claims['sub'] matches 'repo:*'"}
		}, invalid},
		{"a matching expression of another language", func(f *FederatedIdentityCredential) {
			f.Subject, f.ClaimsMatchingExpression = nil, &ClaimsMatchingExpression{2, "claims['sub'] matches 'repo:*'"}
		}, invalid},
		{"a matching expression that cannot be read", func(f *FederatedIdentityCredential) {
			f.Subject, f.ClaimsMatchingExpression = nil, &ClaimsMatchingExpression{1, "claims['sub'] like 'repo:*'"}
		}, invalid},
		{"GitHub's workflow in an expression", func(f *FederatedIdentityCredential) {
			f.Issuer, f.Subject = "https://token.actions.githubusercontent.com", nil
			f.ClaimsMatchingExpression = &ClaimsMatchingExpression{1, "claims['sub'] matches 'repo:contoso/*' and claims['job_workflow_ref'] eq 'contoso/x'"}
		}, ""},
		{"GitHub's actor in an expression", func(f *FederatedIdentityCredential) {
			f.Issuer, f.Subject = "https://token.actions.githubusercontent.com", nil
			f.ClaimsMatchingExpression = &ClaimsMatchingExpression{1, "claims['actor'] eq 'ada'"}
		}, invalid},
		{"a taken name", func(f *FederatedIdentityCredential) { f.Name, f.Subject = "Main", ptr("other") },
			"409 Request_MultipleObjectsWithSameKeyValue: FederatedIdentityCredential with name Main already exists."},
		{"a taken issuer and subject", func(f *FederatedIdentityCredential) { f.Subject = ptr("repo:main") },
			invalid + ": The combination of issuer and subject must be unique for the application. Issuer https://token.example and Subject: repo:main already exist."},
		{"the same subject in another case", func(f *FederatedIdentityCredential) { f.Subject = ptr("repo:Main") }, ""},
		{"no name", func(f *FederatedIdentityCredential) { f.Name = "" }, invalid},
		{"a name with a slash", func(f *FederatedIdentityCredential) { f.Name = "a/b" }, invalid},
		{"a name of 120 characters", func(f *FederatedIdentityCredential) { f.Name = long[:120] }, ""},
		{"a name of 121 characters", func(f *FederatedIdentityCredential) { f.Name = long[:121] }, invalid},
		{"an issuer over http", func(f *FederatedIdentityCredential) { f.Issuer = "http://token.example" }, invalid},
		{"no issuer", func(f *FederatedIdentityCredential) { f.Issuer = "" }, invalid},
		{"no subject", func(f *FederatedIdentityCredential) { f.Subject = nil }, invalid},
		{"a subject of 601 characters", func(f *FederatedIdentityCredential) { f.Subject = &long }, invalid},
		{"no audience", func(f *FederatedIdentityCredential) { f.Audiences = nil }, invalid},
		{"two audiences", func(f *FederatedIdentityCredential) { f.Audiences = []string{"a", "b"} }, invalid},
		{"an audience of 601 characters", func(f *FederatedIdentityCredential) { f.Audiences = []string{long} }, invalid},
		{"a description of 601 characters", func(f *FederatedIdentityCredential) { f.Description = &long }, invalid},
	} {
		b := inMemory(t)
		app := b.application(&Application{DisplayName: "orders"})
		err := b.Update(func(tx *Tx) error {
			if _, err := tx.AddFederatedCredential(app.ID, credential("main", "repo:main")); err != nil {
				return err
			}
			f := credential("other", "repo:other")
			test.change(&f)
			_, err := tx.AddFederatedCredential(app.ID, f)
			return err
		})
		check(t, test.name, err, test.want)
	}
}

func TestFederatedCredentialsOfAnApplication(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	app := b.application(&Application{DisplayName: "orders"})
	var first FederatedIdentityCredential
	b.update(func(tx *Tx) (err error) {
		for i := range maxFederatedCredentials {
			added, err := tx.AddFederatedCredential(app.ID, credential(fmt.Sprint("c", i), fmt.Sprint("s", i)))
			if err != nil {
				return err
			}
			if i == 0 {
				first = added
			}
		}
		return nil
	})
	check(t, "a 21st", b.Update(func(tx *Tx) error {
		_, err := tx.AddFederatedCredential(app.ID, credential("more", "more"))
		return err
	}), "limited to 20")
	renamed, clashing, moved := first, first, first
	renamed.Name, clashing.Subject, moved.Subject = "other", ptr("s1"), ptr("moved")
	check(t, "another name", b.Update(func(tx *Tx) error { return tx.UpdateFederatedCredential(app.ID, renamed) }), "read-only")
	check(t, "another's subject", b.Update(func(tx *Tx) error { return tx.UpdateFederatedCredential(app.ID, clashing) }), "must be unique")
	check(t, "its own values again", b.Update(func(tx *Tx) error { return tx.UpdateFederatedCredential(app.ID, first) }), "")
	check(t, "another subject", b.Update(func(tx *Tx) error { return tx.UpdateFederatedCredential(app.ID, moved) }), "")
	if all := b.FederatedCredentials(app.ID); len(all) != 20 || *all[0].Subject != "moved" {
		t.Errorf("the credentials are %v", all)
	}
	b.update(func(tx *Tx) error {
		changed, _ := tx.Application(app.ID)
		changed = changed.Clone()
		changed.FederatedCredentials, changed.Notes = nil, ptr("x")
		return tx.UpdateApplication(changed)
	})
	check(t, "taking one away", b.Update(func(tx *Tx) error { return tx.RemoveFederatedCredential(app.ID, first.ID) }), "")
	check(t, "taking it away again", b.Update(func(tx *Tx) error { return tx.RemoveFederatedCredential(app.ID, first.ID) }), "404")
	if all := b.FederatedCredentials(app.ID); len(all) != 19 {
		t.Errorf("%d credentials are left", len(all))
	}
	b.update(func(tx *Tx) error { return tx.DeleteApplication(app.ID) })
	if all := b.FederatedCredentials(app.ID); all != nil {
		t.Errorf("an application in the recycle bin has %v", all)
	}
}
