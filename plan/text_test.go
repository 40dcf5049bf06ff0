package plan

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestText: the text of a plan, with and without details.
func TestText(t *testing.T) {
	t.Parallel()
	app, ada, sp := Key{Application, "s.api"}, Key{User, "ada"}, Key{ServicePrincipal, "s.api"}
	set := func(path string, from, to any) Change { return Change{pathTo(path), from, to} }
	entry := func(list, key string, from, to any) Change { return Change{pathTo(list).entry(key), from, to} }
	const guid = "11111111-1111-4111-8111-111111111111"
	for name, c := range map[string]struct {
		plan  Plan
		brief string // before the summary
		more  string // with details
	}{
		"nothing": {Plan{}, "", ""},
		"a creation, without what goes without saying": {Plan{Steps: []Step{{Action: Create, Key: ada, Changes: []Change{
			set("accountEnabled", nil, true), set("displayName", nil, "Ada"), set("mailNickname", nil, "ada"), set("notes", nil, ""), set("userPrincipalName", nil, "ada"),
			set("onPremisesExtensionAttributes.extensionAttribute15", nil, stack.Mark("s"))}}}},
			"  + user ada\n", "  + user ada\n      displayName: \"Ada\"\n"},
		"a disabled account is shown": {Plan{Steps: []Step{{Action: Create, Key: ada, Changes: []Change{set("accountEnabled", nil, false), set("securityEnabled", nil, "x")}}}},
			"  + user ada\n", "  + user ada\n      accountEnabled: false\n      securityEnabled: \"x\"\n"},
		"the mark among the tags": {Plan{Steps: []Step{{Action: Create, Key: app, Changes: []Change{entry("tags", stack.Mark("s"), nil, true), entry("tags", "mine", nil, true)}}}},
			"  + application s.api\n", "  + application s.api\n      + tags[mine]\n"},
		"a change": {Plan{Steps: []Step{{Action: Update, Key: app, Changes: []Change{set("displayName", "a", "b"), set("isDisabled", nil, true), set("notes", "x", nil), set("n", 1.0, 2.0), entry("appRoles", "R", true, nil), entry("appRoles", "S", nil, true)}}}},
			"  ~ application s.api\n", "  ~ application s.api\n      displayName: \"a\" → \"b\"\n      isDisabled: true\n      notes: \"x\" → none\n      n: 1 → 2\n      - appRoles[R]\n      + appRoles[S]\n"},
		"two steps of one object": {Plan{Steps: []Step{{Action: Create, Key: app, Changes: []Change{set("displayName", nil, "A")}}, {Action: Link, Key: app, Changes: []Change{entry("identifierUris", "api://x", nil, true)}}}},
			"  + application s.api\n", "  + application s.api\n      displayName: \"A\"\n      + identifierUris[api://x]\n"},
		"an appId in a URI": {Plan{names: map[string]string{"11111111-2222-3333-4444-555555555555": "s.api"}, Steps: []Step{{Action: Update, Key: app, Changes: []Change{
			entry("identifierUris", "api://11111111-2222-3333-4444-555555555555", nil, true), entry("identifierUris", "api://s.api", nil, true), entry("knownClientApplications", "11111111-2222-3333-4444-555555555555", nil, true)}}}},
			"  ~ application s.api\n", "  ~ application s.api\n      + identifierUris[api://<appId of s.api>]\n      + identifierUris[api://s.api]\n      + knownClientApplications[s.api]\n"},
		"a link of its own": {Plan{Steps: []Step{{Action: Link, Key: app, Changes: []Change{entry("identifierUris", "api://x", nil, true)}}}},
			"  ~ application s.api\n", "  ~ application s.api\n      + identifierUris[api://x]\n"},
		"a deletion and its purge":             {Plan{Steps: []Step{{Action: Delete, Key: app}, {Action: Purge, Key: app, FollowsDelete: true}}}, "  - application s.api (and purge from the recycle bin)\n", "  - application s.api (and purge from the recycle bin)\n"},
		"a purge by itself":                    {Plan{Steps: []Step{{Action: Purge, Key: app}}}, "  - application s.api (purge from the recycle bin)\n", "  - application s.api (purge from the recycle bin)\n"},
		"a service principal purged with it":   {Plan{Steps: []Step{{Action: Purge, Key: app}, {Action: Purge, Key: sp}}}, "  - application s.api (purge from the recycle bin)\n", "  - application s.api (purge from the recycle bin)\n"},
		"a service principal purged by itself": {Plan{Steps: []Step{{Action: Purge, Key: sp}}}, "  - servicePrincipal s.api (purge from the recycle bin)\n", "  - servicePrincipal s.api (purge from the recycle bin)\n"},
		"a restored object":                    {Plan{Steps: []Step{{Action: Restore, Key: app}}}, "  ~ application s.api (restore from the recycle bin)\n", "  ~ application s.api (restore from the recycle bin)\n"},
		"a replaced password": {Plan{Steps: []Step{{Action: Replace, Key: Key{Password, "ada"}, Reason: "it is not stored on this machine"}}},
			"  ~ password ada (replace: it is not stored on this machine)\n", "  ~ password ada (replace: it is not stored on this machine)\n"},
		"a name for an id": {Plan{names: map[string]string{guid: "client"}, Steps: []Step{{Action: Update, Key: app, Display: "API", Changes: []Change{entry("api.preAuthorizedApplications", guid, nil, true)}}}},
			"  ~ application API\n", "  ~ application API\n      + api.preAuthorizedApplications[client]\n"},
		"a value not known yet": {Plan{Steps: []Step{{Action: Update, Key: app, Changes: []Change{set("x", nil, Unknown("api://"+string(Reference(app, AppID))))}}}},
			"  ~ application s.api\n", "  ~ application s.api\n      x: api://<appId of s.api> (known after apply)\n"},
		"text that a terminal would obey": {Plan{Steps: []Step{{Action: Update, Key: Key{User, "a\x1b[2J\n"}, Changes: []Change{set("x", nil, []any{"\x1b"})}}}},
			"  ~ user a\\u001b[2J\\u000a\n", "  ~ user a\\u001b[2J\\u000a\n      x: [\"\\u001b\"]\n"},
		"output files": {Plan{Files: []File{{Action: Write, Path: "a.env", Secret: true}, {Action: Remove, Path: "b.env"}}}, "  + file a.env (contains a secret)\n  - file b.env\n", "  + file a.env (contains a secret)\n  - file b.env\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for details, want := range map[bool]string{false: c.brief, true: c.more} {
				var b strings.Builder
				if err := c.plan.Text(&b, false, details); err != nil {
					t.Fatal(err)
				}
				got, _, _ := strings.Cut(b.String(), "plan: ")
				got, _, _ = strings.Cut(got, "nothing to do: ")
				if got = strings.TrimSuffix(got, "\n"); got != "" {
					got = strings.TrimSuffix(got, "\n") + "\n"
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("details %t (-want +got):\n%s", details, diff)
				}
			}
		})
	}
}

