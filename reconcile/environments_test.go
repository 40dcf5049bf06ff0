package reconcile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/stack"
	"provision/status"
)

// TestEnvironmentsSideBySide: a hundred environments of one stack are applied at the same time.
// None changes another. Some are destroyed one by one, gc deletes the expired ones in one plan,
// and afterwards the directory is as before.
func TestEnvironmentsSideBySide(t *testing.T) {
	t.Parallel()
	environments, destroyed := 100, 20
	if testing.Short() {
		environments, destroyed = 8, 4
	}
	w := newWorld(t)
	w.patience = time.Minute // they wait for each other
	manifests := t.TempDir()
	if err := os.WriteFile(filepath.Join(manifests, "stack.yaml"), []byte(environmentStack), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must(load(t, manifests), plan.Options{})
	before := w.dump()

	now := time.Now()
	environment := func(i int) []*stack.Stack {
		expires := now.Add(time.Hour)
		if i == environments-1 {
			expires = now.Add(48 * time.Hour)
		}
		stacks, err := stack.Load(manifests, stack.Stage{Suffix: fmt.Sprintf("pr-%d", i), Expires: expires})
		if err != nil {
			t.Error(err)
		}
		return stacks
	}
	each := func(environments int, do func(i int) error) {
		t.Helper()
		var all sync.WaitGroup
		turn := make(chan struct{}, 8)
		for i := range environments {
			all.Go(func() {
				turn <- struct{}{}
				defer func() { <-turn }()
				if err := do(i); err != nil {
					t.Errorf("environment %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			t.FailNow()
		}
	}
	own := make([]world, environments) // each is applied on a machine of its own
	for i := range own {
		own[i] = *w
		own[i].keep.Dir = t.TempDir()
	}
	each(environments, func(i int) error { _, err := own[i].apply(environment(i), plan.Options{}); return err })
	if got := strings.Count(w.dump(), `"uniqueName": "orders-pr-`); got < environments {
		t.Errorf("%d objects of %d environments are in the directory", got, environments)
	}
	for _, i := range []int{0, environments / 2, environments - 1} {
		own[i].settled(environment(i), plan.Options{})
	}
	each(destroyed, func(i int) error {
		_, err := own[i].apply(nil, plan.Options{Destroy: []string{fmt.Sprintf("orders-pr-%d", i)}})
		return err
	})

	// Two hours later gc considers all expired except the last one.
	state := w.state(nil)
	var expired []string
	for _, l := range status.Lifespans(state) {
		if l.Expires.Before(now.Add(2*time.Hour)) && status.MarksTrusted(state, l.Stack) {
			expired = append(expired, l.Stack)
		}
	}
	if len(expired) != environments-destroyed-1 {
		t.Errorf("%d environments have expired: %v", len(expired), expired)
	}
	w.must(nil, plan.Options{Destroy: expired})
	last := fmt.Sprintf("orders-pr-%d", environments-1)
	own[environments-1].settled(environment(environments-1), plan.Options{})
	w.must(nil, plan.Options{Destroy: []string{last}})
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("the directory differs after all environments are deleted (-before +after):\n%s", diff)
	}
}

// environmentStack has every kind of object that a suffix renames.
const environmentStack = `apiVersion: provision/v1
kind: Stack
metadata: {name: orders}
---
apiVersion: provision/v1
kind: Application
metadata: {name: api}
spec:
  displayName: Orders
  identifierUris: ["api://orders.${tenant.domain}"]
  api: {oauth2PermissionScopes: [{value: Orders.Read}]}
  appRoles: [{value: Reader, displayName: Reader, description: Reads orders, allowedMemberTypes: [User]}]
  roleAssignments: [{role: Reader, groups: [readers]}]
---
apiVersion: provision/v1
kind: Application
metadata: {name: client}
spec:
  displayName: Orders client
  isFallbackPublicClient: true
  publicClient: {redirectUris: [http://localhost]}
  permissions: [{resource: api, scopes: [Orders.Read], adminConsent: true}]
---
apiVersion: provision/v1
kind: User
metadata: {name: ada}
spec: {userPrincipalName: "ada@${tenant.domain}", displayName: Ada}
---
apiVersion: provision/v1
kind: Group
metadata: {name: readers}
spec: {displayName: Readers, members: [{user: ada}]}
`
