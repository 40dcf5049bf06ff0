package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// configSchema is the schema of provision.yaml without the settings, which are the flags of the
// program.
const configSchema = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"title": "provision.yaml",
	"type": "object",
	"additionalProperties": false,
	"properties": {
		"targets": {
			"description": "Tenants by name, for --target.",
			"type": "object",
			"propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$", "not": {"const": "programs"}},
			"properties": {
				"local": {
					"description": "The local tenant.",
					"type": "object",
					"additionalProperties": false,
					"properties": {"parameters": {"$ref": "#/$defs/parameters"}}
				}
			},
			"additionalProperties": {
				"type": "object",
				"additionalProperties": false,
				"required": ["tenant"],
				"properties": {
					"tenant": {
						"description": "the tenant's id (a GUID) or one of its domains, e.g. contoso.onmicrosoft.com",
						"type": "string",
						"pattern": "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,})$"
					},
					"customerOf": {
						"description": "For the tenant of a customer: the target where the multi-tenant applications that the customer gets are registered.",
						"type": "string"
					},
					"cloud": {
						"description": "The cloud that the tenant is in; default: public, or the cloud of customerOf.",
						"enum": ["public", "usgov", "usgov-dod", "china"]
					},
					"credential": {
						"description": "How to sign in; default: what azidentity's DefaultAzureCredential finds.",
						"enum": ["default", "environment", "workload-identity", "managed-identity", "azure-cli", "azure-developer-cli", "azure-powershell", "device-code", "browser", "certificate"]
					},
					"clientId": {
						"description": "The client id for the credentials workload-identity, managed-identity, device-code, browser and certificate.",
						"type": "string"
					},
					"certificate": {
						"description": "A file with a certificate and its private key (PEM or PKCS#12), for the credential certificate.",
						"type": "string"
					},
					"signIn": {
						"description": "How users sign in for verify and token: form, password, browser, device-code, or command: followed by a command that prints an access token.",
						"type": "string",
						"pattern": "^(form|password|browser|device-code|command:.+)$"
					},
					"parameters": {"$ref": "#/$defs/parameters"}
				}
			}
		}
	},
	"$defs": {
		"parameters": {
			"description": "Values of the parameters that the stacks declare.",
			"type": "object",
			"additionalProperties": {"type": ["string", "number", "boolean", "array"], "items": {"type": "string"}}
		}
	}
}`

// Config is the content of provision.yaml.
type Config struct {
	*tree
	content map[string]any
}

// Targets returns the declared targets, without the local tenant.
func (c *Config) Targets() []string {
	targets, _ := c.content["targets"].(map[string]any)
	return slices.DeleteFunc(names(targets), func(name string) bool { return name == Local })
}

// Customers returns the targets of customers' tenants, each with its home.
func (c *Config) Customers() map[string]string {
	all := map[string]string{}
	targets, _ := c.content["targets"].(map[string]any)
	for name := range targets {
		stated, _ := targets[name].(map[string]any)
		if home, ok := stated["customerOf"].(string); ok {
			all[name] = home
		}
	}
	return all
}

// checkNames refuses names of targets that differ only in letter case, because settings
// and folders of such targets cannot be distinguished on every system.
func (c *Config) checkNames() (mistakes Mistakes) {
	known := []string{Local}
	for _, name := range c.Targets() {
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) }); i >= 0 {
			mistakes.add(c.keys["/targets"+pointer(name)], "rename one of them", "targets %s and %s differ only in letter case", known[i], name)
		}
		known = append(known, name)
	}
	return mistakes
}

// checkCustomers refuses homes that are not targets, or that are customers themselves, and
// customers in the tenant of their home.
func (c *Config) checkCustomers() (mistakes Mistakes) {
	customers := c.Customers()
	for _, name := range names(customers) {
		at := c.value("/targets" + pointer(name, "customerOf"))
		switch home := customers[name]; {
		case home == name || customers[home] != "":
			mistakes.add(at, "name the target where the applications are registered", "target %s: %s is the target of a customer", name, home)
		case home != Local && !slices.Contains(c.Targets(), home):
			mistakes.add(at, oneOf(home, append([]string{Local}, c.Targets()...)), "target %s: unknown target %q", name, home)
		case home != Local && strings.EqualFold(c.tenant(name), c.tenant(home)):
			mistakes.add(c.value("/targets"+pointer(name, "tenant")), "name the tenant of the customer, or remove customerOf",
				"target %s is the tenant of target %s, which is its home", name, home)
		}
	}
	return mistakes
}

// tenant returns the id or domain of a target's tenant.
func (c *Config) tenant(target string) string {
	targets, _ := c.content["targets"].(map[string]any)
	stated, _ := targets[target].(map[string]any)
	tenant, _ := stated["tenant"].(string)
	return tenant
}

// Parameters returns the values that a target sets for parameters.
func (c *Config) Parameters(target string) (all []Given) {
	targets, _ := c.content["targets"].(map[string]any)
	stated, _ := targets[target].(map[string]any)
	parameters, _ := stated["parameters"].(map[string]any)
	for _, name := range names(parameters) {
		all = append(all, Given{Name: name, Value: parameters[name], Pos: c.value("/targets" + pointer(target, "parameters", name))})
	}
	return all
}

// ConfigSchema returns the JSON Schema (2020-12) of provision.yaml, with a property for
// each setting.
func ConfigSchema(settings map[string]map[string]any) []byte {
	var schema map[string]any
	if err := json.Unmarshal([]byte(configSchema), &schema); err != nil {
		panic(err) // the schema is part of the program
	}
	known := schema["properties"].(map[string]any)
	for name, setting := range settings {
		known[name] = setting
	}
	raw, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic(err) // the value was read from JSON
	}
	return append(raw, '\n')
}

// CheckConfig returns the content of a configuration file and every violation of its schema.
func CheckConfig(file string, raw, schema []byte) (*Config, Mistakes) {
	d := &document{tree: &tree{file: file, values: map[string]Position{}, keys: map[string]Position{}}, schema: schema}
	var root yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		return &Config{tree: &tree{}}, nil
	} else if err != nil {
		pos, message, hint := d.unreadable(raw, err)
		return nil, Mistakes{{pos, message, hint, excerpt(raw, pos)}}
	}
	if len(root.Content) == 0 || root.Content[0].ShortTag() == "!!null" {
		return &Config{tree: d.tree}, nil
	}
	content := d.plain(root.Content[0], "", nil)
	config, ok := content.(map[string]any)
	if !ok {
		d.mistakes.add(d.at(root.Content[0]), "write one `NAME: value` line for each setting", "it must be a mapping of settings")
	}
	if _, is := config["target"].(map[string]any); is {
		d.mistakes.add(d.value("/target"), "did you mean targets?", "target is the name of a target, and not a mapping")
	}
	if len(d.mistakes) > 0 {
		return nil, d.mistakes.Sorted()
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		panic(err) // the schema is from ConfigSchema
	}
	const url = "urn:provision:config"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, parsed); err != nil {
		panic(err)
	}
	d.content = maps.Clone(config)
	var invalid *jsonschema.ValidationError
	if errors.As(c.MustCompile(url).Validate(any(config)), &invalid) {
		d.explain(invalid)
	}
	read := &Config{d.tree, config}
	d.mistakes = append(d.mistakes, read.checkNames()...)
	d.mistakes = append(d.mistakes, read.checkCustomers()...)
	return read, d.mistakes.Sorted()
}

// unreadable returns where and why a file is not valid YAML.
func (t *tree) unreadable(raw []byte, err error) (pos Position, message, hint string) {
	pos = Position{File: t.file, Line: 1, Column: 1}
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return pos, fmt.Sprintf("not YAML: %v", err), ""
	}
	pos.Line, pos.Column = max(load.Mark.Line, 1), max(load.Mark.Column, 1)
	return syntax(raw, pos, load.Message)
}