// TestTextAroundSteps: orphans, warnings, notes and a refusal each have a line.
func TestTextAroundSteps(t *testing.T) {
	t.Parallel()
	p := Plan{Orphans: []string{"old"}, Warnings: []string{"w\n"}, Notes: []string{"n"}, DestroyCommand: func(name string) string { return "provision destroy --stack " + name },
		Distrusted: Distrusted{{To: Key{Application, "s.api"}, Gets: []string{"grant x"}, Foreign: []Foreign{{Kind: Owner, Name: "eve"}}}}}
	var b strings.Builder
	if err := p.Text(&b, false, false); err != nil {
		t.Fatal(err)
	}
	want := "nothing to do: the tenant matches the manifests\n" +
		"note: the tenant contains stack old, which these manifests do not declare; it is not changed (`provision destroy --stack old` removes it)\n" +
		"warning: w\\u000a\nnote: n\n" +
		"note: apply refuses this: application s.api would get grant x, but it has an owner or credential that no manifest names: owner eve\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"a", "b"}, "they are not changed: a, b\n"},
		{[]string{"a", "b", "c", "d", "e", "f", "g"}, "they are not changed: a, b, c, d, e and 2 more\n"},
	} {
		p.Orphans = c.names
		b.Reset()
		if err := p.Text(&b, false, false); err != nil || !strings.Contains(b.String(), c.want) || strings.Contains(b.String(), "destroy") {
			t.Errorf("%v: %q, %v", c.names, b.String(), err)
		}
	}
	p.Orphans = []string{"old"}
	p.DestroyCommand = nil
	b.Reset()
	if err := p.Text(&b, false, false); err != nil || strings.Contains(b.String(), "removes it") {
		t.Errorf("without a command: %q, %v", b.String(), err)
	}
}

