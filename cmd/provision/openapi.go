package main

import (
	"fmt"
	"os"
	"slices"

	"provision/conformance/openapi"
	"provision/protected"
	"provision/stack"
)

// derive prints the Conformance document of an OpenAPI document. The document names
// suitable applications of the stacks, if there are any.
func (a *app) derive(file string, args []string) error {
	raw, err := readInput("openapi", file)
	if err != nil {
		return err
	}
	d, err := openapi.Derive(raw)
	if err != nil {
		return hint(usagef("--openapi: %s: %w", file, err), "export the OpenAPI 3 document of the API again; FastAPI serves it at /openapi.json, and `npx swagger2openapi` converts Swagger 2.0")
	}
	resource, client := "", ""
	if _, err := os.Stat(directory(args)); err == nil || len(args) > 0 {
		stacks, err := a.load(args)
		if err != nil {
			return err
		}
		if name := a.config.GetString("stack"); name != "" {
			stacks = slices.DeleteFunc(stacks, func(s *stack.Stack) bool { return s.Name != name })
		}
		resource, client = fitting(stacks, a.config.GetString("application"), d.Scopes())
	}
	if resource == "" || client == "" {
		a.say("note: no application in these manifests exposes scopes to a client that users sign in to: correct `resource` and `client`")
	}
	if resource == "" {
		resource = "api"
	}
	if client == "" {
		client = "client"
	}
	document, err := d.YAML(resource, client)
	if err != nil {
		return usagef("--openapi: %s: %w", file, err)
	}
	for _, why := range d.LeftOut {
		a.say("left out: %s", why)
	}
	for _, warning := range d.Warnings() {
		a.say("warning: %s", warning)
	}
	a.give("document", string(document))
	_, err = fmt.Fprintf(a.stdout, "%s", document)
	return err
}

// fitting returns the application that exposes the scopes, or the application named
// STACK/NAME, and a client to which users sign in.
func fitting(stacks []*stack.Stack, named string, scopes []string) (resource, client string) {
	for _, s := range stacks {
		for _, api := range s.Applications {
			if named != "" && s.Name+"/"+api.Name != named || named == "" && !exposes(api, scopes) {
				continue
			}
			for _, c := range s.Applications {
				platform, _ := protected.SignIn(c)
				for _, permission := range c.Permissions {
					if platform != "" && permission.Resource == api.Name {
						return api.Name, c.Name
					}
				}
			}
			resource = api.Name
		}
	}
	return resource, ""
}

func exposes(a *stack.Application, scopes []string) bool {
	if len(a.API.OAuth2PermissionScopes)+len(a.AppRoles) == 0 {
		return false
	}
	exposed := map[string]bool{}
	for _, s := range a.API.OAuth2PermissionScopes {
		exposed[s.Value] = true
	}
	for _, scope := range scopes {
		if !exposed[scope] {
			return false
		}
	}
	return true
}
