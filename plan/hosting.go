package plan

import (
	"fmt"
	"slices"
	"strings"

	"provision/stack"
)

// TerraformKey names the hosting of a Terraform document.
func TerraformKey(stack, document string) Key { return Key{Terraform, stack + "/" + document} }

// Hosting contains the actions of Terraform for a document.
type Hosting struct {
	Module    string            `json:"module,omitempty"` // "" where only the state is known
	Resources []HostingResource `json:"resources,omitempty"`

	// Later is the reason if Terraform cannot plan before the registrations exist, or
	// "".
	Later string `json:"later,omitempty"`

	// ChangedOutputs are the values of outputs that change. The path begins with the
	// name of the output.
	ChangedOutputs []HostingAttribute `json:"changedOutputs,omitempty"`

	// Outputs are the names of the outputs after the apply.
	Outputs []string `json:"outputs,omitempty"`
}

// HostingResource is a Terraform resource that changes.
type HostingResource struct {
	Address    string             `json:"address"`
	Action     Action             `json:"action"` // create, update, replace or delete
	Attributes []HostingAttribute `json:"attributes,omitempty"`
}

// HostingAttribute is an attribute of a resource that changes.
type HostingAttribute struct {
	Path      string `json:"path"`
	From      any    `json:"from,omitempty"`
	To        any    `json:"to,omitempty"`
	Unknown   bool   `json:"knownAfterApply,omitempty"` // To is known only afterwards
	Sensitive bool   `json:"sensitive,omitempty"`       // From and To are left out
}

// Empty reports whether Terraform has nothing to do. If outputs change, an apply must
// record them.
func (h *Hosting) Empty() bool {
	return h == nil || h.Later == "" && len(h.Resources) == 0 && len(h.ChangedOutputs) == 0
}

// String returns the counts of actions, like Terraform.
func (h *Hosting) String() string {
	if h.Later != "" {
		return "planned when the registrations exist: " + h.Later
	}
	var add, change, destroy int
	for _, r := range h.Resources {
		switch r.Action {
		case Create:
			add++
		case Delete:
			destroy++
		case Replace:
			add, destroy = add+1, destroy+1
		default:
			change++
		}
	}
	return fmt.Sprintf("%d to add, %d to change, %d to destroy", add, change, destroy)
}

// terraform declares the hosting of a document.
func (d *declaration) terraform(s *stack.Stack, t *stack.Terraform) {
	d.add(&Declared{Object: Object{Key: TerraformKey(s.Name, t.Name), Stack: s.Name}, pos: t.Pos, needs: d.referred(s, t.Variables)})
}

// referred returns the objects whose values the variables of a Terraform document contain.
func (d *declaration) referred(s *stack.Stack, v any) (all []Key) {
	add := func(k Key) {
		if !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	stack.EachReference(v, func(expression string) {
		parts := strings.Split(expression, ".")
		switch parts[0] {
		case "applications":
			add(d.applicationKey(s, parts[1]))
		case "users":
			add(d.userKey(s, parts[1]))
		case "terraform":
			add(TerraformKey(s.Name, parts[1]))
		case "secrets":
			for _, a := range s.Applications {
				if len(parts) == 3 && a.Name != parts[1] {
					continue
				}
				for _, secret := range a.Secrets {
					if secret.Name == parts[len(parts)-1] {
						add(SecretKey(d.applicationKey(s, a.Name), secret.Name))
					}
				}
			}
		}
	})
	return all
}

// terraform creates the step of a Terraform document from Terraform's plan.
func (d *differ) terraform(want *Declared, live *Live) {
	h := d.actual.Hosting[want.Key]
	if h.Empty() {
		return
	}
	s := Step{Action: Update, Key: want.Key, Stack: want.Stack, Hosting: h, Needs: want.needs}
	if live == nil {
		s.Action = Create
	} else {
		s.ID = live.ID
	}
	d.step(s)
}

// host finds the dependencies of hosting steps: everything that the stack creates or
// changes without waiting for hosting itself, and the objects in the variables. The
// dependencies of all other steps are already known.
func (g *stepGraph) host(i int, s Step) {
	for _, k := range s.Needs {
		g.needs(i, g.admits[k])
	}
	waits := map[int]bool{}
	for _, j := range g.rest[s.Stack] {
		switch phase := g.steps[j].phase(); {
		case g.waitsForHosting(j, waits):
		case phase == create || phase == update:
			g.needs(i, []int{j})
		default:
			g.after(i, []int{j})
		}
	}
}

// waitsForHosting reports whether a step is a hosting step or waits for one.
func (g *stepGraph) waitsForHosting(i int, known map[int]bool) bool {
	waits, is := known[i]
	if is {
		return waits
	}
	known[i] = false // of a step that waits for itself
	waits = g.steps[i].Kind == Terraform
	for _, j := range slices.Concat(g.edges[i].Needs, g.edges[i].After) {
		waits = waits || j != i && g.waitsForHosting(j, known)
	}
	known[i] = waits
	return waits
}

// needsHosting reports whether a step of another kind needs an output of Terraform. It
// comes after all steps that need none, even if both write to one object.
func (s Step) needsHosting() bool {
	return s.Kind != Terraform && slices.ContainsFunc(s.Needs, func(k Key) bool { return k.Kind == Terraform })
}

// sinkNeeds returns the hosting whose output determines the sink of a secret.
func (d *declaration) sinkNeeds(s *stack.Stack, sink stack.Sink) []Key {
	if sink.KeyVault == nil {
		return nil
	}
	return d.referred(s, sink.KeyVault.Vault)
}

// ResolveSink replaces the references to outputs of Terraform that lookup knows in a
// sink.
func ResolveSink(of string, sink stack.Sink, lookup func(k Key, property string) string) stack.Sink {
	if !sink.Waits() {
		return sink
	}
	vault := *sink.KeyVault
	vault.Vault = stack.Expand(vault.Vault, func(expression string) (string, bool) {
		document, output, ok := stack.ReferredOutput(expression)
		if !ok {
			return "", false
		}
		value := lookup(TerraformKey(of, document), output)
		return value, value != ""
	})
	return stack.Sink{KeyVault: &vault}
}
