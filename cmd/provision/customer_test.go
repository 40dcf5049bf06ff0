package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/viper"

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
