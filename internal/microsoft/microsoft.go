// Package microsoft lists Microsoft's own applications that manifests and local tenants
// refer to by appId: resources with their permissions, and clients. The data is the
// same in every tenant of the public cloud.
package microsoft

import (
	_ "embed"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Application is an application of Microsoft.
type Application struct {
	AppID  string
	Name   string
	Names  []string // servicePrincipalNames in addition to the appId; empty for a client or a retired resource
	Scopes []Permission
	Roles  []Permission

	hosts []string // suffixes of hosts that are also names of the resource
}

// Permission is a scope or an application role of a resource.
type Permission struct {
	ID    string
	Value string
	Admin bool // of a scope: only an administrator may consent
	Title string
}

//go:embed applications.tsv
var table string

// Applications returns all applications. The result must not be changed.
var Applications = sync.OnceValue(func() (all []Application) {
	for line := range strings.Lines(table) {
		field := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch field[0] {
		case "resource":
			a := Application{AppID: field[1], Name: field[2], Names: strings.Fields(field[3])}
			if field[4] != "-" {
				a.hosts = strings.Fields(field[4])
			}
			all = append(all, a)
		case "client", "retired": // nobody can request tokens for it
			all = append(all, Application{AppID: field[1], Name: field[2]})
		case "scope":
			a := &all[len(all)-1]
			a.Scopes = append(a.Scopes, Permission{ID: field[1], Value: field[2], Admin: field[3] == "Admin", Title: field[4]})
		case "role":
			a := &all[len(all)-1]
			a.Roles = append(a.Roles, Permission{ID: field[1], Value: field[2], Title: field[4]})
		}
	}
	return all
})

// Find returns the application with an appId.
func Find(appID string) (Application, bool) {
	return find(func(a Application) bool { return strings.EqualFold(a.AppID, appID) })
}

// findResource returns the resource with a name of the public cloud.
func findResource(name string) (Application, bool) {
	return find(func(a Application) bool {
		return a.Resource() && (strings.EqualFold(a.AppID, name) ||
			slices.ContainsFunc(a.Names, func(own string) bool { return strings.EqualFold(own, name) }) || a.serves(name))
	})
}

// Resource reports whether clients can request tokens for the application.
func (a Application) Resource() bool { return len(a.Names) > 0 }

func (a Application) serves(name string) bool {
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		return false
	}
	return slices.ContainsFunc(a.hosts, func(suffix string) bool { return strings.HasSuffix(strings.ToLower(u.Hostname()), suffix) })
}

func find(is func(Application) bool) (Application, bool) {
	all := Applications()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return Application{}, false
}
