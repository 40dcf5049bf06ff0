package adopt

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// Exported is Terraform configuration for the azuread provider that takes over live
// registrations.
type Exported struct {
	Files []File
	Lost  []Lost // by application and property
}

// exportStack is the stack as which live registrations are read for Terraform. No
// document can have its name.
const exportStack = "(terraform)"

// Export writes registrations, and the groups of stacks, as configuration that
// imports them.
// Source: registry.terraform.io/providers/hashicorp/azuread, resources and their
// section "Import".
func Export(ctx context.Context, reader reconcile.Reader, registrations []Registration, stacks []string) (*Exported, error) {
	names := namer{"terraform": true, "existing": true, "groups": true, "override": true} // files of others
	shell := &stack.Stack{Name: exportStack}
	for _, r := range registrations {
		shell.Applications = append(shell.Applications, &stack.Application{Name: names.identifier(r.DisplayName, "app_"+r.AppID), Adopt: r.AppID, DisplayName: r.DisplayName, Owners: []string{}})
	}
	state, err := reader.Read(ctx, []*stack.Stack{shell}, stacks)
	if err != nil {
		return nil, err
	}
	found, err := look(ctx, reader.Graph, state)
	if err != nil {
		return nil, err
	}
	flexible, err := flexibleCredentials(ctx, reader.Graph, state)
	if err != nil {
		return nil, err
	}
	e := &exporter{state: state, directory: found, flexible: flexible, apps: map[string]*exportedApp{}, groups: map[string]address{},
		sources: map[string]address{}, uses: map[string]map[string]bool{}, taken: map[string]namer{}, existing: newConfiguration(), out: &Exported{}}
	var all []*exportedApp
	for _, a := range shell.Applications {
		key := plan.Key{Kind: plan.Application, Name: stack.UniqueName(exportStack, a.Name)}
		app := &exportedApp{name: a.Name, appID: a.Adopt, live: state.Objects[key], sp: state.Objects[plan.Key{Kind: plan.ServicePrincipal, Name: key.Name}], file: newConfiguration()}
		if app.live == nil {
			continue // somebody has deleted it since it was found
		}
		e.apps[app.appID] = app
		all = append(all, app)
	}
	if err := e.postResponses(ctx, reader.Graph, all); err != nil {
		return nil, err
	}
	e.declareGroups(stacks)
	e.index()
	for _, a := range all {
		e.application(a)
		e.servicePrincipal(a)
	}
	for _, a := range all {
		e.preAuthorized(a)
		e.credentials(a)
		e.relationsOf(a)
		e.file(a.fileName()+".tf", append(e.remarks(a), a.file.bytes()...))
	}
	e.finish()
	return e.out, nil
}

// exporter turns a state into Terraform configuration.
type exporter struct {
	state     *plan.State
	directory *directory
	flexible  map[string]map[string]any

	apps      map[string]*exportedApp    // by appId
	groups    map[string]address         // of the stacks, by object id
	sources   map[string]address         // data sources, by object id or appId
	uses      map[string]map[string]bool // appId → appIds of exported applications that it refers to
	taken     map[string]namer           // names, by type of resource
	relations map[plan.Key][]*plan.Live  // by holder
	given     map[string][]*plan.Live    // the permissions of an application on others, by its appId

	existing *configuration
	out      *Exported
}

// exportedApp is a registration on its way into a file.
type exportedApp struct {
	name, appID  string
	live, sp     *plan.Live
	postResponse bool // oauth2RequirePostResponse
	file         *configuration
	lost         []Lost
}

func (a *exportedApp) address() address {
	return address{resource: "azuread_application", called: a.name}
}

// fileName is the name of the application in names of files. It has no underscore:
// Terraform reads NAME_override.tf as an override.
func (a *exportedApp) fileName() string {
	return strings.Trim(strings.ReplaceAll(a.name, "_", "-"), "-")
}

func (a *exportedApp) principal() address {
	return address{resource: "azuread_service_principal", called: a.name}
}

func (a *exportedApp) lose(property, reason string) {
	a.lost = append(a.lost, Lost{a.name, property, reason})
}

func (e *exporter) file(path string, content []byte) {
	e.out.Files = append(e.out.Files, File{path, content})
}

// name returns a name that no other resource of the type has.
func (e *exporter) name(resource, text string) address {
	if e.taken[resource] == nil {
		e.taken[resource] = namer{}
	}
	return address{resource: resource, called: e.taken[resource].identifier(text, "object")}
}

// postResponses reads the properties of an application that only the beta of Graph has.
func (e *exporter) postResponses(ctx context.Context, client *graph.Client, all []*exportedApp) error {
	var reads []graph.Read
	var takes []func(map[string]any)
	for _, a := range all {
		reads, takes = append(reads, graph.PostResponse(a.live.ID)), append(takes, func(m map[string]any) { a.postResponse, _ = m["oauth2RequirePostResponse"].(bool) })
	}
	return e.directory.read(ctx, client, reads, takes)
}

// index finds the relations of each application, in both directions.
func (e *exporter) index() {
	e.relations, e.given = map[plan.Key][]*plan.Live{}, map[string][]*plan.Live{}
	for _, o := range ordered(e.state) {
		if o.Ends == (plan.Ends{}) {
			continue
		}
		e.relations[o.Ends.Resource] = append(e.relations[o.Ends.Resource], o)
		if o.Kind == plan.Grant || o.Kind == plan.Assignment {
			client := e.directory.principals[o.PrincipalID]
			e.given[client] = append(e.given[client], o)
		}
	}
}

