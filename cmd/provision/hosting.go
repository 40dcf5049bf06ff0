package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"provision/internal/background"
	"provision/plan"
	"provision/stack"
	"provision/terraform"
)

// hostingFlags adds the flags of commands that run Terraform.
func hostingFlags(c *cobra.Command) {
	c.Flags().Bool("install-terraform", false, "install Terraform "+terraform.Installed+" below .provision if neither terraform nor tofu is in PATH")
}

// optionalHosting is the flag of the commands that decide whether there is hosting.
func optionalHosting(c *cobra.Command) {
	c.Flags().Bool("hosting", false, "also use Terraform documents that are optional; after an apply with it they are used until destroy")
	hostingFlags(c)
}

// useHosting removes unused Terraform documents from stacks, and refuses variables and outputs
// that the modules of the other documents do not have.
func (a *app) useHosting(stacks []*stack.Stack) error {
	if !slices.ContainsFunc(stacks, func(s *stack.Stack) bool { return len(s.Terraforms) > 0 }) {
		return nil
	}
	root, err := a.targetDir()
	if err != nil {
		return err
	}
	for _, s := range stacks {
		s.WithoutTerraform(func(t *stack.Terraform) bool {
			return t.Optional && a.verb != "validate" && !a.config.GetBool("hosting") && !terraform.Exists(workspaceDir(root, s.Name, t.Name))
		})
		resolveSinks(s, func(document, output string) string {
			if t := s.Terraform(document); t != nil && t.Backend != nil {
				return "" // with asks the backend
			}
			applied, _ := terraform.Applied(workspaceDir(root, s.Name, document))
			return outputText(applied.Outputs[output])
		})
	}
	if mistakes := checkModules(stacks, a.config.GetString("target")); len(mistakes) > 0 {
		return mistakes.Sorted()
	}
	return nil
}

// workspaceDir returns the folder in which Terraform runs for a document of a stack.
func workspaceDir(targetDir, stack, document string) string {
	return filepath.Join(targetDir, "terraform", stack, document)
}

// resolveSinks replaces references to outputs in the sinks of secrets, so that the secrets can be
// read from there. value returns "" for an output that is not known.
func resolveSinks(s *stack.Stack, value func(document, output string) string) {
	for _, a := range s.Applications {
		for i, secret := range a.Secrets {
			a.Secrets[i].Sink = plan.ResolveSink(s.Name, secret.Sink, func(k plan.Key, output string) string {
				_, document, _ := strings.Cut(k.Name, "/")
				return value(document, output)
			})
		}
	}
}

// resolveRemoteSinks is resolveSinks for documents with a remote backend.
func (h *hosting) resolveRemoteSinks(ctx context.Context) error {
	var state *plan.State // of the tenant alone
	var failed error
	for _, s := range h.stacks {
		resolveSinks(s, func(document, output string) string {
			t := s.Terraform(document)
			if failed != nil || t == nil || t.Backend == nil {
				return ""
			}
			if state == nil {
				tenant, err := h.connection.graph.Tenant(ctx)
				if failed = err; err != nil {
					return ""
				}
				state = &plan.State{Tenant: plan.Tenant{ID: tenant.ID, Domain: tenant.Domain}}
			}
			outputs, err := h.outputs(ctx, s, document, state)
			if ctx.Err() != nil {
				failed = ctx.Err()
			} else if err != nil {
				h.say("warning: %s: its output %s is not known: %s", plan.TerraformKey(s.Name, document), output, oneLine(err.Error()))
			}
			return outputText(outputs[output])
		})
	}
	return failed
}

