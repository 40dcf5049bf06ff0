package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads every stack at or below dir for the stage. If the manifests contain
// mistakes, the error is Mistakes.
func Load(dir string, stage Stage) ([]*Stack, error) {
	folders, odd, err := find(dir)
	if err != nil {
		return nil, Mistakes{{Pos: Position{File: dir}, Message: strings.TrimPrefix(err.Error(), dir+": "),
			Hint: folderHint(dir)}}
	}
	l := &loader{root: dir, stage: stage, mistakes: odd, stacks: map[string]*loaded{}, byFolder: map[*folder][]*loaded{}, upns: map[string]upn{}, sinks: map[string]string{}, files: map[string]fileUse{}}
	var documents []source
	for _, f := range folders {
		for _, file := range f.files {
			read, mistakes := sources(f, file)
			documents = append(documents, read...)
			l.mistakes = append(l.mistakes, mistakes...)
		}
	}
	for _, d := range documents {
		if d.kind() == "Stack" {
			l.begin(d)
		}
	}
	l.checkGiven()
	for _, d := range documents {
		if d.kind() != "Stack" {
			l.add(d)
		}
	}
	l.suffix()
	lacking := l.lacking(folders)
	for _, name := range slices.Sorted(maps.Keys(l.stacks)) {
		if !lacking[l.stacks[name]] {
			l.check(l.stacks[name])
		}
	}
	if len(l.mistakes) == 0 && len(l.stacks) == 0 {
		l.mistakes.add(Position{File: dir}, createHint+"; `provision import` writes manifests for registrations that exist",
			"contains no manifests: provision reads the .yaml and .yml files of a folder and its subfolders%s", insteadOfManifests(dir, folders))
	}
	if len(l.mistakes) > 0 {
		return nil, l.mistakes.Sorted()
	}
	var all []*Stack
	for _, name := range slices.Sorted(maps.Keys(l.stacks)) {
		if home := stage.Home(); home != "" {
			l.stacks[name].forCustomer(home, stage.target())
		}
		all = append(all, l.stacks[name].Stack)
	}
	return all, nil
}

// lacking returns the stacks of which a document could not be read. An unknown name may be
// in this document.
func (l *loader) lacking(folders []*folder) map[*loaded]bool {
	all := map[*loaded]bool{}
	for _, f := range folders {
		for above := f; above != nil && f.unreadable; above = above.above {
			for _, s := range l.byFolder[above] {
				all[s] = true
			}
			if l.byFolder[above] != nil {
				break
			}
		}
	}
	return all
}

// lacks reports whether a document in the folder, or above it, could not be read.
func (f *folder) lacks() bool {
	for ; f != nil; f = f.above {
		if f.unreadable {
			return true
		}
	}
	return false
}

type loader struct {
	root     string
	stage    Stage
	stacks   map[string]*loaded
	byFolder map[*folder][]*loaded // a stack has several instances
	declared []string              // the parameters of all stacks
	upns     map[string]upn
	sinks    map[string]string // sink → the secret that is stored in it
	files    map[string]fileUse
	mistakes Mistakes
}

// loaded is a stack with its documents.
type loaded struct {
	*Stack
	document     *document            // its own document
	scope        *scope               // the values of references in its documents
	plainName    string               // without the suffix of the stage
	declared     map[string]*document // kind/name → its document
	applications map[string]*Application
	users        map[string]*User
	groups       map[string]*Group
	references   []string // to applications, once they were asked for
}

type upn struct {
	stack    string
	existing bool
	pos      Position
}

// begin reads the document of a stack, once for each of its instances.
func (l *loader) begin(from source) {
	first := l.byFolder[from.folder]
	for _, in := range l.scopes(from) {
		d, mistakes := from.read(in.scope)
		l.mistakes = append(l.mistakes, mistakes...)
		if d == nil {
			continue
		}
		if first != nil {
			l.mistakes.add(d.pos(), "put each stack in a separate folder", "this folder contains a second Stack (the first is %s)", first[0].Name)
			return
		}
		name, plain := in.name(d.name, l.stage.Suffix), in.name(d.name, "")
		if !ValidName(name) {
			l.mistakes.add(d.pos(), "use a shorter name", "stack %s: the name is longer than 60 characters", name)
			continue
		}
		s := &loaded{Stack: &Stack{Name: name, Environment: l.stage.Suffix, Expires: l.stage.Expires}, document: d, scope: in.scope, plainName: plain, declared: map[string]*document{},
			applications: map[string]*Application{}, users: map[string]*User{}, groups: map[string]*Group{}}
		l.byFolder[d.folder] = append(l.byFolder[d.folder], s)
		var spec struct {
			Description, Prune, Deleted string
			Deployers                   []string
		}
		l.into(d, &spec)
		s.Description, s.Prune, s.Deleted, s.Deployers = spec.Description, spec.Prune, spec.Deleted, spec.Deployers
		s.Protection = d.protection()
		s.Exceptions = l.exceptions(d)
		if other := l.stacks[name]; other != nil {
			l.mistakes.add(d.pos(), "rename one of them: the name of a stack marks the objects that it owns", "stack %s is also declared in another folder", name)
			continue
		}
		l.stacks[name] = s
	}
}

