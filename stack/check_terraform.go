package stack

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mayWait are the places, below a document's spec, of values that provision does not
// need before Terraform has run.
var mayWait = map[string]*regexp.Regexp{
	"Application": regexp.MustCompile(`^/(web|spa|publicClient|identifierUris|info|servicePrincipal)/` +
		`|^/(notes|description|serviceManagementReference|defaultRedirectUri|samlMetadataUrl)$` +
		`|^/(appRoles/\d+|api/oauth2PermissionScopes/\d+)/.*(Name|[dD]escription)$` +
		`|^/federatedCredentials/\d+/(issuer|subject|description|claimsMatchingExpression/value)$` +
		`|^/secrets/\d+/sink/keyVault/vault$`),
	"User":        regexp.MustCompile(`^/(givenName|surname|jobTitle|department)$`),
	"Group":       regexp.MustCompile(`^/description$`),
	"Output":      regexp.MustCompile(`^/values/`),
	"Conformance": regexp.MustCompile(`^/url$`),
	"Terraform":   regexp.MustCompile(`^/variables/`),
}

// mayLack are the places of references that are left out of a manifest if the optional
// document they refer to is not used.
var mayLack = map[string]*regexp.Regexp{
	"Application": regexp.MustCompile(`^/(web|spa|publicClient)/redirectUris/`),
	"Conformance": regexp.MustCompile(`^/url$`),
}

func (l *loader) checkTerraform(s *loaded, t *Terraform) {
	d := s.declared["Terraform/"+t.Name]
	at := func(path ...any) Position { return l.at(s, "Terraform", t.Name, path...) }
	t.VariablePos, t.ModulePos = map[string]Position{}, map[string]Position{}
	for name := range t.Variables {
		t.VariablePos[name] = d.position("/spec" + pointer("variables", name))
	}
	for target, module := range t.Module {
		t.ModulePos[target] = at("module", target)
		if spec, _ := d.content["spec"].(map[string]any); spec["module"] == module {
			t.ModulePos[target] = at("module")
		}
		l.checkModule(t, module, t.ModulePos[target])
	}
	if ring := s.ring(t.Name); len(ring) > 0 {
		l.mistakes.add(t.Pos, "", "Terraform documents wait for each other: %s", strings.Join(ring, " → "))
	}
}

// checkModule refuses a module that is neither built in nor a folder.
func (l *loader) checkModule(t *Terraform, module string, at Position) {
	if slices.Contains(BuiltInModules, module) {
		return
	}
	if !strings.ContainsAny(module, `/\`) && module != "." && module != ".." {
		hint := oneOf(module, BuiltInModules) + "; a path begins with ./"
		l.mistakes.add(at, hint, "module %q is not built in", module)
		return
	}
	folder := module
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(t.Dir, folder)
	}
	if found, err := filepath.Glob(filepath.Join(escapeGlob(folder), "*.tf*")); err != nil || len(found) == 0 {
		message := "folder %s has no Terraform files"
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			message = "folder %s does not exist"
		}
		l.mistakes.add(at, "name a folder with a Terraform module, relative to the manifest", message, folder)
	}
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// terraformReferences returns the references to outputs that a document may contain. A
// document cannot refer to its own outputs.
func (s *loaded) terraformReferences(d *document) (known []string) {
	for _, t := range s.Terraforms {
		if d.kind != "Terraform" || d.name != t.Name {
			known = append(known, "terraform."+t.Name+".")
		}
	}
	slices.Sort(known)
	return known
}

// checkTerraformReferences refuses outputs where provision must know the value
// before Terraform has run, and collects the others.
func (l *loader) checkTerraformReferences(s *loaded, d *document) {
	spec, _ := d.content["spec"].(map[string]any)
	eachText(d.content["spec"], "", func(at, text string) {
		for _, o := range OutputsOf(text) {
			t := s.Terraform(o.Document)
			if t == nil {
				continue // reported as an unknown reference
			}
			o.Pos = d.value("/spec" + at)
			places := mayWait[d.kind]
			switch {
			case places == nil || !places.MatchString(at) || spec["existing"] == true:
				l.mistakes.add(o.Pos, "state the value", "%s cannot come from Terraform: provision must know it before Terraform runs", fieldName(strings.Split(strings.TrimPrefix(at, "/"), "/")))
			case t.Optional && d.kind == "Terraform" && !isOptional(spec), t.Optional && d.kind != "Terraform" && (mayLack[d.kind] == nil || !mayLack[d.kind].MatchString(at)):
				l.mistakes.add(o.Pos, "remove `optional: true` from it", "Terraform document %s is optional: only redirect URIs, the url of a Conformance document and other optional documents can refer to its outputs", t.Name)
			default:
				s.TerraformOutputs = append(s.TerraformOutputs, o)
			}
		}
	})
}

func isOptional(spec map[string]any) bool { return spec["optional"] == true }

// ring returns the documents through which a Terraform document depends on itself: by
// their variables, and by secrets in a vault that another document creates.
func (s *loaded) ring(name string) []string {
	var find func(from string, path []string) []string
	find = func(from string, path []string) []string {
		for _, next := range s.waitsFor(from) {
			if next == name {
				return append(path, next)
			}
			if !slices.Contains(path, next) {
				if found := find(next, append(slices.Clone(path), next)); found != nil {
					return found
				}
			}
		}
		return nil
	}
	return find(name, []string{name})
}

// waitsFor returns the Terraform documents whose outputs a document needs.
func (s *loaded) waitsFor(name string) []string {
	all := map[string]bool{}
	t := s.Terraform(name)
	if t == nil {
		return nil
	}
	for _, o := range OutputsOf(t.Variables) {
		all[o.Document] = true
	}
	eachText(t.Variables, "", func(_, text string) {
		for _, expression := range References(text) {
			path := strings.Split(expression, ".")
			if path[0] != "secrets" {
				continue
			}
			for _, a := range s.Applications {
				for _, secret := range a.Secrets {
					if secret.Name != path[len(path)-1] || len(path) == 3 && a.Name != path[1] || secret.Sink.KeyVault == nil {
						continue
					}
					for _, o := range OutputsOf(secret.Sink.KeyVault.Vault) {
						all[o.Document] = true
					}
				}
			}
		}
	})
	return slices.Sorted(maps.Keys(all))
}

// eachText visits every text in a JSON value, with its JSON pointer.
func eachText(v any, at string, visit func(at, text string)) {
	switch v := v.(type) {
	case string:
		visit(at, v)
	case []any:
		for i, e := range v {
			eachText(e, at+"/"+strconv.Itoa(i), visit)
		}
	case map[string]any:
		for _, k := range names(v) {
			eachText(v[k], at+pointer(k), visit)
		}
	}
}
