package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A stack of writeStacks has 15 objects: an API, a public and a confidential client
// with a service principal each, a secret, two users, a group with a member, two
// assignments and two grants.

// writeStacks writes n stacks below dir, in one folder each. Five properties of every
// stack contain description, so another description makes five changes in each stack.
func writeStacks(dir string, n int, description string) error {
	for i := range n {
		name := fmt.Sprintf("orders%04d", i)
		folder := filepath.Join(dir, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		text := strings.NewReplacer("NAME", name, "TEXT", description).Replace(stackText)
		if err := os.WriteFile(filepath.Join(folder, "stack.yaml"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const stackText = `apiVersion: provision/v1
kind: Stack
metadata: {name: NAME}
---
apiVersion: provision/v1
kind: User
metadata: {name: ada}
spec: {userPrincipalName: "ada.NAME@${tenant.domain}", displayName: Ada, jobTitle: TEXT}
---
apiVersion: provision/v1
kind: User
metadata: {name: ben}
spec: {userPrincipalName: "ben.NAME@${tenant.domain}", displayName: Ben, jobTitle: TEXT}
---
apiVersion: provision/v1
kind: Group
metadata: {name: operators}
spec: {description: TEXT, members: [{user: ben}]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: api}
spec:
  displayName: NAME API
  description: TEXT
  api:
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes:
      - {value: Orders.Read, adminConsentDisplayName: Read orders}
      - {value: Orders.Write, adminConsentDisplayName: Change orders}
  appRoles:
    - {value: Orders.Admin, displayName: Administrator, allowedMemberTypes: [User]}
    - {value: Orders.Process, displayName: Processor, allowedMemberTypes: [User, Application]}
  roleAssignments:
    - {role: Orders.Admin, users: [ada]}
    - {role: Orders.Process, groups: [operators]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: spa}
spec:
  displayName: NAME page
  publicClient: {redirectUris: ["http://localhost"]}
  permissions: [{resource: api, scopes: [Orders.Read], adminConsent: true}]
---
apiVersion: provision/v1
kind: Application
metadata: {name: service}
spec:
  displayName: NAME service
  description: TEXT
  secrets: [{name: key, lifetime: 90d}]
  permissions: [{resource: api, scopes: [Orders.Write], adminConsent: true}]
`