// into decodes a document's spec.
func (l *loader) into(d *document, spec any) {
	if err := d.into(spec); err != nil && !d.broken {
		l.mistakes.add(d.pos(), "", "%v", err)
	}
}

// add reads a document into every instance of its stack.
func (l *loader) add(from source) {
	var stacks []*loaded
	for f := from.folder; f != nil && stacks == nil; f = f.above {
		stacks = l.byFolder[f]
	}
	for _, s := range stacks {
		d, mistakes := from.read(s.scope)
		l.mistakes = append(l.mistakes, mistakes...)
		if d != nil {
			l.declare(s, d)
		}
	}
	if stacks != nil {
		return
	}
	d, mistakes := from.read(&scope{stage: l.stage, any: true})
	l.mistakes = append(l.mistakes, mistakes...)
	if d == nil || d.folder.lacks() {
		return // its Stack document may be the one that could not be read
	}
	l.mistakes.add(d.position("/kind"), "add a document `kind: Stack` to the folder", "%s %s belongs to no stack", d.kind, d.name)
}

// declare adds a document to a stack.
func (l *loader) declare(s *loaded, d *document) {
	if d.excluded || s.document.excluded {
		e := Excluded{Kind: d.kind, Name: d.name, Pos: d.pos(), Protection: d.protection()}
		spec, _ := d.content["spec"].(map[string]any)
		e.UserPrincipalName, _ = spec["userPrincipalName"].(string)
		s.Excluded = append(s.Excluded, e)
		return
	}
	key := d.kind + "/" + d.name
	if first := s.declared[key]; first != nil {
		l.mistakes.add(d.pos(), "remove one of the documents, or change the name of one", "%s %s is declared twice (first at %s)", d.kind, d.name, first.pos())
		return
	}
	s.declared[key] = d
	switch d.kind {
	case "Application":
		a := &Application{Name: d.name, Pos: d.pos(), Protection: d.protection(), Exceptions: append(l.exceptions(d), s.Exceptions...), document: d}
		l.into(d, a)
		for i := range a.FederatedCredentials {
			a.FederatedCredentials[i].Pos = d.value("/spec" + pointer("federatedCredentials", i))
		}
		d.placePermissions(a)
		s.Applications = append(s.Applications, a)
		s.applications[a.Name] = a
	case "User":
		u := &User{Name: d.name, Pos: d.pos(), Protection: d.protection()}
		l.into(d, u)
		s.Users = append(s.Users, u)
		s.users[u.Name] = u
	case "Group":
		g := &Group{Name: d.name, Pos: d.pos(), Protection: d.protection()}
		l.into(d, g)
		s.Groups = append(s.Groups, g)
		s.groups[g.Name] = g
	case "Conformance":
		c := &Conformance{Name: d.name, Pos: d.pos()}
		l.into(d, c)
		for i := range c.Endpoints {
			c.Endpoints[i].Pos = d.value("/spec" + pointer("endpoints", i, "request"))
		}
		for i := range c.Cases {
			c.Cases[i].Pos = d.value("/spec" + pointer("cases", i, "name"))
		}
		s.Conformances = append(s.Conformances, c)
	case "Output":
		o := &Output{Name: d.name, Pos: d.pos()}
		l.into(d, o)
		s.Outputs = append(s.Outputs, o)
	case "Terraform":
		t := &Terraform{Name: d.name, Pos: d.pos(), Protection: d.protection(), Dir: d.folder.path}
		l.into(d, t)
		s.Terraforms = append(s.Terraforms, t)
	default:
		panic("stack: no case reads a document of kind " + d.kind) // a test covers all kinds
	}
}