// TestColors: additions are green, deletions are red, and changes are yellow.
func TestColors(t *testing.T) {
	t.Parallel()
	k := Key{User, "ada"}
	for action, want := range map[Action]string{Create: "\x1b[32m+\x1b[0m", Delete: "\x1b[31m-\x1b[0m", Purge: "\x1b[31m-\x1b[0m", Update: "\x1b[33m~\x1b[0m", Restore: "\x1b[33m~\x1b[0m"} {
		var b strings.Builder
		p := Plan{Steps: []Step{{Action: action, Key: k}}}
		if err := p.Text(&b, true, false); err != nil || !strings.HasPrefix(b.String(), "  "+want+" user ada") {
			t.Errorf("%s: %q, %v", action, b.String(), err)
		}
	}
}

// TestSummaryLines: the counts in the last line.
func TestSummaryLines(t *testing.T) {
	t.Parallel()
	k := func(n string) Key { return Key{User, n} }
	for want, p := range map[string]Plan{
		"nothing to do: the tenant matches the manifests":                                                                        {},
		"no changes: the tenant matches the manifests; it also has owners or credentials that no manifest names (see the notes)": {Foreign: []Foreign{{Kind: Owner}}},
		"plan: 1 to create, 2 to change, 3 to delete": {Steps: []Step{{Action: Create, Key: k("1")}, {Action: Update, Key: k("2")}, {Action: Replace, Key: k("3")}, {Action: Delete, Key: k("4")},
			{Action: Purge, Key: k("4")}, {Action: Purge, Key: k("5")}, {Action: Delete, Key: k("6")}}},
		"plan: 0 to create, 0 to change, 0 to delete, 1 output file to write":                           {Files: []File{{Action: Write}}},
		"plan: 0 to create, 0 to change, 0 to delete, 2 output files to write, 1 output file to remove": {Files: []File{{Action: Write}, {Action: Remove}, {Action: Write}}},
	} {
		if got := p.Summary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	removed := Plan{Foreign: []Foreign{{Kind: Owner, Removed: true}}}
	if got := removed.Summary(); !strings.HasPrefix(got, "nothing to do") {
		t.Errorf("with an owner that is removed: %q", got)
	}
}

// TestValues: the displayed form of a value.
func TestValues(t *testing.T) {
	t.Parallel()
	p := &Plan{names: map[string]string{"11111111-1111-4111-8111-111111111111": "API"}}
	for want, v := range map[string]any{
		"none": nil, `""`: "", `"a\"b"`: `a"b`, "true": true, "1.5": 1.5, `["a",1]`: []any{"a", 1.0}, `{"a":null}`: obj{"a": nil},
		"+Inf": math.Inf(1), // not valid JSON
		"api://<appId of API>/x (known after apply)": Unknown("api://11111111-1111-4111-8111-111111111111/x"),
	} {
		if got := p.value(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}

// TestASavedPlanSaysHowItDiffers: a line for each object.
func TestASavedPlanSaysHowItDiffers(t *testing.T) {
	t.Parallel()
	step := func(action Action, name string, changes ...Change) Step {
		return Step{Action: action, Key: Key{Application, name}, Stack: "s", Changes: changes}
	}
	set := func(path string, from, to any) Change { return Change{pathTo(path), from, to} }
	for name, c := range map[string]struct {
		was, is []Step
		want    []string
	}{
		"the same":               {[]Step{step(Create, "a")}, []Step{step(Create, "a")}, nil},
		"done meanwhile":         {[]Step{step(Create, "a"), step(Link, "a")}, nil, []string{"application a: the plan contains create and link, which is no longer needed"}},
		"more to do":             {nil, []Step{step(Delete, "a")}, []string{"application a: delete is needed, but the plan does not contain it"}},
		"another value":          {[]Step{step(Update, "a", set("notes", "x", "y"))}, []Step{step(Update, "a", set("notes", "x", "z"))}, []string{`application a: notes was planned as "y" and would now be "z"`}},
		"another value to begin": {[]Step{step(Update, "a", set("notes", "x", "y"))}, []Step{step(Update, "a", set("notes", "w", "y"))}, []string{`application a: notes was "x" when the plan was made, and is "w" now`}},
		"no value to begin":      {[]Step{step(Update, "a", set("notes", "x", "y"))}, []Step{step(Update, "a", set("notes", nil, "y"))}, []string{`application a: notes was "x" when the plan was made, and is not set now`}},
		"a change more":          {[]Step{step(Update, "a", set("notes", "x", "y"))}, []Step{step(Update, "a", set("notes", "x", "y"), set("web", nil, "u"))}, []string{`application a: web was planned as unchanged and would now be "u"`}},
		"another body": {[]Step{{Action: Update, Key: Key{User, "u"}, Bodies: []map[string]any{{"a": 1}}}}, []Step{{Action: Update, Key: Key{User, "u"}, Bodies: []map[string]any{{"a": 2}}}},
			[]string{"user u: update was planned, and its content is different now"}},
		"several objects": {[]Step{step(Create, "b"), step(Create, "a")}, []Step{step(Create, "c")}, []string{
			"application a: the plan contains create, which is no longer needed", "application b: the plan contains create, which is no longer needed", "application c: create is needed, but the plan does not contain it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := json.Marshal(Saved{Plan: &Plan{Steps: c.was}})
			var saved SavedPlan
			if err == nil {
				err = json.Unmarshal(raw, &saved)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := saved.Differences(&Plan{Steps: c.is})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPermissionsOfSteps: the least Graph permission of each step, by the kind of its object.
func TestPermissionsOfSteps(t *testing.T) {
	t.Parallel()
	app, group, sp := Key{Application, "s.a"}, Key{Group, "g"}, Key{ServicePrincipal, "s.a"}
	of := func(k Key) Refs { return Refs{Resource: Ref{Key: k}} }
	for want, steps := range map[string][]Step{
		"Application.ReadWrite.OwnedBy": {{Action: Create, Key: app, Stack: "s"}, {Action: Update, Key: sp, Stack: "s"}, {Action: Create, Key: Key{Secret, "x"}}, {Action: Delete, Key: Key{Federated, "x"}},
			{Action: Create, Key: Key{Owner, "x"}, Refs: of(app)}, {Action: Delete, Key: Key{Owner, "x"}, Refs: of(sp)}, {Action: Purge, Key: app, Stack: "s"}},
		"Application.ReadWrite.All":              {{Action: Create, Key: sp}},
		"Group.ReadWrite.All":                    {{Action: Create, Key: group}, {Action: Purge, Key: group}, {Action: Create, Key: Key{Owner, "x"}, Refs: of(group)}},
		"GroupMember.ReadWrite.All":              {{Action: Create, Key: Key{Member, "x"}}, {Action: Delete, Key: Key{Member, "x"}}},
		"User.ReadWrite.All":                     {{Action: Create, Key: Key{User, "u"}}, {Action: Delete, Key: Key{User, "u"}}},
		"User.DeleteRestore.All":                 {{Action: Purge, Key: Key{User, "u"}}},
		"User-PasswordProfile.ReadWrite.All":     {{Action: Replace, Key: Key{Password, "u"}}},
		"AppRoleAssignment.ReadWrite.All":        {{Action: Create, Key: Key{Assignment, "x"}}, {Action: Delete, Key: Key{Assignment, "x"}}},
		"DelegatedPermissionGrant.ReadWrite.All": {{Action: Create, Key: Key{Grant, "x"}}, {Action: Update, Key: Key{Grant, "x"}}, {Action: Delete, Key: Key{Grant, "x"}}},
	} {
		for _, s := range steps {
			if got := s.Permission(); got != want {
				t.Errorf("%s %s takes %s, want %s", s.Action, s.Key, got, want)
			}
		}
	}
}
