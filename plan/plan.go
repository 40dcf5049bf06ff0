package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"provision/stack"
)

// Plan contains the ordered steps that change a tenant to the state that the stacks declare.
type Plan struct {
	Tenant  Tenant   `json:"tenant"`
	Stacks  []string `json:"stacks"`
	Steps   []Step   `json:"steps"`
	Files   []File   `json:"files,omitempty"`   // Output files, written after the tenant is changed
	Orphans []string `json:"orphans,omitempty"` // stacks that the tenant contains and no manifest declares
	Notes   []string `json:"notes,omitempty"`
	// Warnings are about settings that Entra accepts, and about steps, that probably do not have
	// the intended effect.
	Warnings []string `json:"warnings,omitempty"`

	Foreign    []Foreign  `json:"foreign,omitempty"`    // owners and credentials that no manifest declares
	Distrusted Distrusted `json:"distrusted,omitempty"` // the reason if it is not executed

	names map[string]string

	// environments are the orphans that are environments of a declared stack, or the
	// stack of a declared environment. The plan must not suggest to destroy them.
	environments map[string]bool
	protected    map[string]bool // the orphans with a mark of protection

	// DestroyCommand returns the command that destroys a stack of the same tenant.
	DestroyCommand func(stack string) string `json:"-"`
}

// File is an Output file that the plan writes or removes.
type File struct {
	Action FileAction `json:"action"`
	Path   string     `json:"path"`
	Stack  string     `json:"stack"`
	Secret bool       `json:"secret,omitempty"` // it contains a secret or a password
}

// FileAction is the action on an Output file.
type FileAction string

// The actions on an Output file.
const (
	Write  FileAction = "write"
	Remove FileAction = "remove"
)

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 && len(p.Files) == 0 }

// Options control actions of a plan that the manifests do not declare.
type Options struct {
	Destroy        []string // stacks to destroy, even if the manifests declare them
	KeepDeleted    bool     // leave the deleted objects in the recycle bin
	Force          bool     // even if another stack still refers to it
	ResetPasswords bool     // give a new password to a user whose password is not known
	Prune          []string // stacks whose unknown credentials are removed

	// Deleted determines, by stack, what happens to a deleted object that holds a name which
	// the stack needs: RestoreDeleted (the default), PurgeDeleted or RefuseDeleted.
	Deleted map[string]string

	AllowForeignOwners bool // give roles and consent also to objects that somebody else controls

	ApplyCommand string // the command that notes name; default "provision apply"
}

// Diff plans the changes of a tenant to the state that the stacks declare. Objects that
// a stack owns and no longer declares are deleted. Stacks that are neither in stacks
// nor in Options.Destroy do not change and are listed in Plan.Orphans. The error is
// stack.Mistakes if the manifests do not fit this tenant.
func Diff(stacks []*stack.Stack, actual *State, o Options) (*Plan, error) {
	declaration, err := declare(stacks, actual)
	if err != nil {
		return nil, err
	}
	declared := declaration.objects
	d := &differ{actual: actual, declared: declared, trusted: declaration.trusted, options: o, managed: map[string]bool{}, going: map[Key]bool{}, waiting: map[Key]bool{},
		plan: &Plan{Tenant: actual.Tenant, Steps: []Step{}, Notes: slices.Concat(actual.Notes, declaration.notes), Warnings: actual.Warnings, names: names(actual)}}
	for _, s := range stacks {
		d.managed[s.Name] = true
	}
	for _, name := range o.Destroy {
		d.managed[name] = true
	}
	d.plan.Stacks = sorted(d.managed)
	d.orphans(stacks)
	for k, live := range actual.Objects {
		if live.elsewhere() {
			continue
		}
		if _, keep := declared[k]; !keep && live.Stack != "" && d.managed[live.Stack] && !(k.Kind == Owner && d.trusts(live)) &&
			!declaration.left[k] && !d.survivesAdoption(live) {
			d.going[k] = true
		}
	}
	if mistakes := d.renamed(stacks); len(mistakes) > 0 {
		return nil, mistakes.Sorted()
	}
	d.noteRenames(stacks)
	if err := d.refused(); err != nil {
		return nil, err
	}
	for _, k := range keys(declared) {
		comparisons[k.Kind](d, declared[k], actual.Objects[k])
	}
	for _, k := range keys(d.going) {
		d.delete(actual.Objects[k])
	}
	if err := d.bin(); err != nil {
		return nil, err
	}
	if len(d.restores) > 0 {
		d.plan.Steps = d.restores
		d.plan.Notes = append([]string{"apply restores these objects first, and then plans the rest, because their content is not known before"}, d.plan.Notes...)
		return d.plan, nil
	}
	if len(d.mistakes) > 0 {
		return nil, d.mistakes.Sorted()
	}
	if len(d.ambiguous) > 0 {
		return nil, d.ambiguous[0]
	}
	if mistakes := d.unresolved(); len(mistakes) > 0 {
		return nil, mistakes.Sorted()
	}
	d.foreign()
	d.plan.Steps = sortSteps(d.plan.Steps)
	d.passwords()
	return d.plan, nil
}

