package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/viper"

	"provision/plan"
	"provision/stack"
)

// TestTargetNamesAreExact: another spelling of a customer target is not an ordinary target.
func TestTargetNamesAreExact(t *testing.T) {
	t.Parallel()
	const config = `targets:
  production: {tenant: contoso.example}
  fabrikam: {tenant: fabrikam.example, customerOf: production}
  northwind: {tenant: northwind.example, customerOf: local}
`
	file, mistakes := stack.CheckConfig("provision.yaml", []byte(config), stack.ConfigSchema(nil))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for typed, want := range map[string]string{"Fabrikam": "fabrikam", "FABRIKAM": "fabrikam", "Northwind": "northwind", "Local": "local", "PRODUCTION": "production"} {
		a := &app{config: viper.New(), file: file, invocation: invocation{state: t.TempDir()}}
		a.config.SetConfigType("yaml")
		if err := a.config.ReadConfig(strings.NewReader(config)); err != nil {
			t.Fatal(err)
		}
		a.config.Set("target", typed)
		_, err := a.connectToWrite(context.Background())
		var with hinted
		if !errors.As(err, new(usage)) || !errors.As(err, &with) || with.hint != "did you mean --target "+want+"?" {
			t.Errorf("--target %s: %v", typed, err)
		}
		a.config.Set("target", want)
		if _, err := a.targetDir(); err != nil {
			t.Errorf("--target %s: %v", want, err)
		}
	}
}

// TestPreventDeleteHoldsForFormerCustomers: prevent: [delete] also protects the objects of a customer
// that the manifest no longer lists.
func TestPreventDeleteHoldsForFormerCustomers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const manifests = `apiVersion: provision/v1
kind: Stack
metadata: {name: shop}
---
apiVersion: provision/v1
kind: Application
metadata: {name: worker, prevent: [delete], renamedFrom: robot}
spec: {displayName: Worker, signInAudience: AzureADMultipleOrgs, customers: [c2]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: client}
spec: {displayName: Client, signInAudience: AzureADMultipleOrgs, customers: [c2]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: batch, targets: [home], prevent: [delete]}
spec: {displayName: Batch}
`
	if err := os.WriteFile(filepath.Join(dir, "stack.yaml"), []byte(manifests), 0o600); err != nil {
		t.Fatal(err)
	}
	stage := stack.Stage{Target: "c1", Targets: []string{"home", "other", "c1", "c2"}, Customers: map[string]string{"c1": "home", "c2": "home"}}
	stacks, err := stack.Load(dir, stage)
	if err != nil {
		t.Fatal(err)
	}
	forbids := prevented(stacks, plan.Tenant{})
	for name, want := range map[string]bool{"shop.robot": true, "shop.client": false} {
		step := plan.Step{Action: plan.Delete, Key: plan.Key{Kind: plan.ServicePrincipal, Name: name}, Stack: "shop", Customer: true}
		if forbids(step) != want {
			t.Errorf("deleting %s is prevented: %t, want %t", name, !want, want)
		}
	}
	stage.Target = "other"
	if stacks, err = stack.Load(dir, stage); err != nil {
		t.Fatal(err)
	}
	if !prevented(stacks, plan.Tenant{})(plan.Step{Action: plan.Delete, Key: plan.Key{Kind: plan.Application, Name: "shop.batch"}, Stack: "shop"}) {
		t.Error("metadata.targets removes the protection of shop.batch")
	}
}