// check checks the documents of a stack against each other.
func (l *loader) check(s *loaded) {
	known := len(l.mistakes)
	if !s.Expires.IsZero() && len(s.Applications) == 0 {
		l.mistakes.add(s.document.pos(), "add an application, or apply the stack without --ttl", "stack %s has no application, and the time of expiry is kept as a tag of applications", s.Name)
	}
	defer func() { l.mistakes = append(l.mistakes[:known], s.explained(s.causes(l.mistakes[known:]))...) }()
	l.checkOwners(s, s.Deployers, func(i int) Position { return s.document.value("/spec" + pointer("deployers", i)) })
	for i, name := range s.Deployers {
		l.checkReferencesBelow(s.document, name, "/spec"+pointer("deployers", i), []string{"tenant.id", "tenant.domain"})
	}
	l.checkRenamed(s)
	for _, a := range s.Applications {
		l.checkApplication(s, a)
	}
	l.checkCustomers(s)
	for _, u := range s.Users {
		l.checkUser(s, u)
	}
	for _, g := range s.Groups {
		l.checkGroup(s, g)
	}
	for _, c := range s.Conformances {
		l.checkConformance(s, c)
	}
	for _, o := range s.Outputs {
		l.checkOutput(s, o)
	}
	for _, t := range s.Terraforms {
		l.checkTerraform(s, t)
	}
	for _, key := range slices.Sorted(maps.Keys(s.declared)) {
		l.checkReferences(s, s.declared[key])
	}
}

// causes omits mistakes that may follow from a mistake that the schema has reported.
func (s *loaded) causes(mistakes Mistakes) Mistakes {
	doubtful := s.document.doubtful()
	for _, d := range s.declared {
		maps.Copy(doubtful, d.doubtful())
	}
	return slices.DeleteFunc(mistakes, func(m Mistake) bool { return doubtful[m.Pos] })
}

// explained gives mistakes about documents that the target excludes a hint that
// says so.
func (s *loaded) explained(mistakes Mistakes) Mistakes {
	for _, e := range s.Excluded {
		unknown := fmt.Sprintf("unknown %s %q", strings.ToLower(e.Kind), e.Name)
		for i := range mistakes {
			if mistakes[i].Message == unknown {
				mistakes[i].Hint = fmt.Sprintf("metadata.targets excludes the document for target %s (%s): exclude the entry too, with {targets: [TARGET], entries: [%s]}",
					s.scope.stage.target(), e.Pos, e.Name)
			}
		}
	}
	return mistakes
}

// at places a mistake at a path below a document's spec.
func (l *loader) at(s *loaded, kind, name string, path ...any) Position {
	d := s.declared[kind+"/"+name]
	if d == nil {
		return Position{}
	}
	return d.value("/spec" + pointer(path...))
}

// broken reports whether the schema has already refused the application, so that a missing
// property may only be misspelt.
func (s *loaded) broken(application string) bool {
	d := s.declared["Application/"+application]
	return d != nil && d.broken
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// folderHint returns a hint for a folder from which manifests cannot be read.
func folderHint(dir string) string {
	if filepath.Ext(dir) == ".json" {
		return "`provision plan DIR --out FILE` writes a plan to a file"
	}
	if ext := strings.ToLower(filepath.Ext(dir)); ext == ".yaml" || ext == ".yml" {
		if above, err := os.Stat(filepath.Dir(dir)); err == nil && above.IsDir() {
			return fmt.Sprintf("did you mean %s?", filepath.Dir(dir))
		}
	}
	var beside []string
	entries, _ := os.ReadDir(filepath.Dir(dir)) // without them there is no suggestion
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			beside = append(beside, e.Name())
		}
	}
	if near := Nearest(filepath.Base(dir), beside); near != "" {
		return fmt.Sprintf("did you mean %s?", filepath.Join(filepath.Dir(dir), near))
	}
	return createHint
}

// createHint is the hint for a folder without manifests.
const createHint = "name the folder that contains the manifests, or create a stack: `provision init --from vscode-fastapi DIR`"

// insteadOfManifests describes the files of a folder that contains no manifests, for a message.
func insteadOfManifests(dir string, folders []*folder) string {
	if slices.ContainsFunc(folders, func(f *folder) bool { return len(f.files) > 0 }) {
		return ", and these files are empty"
	}
	var names []string
	entries, _ := os.ReadDir(dir) // find has read it
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "provision.yaml" {
			names = append(names, e.Name())
		}
	}
	const most = 3
	switch {
	case len(names) == 0:
		return ""
	case len(names) > most:
		return fmt.Sprintf(", and it has %s and %d other files", strings.Join(names[:most], ", "), len(names)-most)
	}
	return ", and it has only " + strings.Join(names, ", ")
}
