package main

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"

	"provision/internal/microsoft"
	"provision/signin"
	"provision/stack"
)

// TestSchemaOfProvisionYaml: the schema of provision.yaml and the program have the same
// clouds and credentials.
func TestSchemaOfProvisionYaml(t *testing.T) {
	t.Parallel()
	var schema struct {
		Properties struct {
			Targets struct {
				AdditionalProperties struct {
					Properties map[string]struct {
						Enum    []string
						Pattern string
					}
				}
			}
		}
	}
	if err := json.Unmarshal(stack.ConfigSchema(nil), &schema); err != nil {
		t.Fatal(err)
	}
	var clouds []string
	for _, c := range microsoft.Clouds {
		clouds = append(clouds, c.Name)
	}
	slices.Sort(clouds)
	properties := schema.Properties.Targets.AdditionalProperties.Properties
	signIn := regexp.MustCompile(properties["signIn"].Pattern)
	for _, name := range append(strings.Split(strings.TrimSuffix(signin.Names(), " or command:COMMAND"), ", "), "command:x") {
		if _, err := signin.Named(name); err != nil || !signIn.MatchString(name) {
			t.Errorf("signIn %s: %v", name, err)
		}
	}
	for property, known := range map[string][]string{"cloud": clouds, "credential": slices.Sorted(maps.Keys(credentialTypes))} {
		if diff := cmp.Diff(known, slices.Sorted(slices.Values(properties[property].Enum))); diff != "" {
			t.Errorf("%s: %s", property, diff)
		}
	}
}

// TestTargetCredentials: the credential and the cloud come from provision.yaml, and an
// incomplete credential is bad input.
func TestTargetCredentials(t *testing.T) {
	t.Parallel()
	a := &app{config: viper.New()}
	a.config.SetConfigType("yaml")
	if err := a.config.ReadConfig(strings.NewReader(`
targets:
  gov: {tenant: contoso.onmicrosoft.us, cloud: usgov, credential: azure-cli}
  half: {tenant: contoso.example, credential: certificate}
  plain: {tenant: contoso.example}
`)); err != nil {
		t.Fatal(err)
	}
	if got, _ := a.cloudOf("gov"); got.Authority() != "https://login.microsoftonline.us" || got.GraphURL() != "https://graph.microsoft.us" || got.TokenExchange != "api://AzureADTokenExchangeUSGov" {
		t.Errorf("cloud of gov: %+v", got)
	}
	if got, _ := a.cloudOf("plain"); got.Name != "public" {
		t.Errorf("cloud of plain: %+v", got)
	}
	gov, _ := a.cloudOf("gov")
	if c, err := a.credential("gov", "contoso.onmicrosoft.us", gov); err != nil || c == nil {
		t.Errorf("azure-cli: %v", err)
	}
	if _, err := a.credential("half", "contoso.example", microsoft.Clouds[0]); !errors.As(err, new(usage)) || !strings.Contains(err.Error(), "needs clientId and certificate") {
		t.Errorf("certificate: %v", err)
	}
}