// checkModules checks the documents against the modules that a target uses.
func checkModules(stacks []*stack.Stack, target string) (mistakes stack.Mistakes) {
	add := func(pos stack.Position, hint, format string, args ...any) {
		mistakes = append(mistakes, stack.Mistake{Pos: pos, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	for _, s := range stacks {
		for _, t := range s.Terraforms {
			if t.Module.For(target) == "" {
				add(t.Pos, "add one for the target, or `default`", "Terraform document %s has no module for target %s", t.Name, target)
				continue
			}
			known := map[string]bool{}
			var used terraform.Module
			for _, of := range slices.Sorted(maps.Keys(t.Module)) {
				m, err := terraform.ReadModule(modulePath(t, t.Module[of]))
				if err != nil {
					add(t.ModulePos[of], "", "%s", oneLine(err.Error()))
					return mistakes
				}
				for name := range m.Variables {
					known[name] = true
				}
				if t.Module[of] == t.Module.For(target) {
					used = m
				}
			}
			for _, name := range slices.Sorted(maps.Keys(t.Variables)) {
				if !known[name] {
					add(t.VariablePos[name], nearestOf(name, slices.Sorted(maps.Keys(known))), "module %s has no variable %q", t.Module.For(target), name)
				} else if v := used.Variables[name]; !v.Accepts(t.Variables[name]) {
					add(t.VariablePos[name], v.Description, "variable %s of module %s has the type %s", name, t.Module.For(target), v.Type)
				}
			}
			for _, name := range used.Required() {
				if _, given := t.Variables[name]; !given {
					add(t.Pos, used.Variables[name].Description, "Terraform document %s lacks variable %s of module %s", t.Name, name, t.Module.For(target))
				}
			}
			for _, o := range s.TerraformOutputs {
				if o.Document != t.Name {
					continue
				}
				if output, gives := used.Outputs[o.Output]; !gives {
					add(o.Pos, nearestOf(o.Output, slices.Sorted(maps.Keys(used.Outputs))), "module %s has no output %q", t.Module.For(target), o.Output)
				} else if output.Sensitive {
					add(o.Pos, "use another output: sensitive values never leave Terraform", "output %s of module %s is sensitive", o.Output, t.Module.For(target))
				}
			}
		}
	}
	return mistakes
}

// nearestOf returns a hint for a name that is not known.
func nearestOf(name string, known []string) string {
	if near := stack.Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	if len(known) == 0 {
		return "it has none"
	}
	return "choose one of: " + strings.Join(known, ", ")
}

// modulePath returns the name of a document's module in package terraform.
func modulePath(t *stack.Terraform, module string) string {
	if slices.Contains(stack.BuiltInModules, module) {
		return module
	}
	if !filepath.IsAbs(module) {
		module = filepath.Join(t.Dir, module)
	}
	if abs, err := filepath.Abs(module); err == nil {
		return abs
	}
	return module
}

// answerLimit is how long a remote backend can take to answer before the recorded outputs are used.
const answerLimit = 30 * time.Second

// hosting runs Terraform for the documents of a command's stacks.
type hosting struct {
	*app
	connection *connection
	stacks     []*stack.Stack
	root       string // the folder of the target
	reviewed   bool   // only steps of the saved plan may be executed

	program *terraform.Program               // once it was looked for
	known   map[plan.Key]backendOutputs      // of remote backends that were read
	tell    func(format string, args ...any) // of progress
}

// backendOutputs are the outputs that a remote backend returned, or why it cannot be read.
type backendOutputs struct {
	outputs map[string]any
	err     error
}

func (a *app) hosting(s *connection, stacks []*stack.Stack) (*hosting, error) {
	root, err := a.targetDir()
	if err == nil {
		found, _ := fs.Glob(os.DirFS(root), "terraform/*/*") // never fails: the pattern is well-formed
		for _, workspace := range found {
			terraform.RemoveSecrets(filepath.Join(root, workspace))
		}
	}
	return &hosting{app: a, connection: s, stacks: stacks, root: root, known: map[plan.Key]backendOutputs{}}, err
}

// document finds a document by its key in a plan.
func (h *hosting) document(k plan.Key) (*stack.Stack, *stack.Terraform) {
	name, document, _ := strings.Cut(k.Name, "/")
	for _, s := range h.stacks {
		if s.Name == name {
			if t := s.Terraform(document); t != nil {
				return s, t
			}
		}
	}
	return nil, nil
}

// workspace returns the Terraform workspace of a document.
func (h *hosting) workspace(ctx context.Context, k plan.Key) (terraform.Workspace, error) {
	name, document, _ := strings.Cut(k.Name, "/")
	w := terraform.Workspace{Dir: workspaceDir(h.root, name, document), LockTimeout: h.config.GetDuration("lock-timeout"), AnswerLimit: answerLimit, Now: h.now}
	if h.program == nil {
		p, err := h.findTerraform(ctx)
		if err != nil {
			return w, err
		}
		h.program = &p
	}
	w.Program = *h.program
	exe, err := os.Executable()
	if err != nil {
		return w, err
	}
	project, err := filepath.Abs(projectFolder())
	if err != nil {
		return w, err
	}
	manifests := ""
	if h.folder != "" {
		if manifests, err = filepath.Abs(h.folder); err != nil {
			return w, err
		}
	}
	if _, t := h.document(k); t != nil && t.Module.For(h.connection.target) == "local-api" && background.Ended(filepath.Join(w.Dir, "run")) {
		w.Replace = []string{"module.hosting.terraform_data.api"}
	}
	w.Env = map[string]string{
		"PROVISION": exe, "PROVISION_MANIFESTS": manifests, "PROVISION_STACK": name, "PROVISION_TARGET": h.connection.target, "PROVISION_FROM": project,
	}
	if h.connection.local {
		w.Env["PROVISION_STATE"] = h.root
	}
	if suffix := h.suffix(); suffix != "" {
		w.Env["PROVISION_SUFFIX"] = suffix
	}
	for _, set := range h.setParameters() {
		w.Env[parameterPrefix+set.Name] = set.Value
	}
	return w, nil
}

// findTerraform finds the program, or installs it if the user requests that.
func (h *hosting) findTerraform(ctx context.Context) (terraform.Program, error) {
	p, err := terraform.Find(ctx)
	var old *terraform.TooOld
	switch {
	case err == nil:
		return p, nil
	case !errors.Is(err, terraform.ErrMissing) && !errors.As(err, &old):
		return p, err
	case h.config.GetBool("install-terraform"):
		root, err := provisionDir()
		if err != nil {
			return p, err
		}
		h.say("installing Terraform %s", terraform.Installed)
		p, err := terraform.Install(ctx, filepath.Join(root, "programs", "terraform"))
		if err != nil {
			return p, hint(err, "connect to https://releases.hashicorp.com, directly or through the proxy in HTTPS_PROXY, or install Terraform or OpenTofu in PATH; then `%s`", h.again("--install-terraform"))
		}
		return p, nil
	}
	return p, hint(fmt.Errorf("the hosting needs Terraform: %w", err), "install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org/docs/intro/install), or use --install-terraform: `%s`", h.again("--install-terraform"))
}

// outputText converts an output to text, or returns "" if it is not text.
func outputText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool, float64:
		return fmt.Sprint(v)
	}
	return ""
}

// output returns an output of a document.
func (h *hosting) output(ctx context.Context, s *stack.Stack, state *plan.State, document, output string) (string, error) {
	if text := state.Lookup(plan.TerraformKey(s.Name, document), output); text != "" {
		return text, nil
	}
	outputs, err := h.outputs(ctx, s, document, state)
	if err != nil {
		return "", err
	}
	if text := outputText(outputs[output]); text != "" {
		return text, nil
	}
	return "", hint(fmt.Errorf("terraform %s/%s is not applied: its output %s is not known", s.Name, document, output), "host it with `%s`", h.command("apply"))
}

// outputs returns the outputs of a document: from the record of the last apply on this machine, or
// from a remote backend, because other machines can apply it too. If the backend cannot be read,
// outputs uses the record and warns.
func (h *hosting) outputs(ctx context.Context, s *stack.Stack, document string, state *plan.State) (map[string]any, error) {
	k := plan.TerraformKey(s.Name, document)
	applied, exists := terraform.Applied(workspaceDir(h.root, s.Name, document))
	if t := s.Terraform(document); t == nil || t.Backend == nil {
		return applied.Outputs, nil
	}
	read, ok := h.known[k]
	if !ok {
		read.outputs, read.err = h.readOutputs(ctx, k, state)
		if ctx.Err() != nil {
			return nil, read.err
		}
		if read.err != nil && exists {
			h.say("warning: %s", staleOutputs(k, applied, read.err))
			read = backendOutputs{outputs: applied.Outputs}
		}
		h.known[k] = read
	}
	return read.outputs, read.err
}

// readOutputs reads the outputs of a document from its state.
func (h *hosting) readOutputs(ctx context.Context, k plan.Key, state *plan.State) (map[string]any, error) {
	w, err := h.workspace(ctx, k)
	if err != nil {
		return nil, err
	}
	c, err := h.readLastConfiguration(ctx, k, w, state)
	if err != nil {
		return nil, err
	}
	return w.Outputs(ctx, c)
}

// staleOutputs returns a warning that the outputs of a document may not be current, with the reason.
func staleOutputs(k plan.Key, applied terraform.Record, why error) string {
	when := ""
	if !applied.Time.IsZero() {
		when = " of " + applied.Time.UTC().Format("2006-01-02 15:04 UTC")
	}
	return fmt.Sprintf("%s: the outputs are those of this machine's last apply%s, because the backend cannot be read: %s", k, when, oneLine(why.Error()))
}

// hosted returns a document whose url has the outputs that it refers to.
func (s *connection) hosted(ctx context.Context, st *stack.Stack, document *stack.Conformance) (*stack.Conformance, error) {
	if len(stack.OutputsOf(document.URL)) == 0 {
		return document, nil
	}
	state, err := s.read(ctx, []*stack.Stack{st})
	if err != nil {
		return nil, err
	}
	url, err := resolver{ctx: ctx, connection: s, state: state, stack: st}.text(document.URL)
	if err != nil {
		return nil, err
	}
	placed := *document
	placed.URL = url
	return &placed, checkURL(document.Pos.String()+": url "+url, url)
}