type differ struct {
	actual   *State
	declared map[Key]*Declared
	trusted  map[Key]map[string]bool // see declaration

	waiting   map[Key]bool // see waitsForOthers
	revokedOf map[Key]bool // see revoked
	restores  []Step
	ambiguous []Ambiguous
	mistakes  stack.Mistakes // mistakes in the manifests that comparing has found
	options   Options
	managed   map[string]bool
	going     map[Key]bool
	plan      *Plan
}

// step adds a step, with its needs and the clients that it pre-authorizes.
func (d *differ) step(s Step) {
	needs := func(k Key) {
		if k != s.Key && !slices.Contains(s.Needs, k) {
			s.Needs = append(s.Needs, k)
		}
	}
	for _, u := range s.unknowns() {
		for _, n := range u.needs() {
			needs(n.object())
		}
	}
	if want := d.declared[s.Key]; s.Kind == Application && want != nil {
		s.Clients = d.newClients(s, want)
	}
	d.plan.Steps = append(d.plan.Steps, s)
}

// unknowns returns the values that the step depends on.
func (s Step) unknowns() []Unknown {
	var all []Unknown
	for _, b := range s.Bodies {
		all = append(all, Unknowns(b)...)
	}
	for _, r := range []Ref{s.Refs.Resource, s.Refs.Principal} {
		if s.Action == Create && r.ID == "" && r.Name != "" {
			all = append(all, Reference(r.Key, r.Property))
		}
	}
	return all
}

// object returns the object that makes the property known. The id of a service principal
// comes from the service principal and not from its application.
func (n need) object() Key {
	if n.property == ServicePrincipalID {
		return Key{ServicePrincipal, n.key.Name}
	}
	return n.key
}

// unresolved are the values that steps depend on and that no step of the plan makes
// known. They are found here, so that an apply does not stop halfway.
func (d *differ) unresolved() (mistakes stack.Mistakes) {
	made := map[Key]bool{}
	for _, s := range d.plan.Steps {
		if s.Action == Create || s.Kind == Terraform && s.Action == Update {
			made[s.Key] = true
		}
	}
	said := map[string]bool{}
	for _, s := range d.plan.Steps {
		for _, u := range s.unknowns() {
			for _, need := range u.needs() {
				what, hint := "object", "create it in the tenant first, or remove the reference to it"
				switch need.property {
				case ServicePrincipalID:
					what = "service principal"
				case AppID:
					what = "registration"
				}
				message := fmt.Sprintf("%s %s needs %s, whose %s the tenant does not have", s.Key.Kind, cmp.Or(s.Display, s.Name), need.key, what)
				if need.key.Kind == Terraform {
					message = fmt.Sprintf("%s %s needs output %s of %s, which has no value", s.Key.Kind, cmp.Or(s.Display, s.Name), need.property, need.key)
					hint = "the module must give the output a value"
				}
				if made[need.object()] || said[message] {
					continue
				}
				said[message] = true
				m := stack.Mistake{Message: message, Hint: hint}
				if o := d.declared[s.Key]; o != nil {
					m.Pos = o.pos
				}
				mistakes = append(mistakes, m)
			}
		}
	}
	return mistakes
}