// mayUse reports whether one exported application can refer to another: Terraform
// refuses references in a circle.
func (e *exporter) mayUse(from, to string) bool {
	if from == to || e.reaches(to, from, map[string]bool{}) {
		return false
	}
	if e.uses[from] == nil {
		e.uses[from] = map[string]bool{}
	}
	e.uses[from][to] = true
	return true
}

func (e *exporter) reaches(from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for next := range e.uses[from] {
		if e.reaches(next, to, seen) {
			return true
		}
	}
	return false
}

// principalID returns the object id of a user, a group or a service principal.
func (e *exporter) principalID(id string) expression {
	appID := e.directory.principals[id]
	if a := e.apps[appID]; a != nil {
		return a.principal().reference("object_id")
	}
	if appID != "" {
		return e.otherPrincipal(appID).reference("object_id")
	}
	if group, ok := e.groups[id]; ok {
		return group.reference("object_id")
	}
	if source, ok := e.sources[id]; ok {
		return source.reference("object_id")
	}
	source := address{data: true}
	attribute, value := "object_id", id
	if upn := e.directory.users[id]; upn != "" {
		name, _, _ := strings.Cut(upn, "@")
		source = e.name("azuread_user", name)
		attribute, value = "user_principal_name", upn
	} else if g := e.directory.groups[id]; g != nil {
		source = e.name("azuread_group", text(g, "displayName"))
	} else {
		return literal(id) // it no longer exists
	}
	source.data = true
	e.sources[id] = source
	b := e.existing.block("data", source.resource, source.called)
	b.text(attribute, value)
	return source.reference("object_id")
}

// otherPrincipal returns the service principal of an application that is not exported.
func (e *exporter) otherPrincipal(appID string) address {
	if source, ok := e.sources[appID]; ok {
		return source
	}
	source := e.name("azuread_service_principal_source", cmp.Or(e.directory.resources[appID].displayName, appID))
	source.resource, source.data = "azuread_service_principal", true
	e.sources[appID] = source
	e.existing.block("data", source.resource, source.called).text("client_id", appID)
	return source
}

// servicePrincipalOf returns the service principal of any application.
func (e *exporter) servicePrincipalOf(appID string) address {
	if a := e.apps[appID]; a != nil {
		return a.principal()
	}
	return e.otherPrincipal(appID)
}

// remarks are comments about properties of an application that the configuration cannot contain.
func (e *exporter) remarks(a *exportedApp) (comments []byte) {
	for _, property := range unsaid {
		if value := a.live.Properties[property]; !empty(value) && !everybodys(property, value) && !e.ours(a, property) {
			a.lose(property, "the provider has no argument for it; it stays as it is")
		}
	}
	if text(member(a.live.Properties, "info"), "logoUrl") != "" {
		a.lose("info.logoUrl", "the provider does not read logos; it stays as it is")
	}
	slices.SortFunc(a.lost, func(x, y Lost) int {
		return cmp.Or(strings.Compare(x.Property, y.Property), strings.Compare(x.Reason, y.Reason))
	})
	e.out.Lost = append(e.out.Lost, a.lost...)
	if len(a.lost) == 0 {
		return nil
	}
	comments = []byte("# This configuration does not contain:\n")
	for _, l := range a.lost {
		comments = append(comments, "#   "+comment(l.Property+": "+l.Reason)+"\n"...)
	}
	return append(comments, '\n')
}

// ours reports whether provision identifies the application by a property.
func (e *exporter) ours(a *exportedApp, property string) bool {
	owner, _ := stack.StackOfApplication(text(a.live.Properties, "uniqueName"), texts(a.live.Properties, "tags"))
	return property == "uniqueName" && owner != ""
}

// unsaid are the properties of applications for which the provider has no argument.
// Source: the schema of azuread_application, version 3.
var unsaid = []string{"addIns", "authenticationBehaviors", "defaultRedirectUri", "isDisabled", "nativeAuthenticationApisEnabled", "parentalControlSettings",
	"requestSignatureVerification", "samlMetadataUrl", "servicePrincipalLockConfiguration", "tokenEncryptionKeyId", "uniqueName"}

// finish writes the files that belong to no application.
func (e *exporter) finish() {
	head := newConfiguration()
	terraform := head.block("terraform")
	terraform.text("required_version", ">= 1.5.0")
	terraform.nested("required_providers").in.SetAttributeValue("azuread", cty.ObjectVal(map[string]cty.Value{
		"source": cty.StringVal("hashicorp/azuread"), "version": cty.StringVal("~> 3.0")}))
	head.block("provider", "azuread").text("tenant_id", e.state.Tenant.ID)
	e.file("terraform.tf", head.bytes())
	if len(e.existing.file.Body().Blocks()) > 0 {
		e.file("existing.tf", e.existing.bytes())
	}
	slices.SortFunc(e.out.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}

func flag(m map[string]any, property string) bool {
	b, _ := m[property].(bool)
	return b
}

// texts returns the texts of a list.
func texts(v any, property string) (all []string) {
	for _, e := range list(v, property) {
		all = append(all, asText(e))
	}
	return all
}