// survivesAdoption reports whether a live object is a federated credential of an
// application that is being adopted: adoption never removes a way to sign in.
func (d *differ) survivesAdoption(live *Live) bool {
	resource := d.actual.Objects[live.Ends.Resource]
	return live.Kind == Federated && resource != nil && resource.Adopted
}

// orphans lists the stacks in the tenant that no manifest declares. An apply of
// other stacks never deletes their objects.
func (d *differ) orphans(stacks []*stack.Stack) {
	seen := map[string]bool{}
	for _, o := range d.actual.Objects {
		if o.Stack != "" && !d.managed[o.Stack] {
			seen[o.Stack] = true
		}
	}
	d.plan.Orphans = sorted(seen)
	declared := map[string]bool{}
	for _, s := range stacks {
		declared[withoutSuffix(s.Name, s.Environment)] = true
	}
	environments := map[string]string{} // stack → suffix
	for k, o := range d.actual.Objects {
		if k.Kind == Application && seen[o.Stack] && environments[o.Stack] == "" {
			var tags []string
			for _, tag := range list(o.Properties, "tags") {
				if name, ok := tag.(string); ok {
					tags = append(tags, name)
				}
			}
			environments[o.Stack] = stack.LifespanOf(o.Stack, [][]string{tags}).Environment
		}
	}
	d.plan.environments, d.plan.protected = map[string]bool{}, map[string]bool{}
	for name := range seen {
		d.plan.protected[name] = HasPreventMark(d.actual, name)
		d.plan.environments[name] = declared[withoutSuffix(name, environments[name])]
	}
}

// withoutSuffix returns the name of the stack whose environment has this suffix.
func withoutSuffix(name, suffix string) string {
	if suffix == "" {
		return name
	}
	return strings.TrimSuffix(name, "-"+suffix)
}

// Refused is the error for an object that is to be deleted and is still in use
// elsewhere.
type Refused struct {
	Name string // of the application
	By   []string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("application %s is still used by %s", r.Name, strings.Join(r.By, ", "))
}

func (d *differ) refused() error {
	if d.options.Force {
		return nil
	}
	users := map[string]map[string]bool{} // appId → the stacks that refer to it
	for _, o := range d.actual.Objects {
		if o.Kind != Application || o.Stack == "" || d.managed[o.Stack] {
			continue
		}
		refers := func(appID string) {
			if users[appID] == nil {
				users[appID] = map[string]bool{}
			}
			users[appID]["application "+o.Name+" of stack "+o.Stack] = true
		}
		for _, e := range list(o.Properties, "requiredResourceAccess") {
			refers(text(e.(map[string]any), "resourceAppId"))
		}
		for _, e := range list(sub(o.Properties, "api"), "preAuthorizedApplications") {
			refers(text(e.(map[string]any), "appId"))
		}
	}
	for _, k := range keys(d.going) {
		if k.Kind != Application {
			continue
		}
		if by := users[d.actual.Objects[k].AppID]; len(by) > 0 {
			return &Refused{Name: k.Name, By: sorted(by)}
		}
	}
	return nil
}

// keys returns the keys sorted by kind, in the order of creation, and then by name.
func keys[V any](m map[Key]V) []Key {
	all := make([]Key, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b Key) int {
		if c := a.Kind.order() - b.Kind.order(); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

// names maps the ids in properties to names for display.
func names(s *State) map[string]string {
	m := map[string]string{}
	for k, o := range s.Objects {
		if k.Kind != Application {
			continue
		}
		name := cmp.Or(o.Display, k.Name)
		m[o.AppID] = name
		for _, e := range list(sub(o.Properties, "api"), "oauth2PermissionScopes") {
			m[text(e.(map[string]any), "id")] = text(e.(map[string]any), "value")
		}
		for _, e := range list(o.Properties, "appRoles") {
			m[text(e.(map[string]any), "id")] = text(e.(map[string]any), "value")
		}
	}
	return m
}
