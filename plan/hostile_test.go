package plan

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostile is text that would forge lines, commands of CI systems and control sequences if it were
// shown unchanged.
const hostile = "x\n::error::y ##vso[task.complete]\x1b[2J\u202e"

// harmless is the escaped form of hostile.
const harmless = `x\u000a::error::y ##vso\u005btask.complete]\u001b[2J\u202e`

// TestHostileTextStaysInItsLine: text from a tenant, a manifest or Terraform is escaped in each
// kind of line of a plan.
func TestHostileTextStaysInItsLine(t *testing.T) {
	t.Parallel()
	app := Key{Application, "s.api"}
	update := func(changes ...Change) Plan {
		return Plan{Steps: []Step{{Action: Update, Key: app, Changes: changes}}}
	}
	hosting := func(h Hosting) Plan {
		return Plan{Steps: []Step{{Action: Update, Key: TerraformKey("s", "web"), Hosting: &h}}}
	}
	resource := func(r HostingResource) Plan { return hosting(Hosting{Resources: []HostingResource{r}}) }
	for name, c := range map[string]struct {
		plan Plan
		line string // a line of the displayed plan
	}{
		"the name of an object":                   {Plan{Steps: []Step{{Action: Delete, Key: Key{User, hostile}}}}, "  - user " + harmless},
		"the displayed name of an object":         {Plan{Steps: []Step{{Action: Update, Key: app, Display: hostile}}}, "  ~ application " + harmless},
		"an old value":                            {update(Change{pathTo("notes"), hostile, "new"}), `      notes: "x\n::error::y ##vso\u005btask.complete]\x1b[2J\u202e" → "new"`},
		"a new value":                             {update(Change{pathTo("notes"), nil, hostile}), `      notes: "x\n::error::y ##vso\u005btask.complete]\x1b[2J\u202e"`},
		"a list":                                  {update(Change{pathTo("notes"), nil, []any{hostile}}), `      notes: ["x\n::error::y ##vso\u005btask.complete]\u001b[2J\u202e"]`},
		"an entry that is added":                  {update(Change{pathTo("tags").entry(hostile), nil, true}), "      + tags[" + harmless + "]"},
		"an entry that is removed":                {update(Change{pathTo("tags").entry(hostile), true, nil}), "      - tags[" + harmless + "]"},
		"a property":                              {update(Change{pathTo(hostile), nil, "a"}), "      " + harmless + `: "a"`},
		"the name of an id":                       {Plan{names: map[string]string{"11111111-1111-4111-8111-111111111111": hostile}, Steps: []Step{{Action: Update, Key: app, Changes: []Change{{pathTo("api").entry("11111111-1111-4111-8111-111111111111"), nil, true}}}}}, "      + api[" + harmless + "]"},
		"the object of a value known after apply": {update(Change{pathTo("notes"), nil, Reference(Key{Application, hostile}, AppID)}), "      notes: <appId of " + harmless + "> (known after apply)"},
		"the reason for a new secret":             {Plan{Steps: []Step{{Action: Replace, Key: SecretKey(app, "key"), Reason: hostile}}}, "  ~ secret s.api key (replace: " + harmless + ")"},
		"a file that is written":                  {Plan{Files: []File{{Action: Write, Path: hostile}}}, "  + file " + harmless},
		"a file that is removed":                  {Plan{Files: []File{{Action: Remove, Path: hostile}}}, "  - file " + harmless},
		"a protected stack":                       {Plan{Orphans: []string{hostile}, protected: map[string]bool{hostile: true}, DestroyCommand: func(string) string { return hostile }}, "note: the tenant contains stack " + harmless + ", which these manifests do not declare; it is not changed, and `prevent: [delete]` protects it"},
		"another stack":                           {Plan{Orphans: []string{hostile}}, "note: the tenant contains stack " + harmless + ", which these manifests do not declare; it is not changed"},
		"the command that destroys it": {Plan{Orphans: []string{"old"}, DestroyCommand: func(string) string { return hostile }},
			"note: the tenant contains stack old, which these manifests do not declare; it is not changed (`" + harmless + "` removes it)"},
		"a warning": {Plan{Warnings: []string{hostile}}, "warning: " + harmless},
		"a note":    {Plan{Notes: []string{hostile}}, "note: " + harmless},
		"a plan that apply refuses": {Plan{Distrusted: Distrusted{{To: app, Display: hostile, Gets: []string{"grant " + hostile}, Foreign: []Foreign{{Kind: Owner, Name: hostile}}}}},
			"note: apply refuses this: application " + harmless + " would get grant " + harmless + ", but it has an owner or credential that no manifest names: owner " + harmless},
		"the reason for planning hosting later": {hosting(Hosting{Later: hostile}), "  ~ terraform s/web: planned when the registrations exist: " + harmless},
		"the name of an output":                 {hosting(Hosting{ChangedOutputs: []HostingAttribute{{Path: hostile, Sensitive: true}}}), "      output " + harmless + ": (sensitive)"},
		"the address of a resource":             {resource(HostingResource{Address: hostile, Action: Create}), "      + " + harmless},
		"the path of an attribute":              {resource(HostingResource{Address: "a", Action: Update, Attributes: []HostingAttribute{{Path: hostile, Sensitive: true}}}), "          " + harmless + ": (sensitive)"},
		"the old value of an attribute":         {resource(HostingResource{Address: "a", Action: Update, Attributes: []HostingAttribute{{Path: "p", From: hostile}}}), `          p: "x\n::error::y ##vso\u005btask.complete]\u001b[2J\u202e" → none`},
		"the new value of an attribute":         {resource(HostingResource{Address: "a", Action: Update, Attributes: []HostingAttribute{{Path: "p", To: hostile}}}), `          p: "x\n::error::y ##vso\u005btask.complete]\u001b[2J\u202e"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			if err := c.plan.Text(&b, false, true); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(b.String(), "\n")
			found := false
			for _, line := range lines {
				found = found || line == c.line
				if strings.HasPrefix(line, "::") || strings.Contains(line, "##vso[") || strings.ContainsAny(line, "\x1b\u202e") {
					t.Errorf("a line contains a command or a control sequence of the text: %q", line)
				}
			}
			if !found {
				t.Errorf("no line %q in\n%s", c.line, b.String())
			}
		})
	}
}

// TestHostileTextInDifferences: the differences to a saved plan are one line for each object.
func TestHostileTextInDifferences(t *testing.T) {
	t.Parallel()
	update := func(name, path, to string) []Step {
		return []Step{{Action: Update, Key: Key{Application, name}, Changes: []Change{{pathTo(path), nil, to}}}}
	}
	replace := func(reason string) []Step {
		return []Step{{Action: Replace, Key: SecretKey(Key{Application, "s.api"}, "key"), Reason: reason}}
	}
	for name, c := range map[string]struct {
		was, is []Step
		want    string
	}{
		"the reason":   {replace("it has expired"), replace(hostile), "secret s.api key: replace was planned for the reason: it has expired; now the reason is: " + harmless},
		"no reason":    {replace(""), replace("it has expired"), "secret s.api key: replace was planned without a reason; now the reason is: it has expired"},
		"not any more": {replace("it has expired"), replace(""), "secret s.api key: replace was planned for the reason: it has expired; now it has no reason"},
		"the object":   {update(hostile, "notes", "a"), nil, "application " + harmless + ": the plan contains update, which is no longer needed"},
		"a new object": {nil, update(hostile, "notes", "a"), "application " + harmless + ": update is needed, but the plan does not contain it"},
		"the property": {update("s.api", hostile, "a"), update("s.api", hostile, "b"), "application s.api: " + harmless + ` was planned as "a" and would now be "b"`},
		"the value":    {update("s.api", "notes", hostile), update("s.api", "notes", "b"), `application s.api: notes was planned as "x\n::error::y ##vso\u005btask.complete]\u001b[2J\u202e" and would now be "b"`},
	} {
		saved, now := savedPlan(t, c.was), &Plan{Steps: c.is}
		got, err := saved.Differences(now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{c.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	saved := savedPlan(t, nil)
	saved.Plan.Tenant.ID = hostile
	got, err := saved.Differences(&Plan{Tenant: Tenant{ID: hostile + "2"}})
	if want := []string{"the plan is for tenant " + harmless + ", but the target is tenant " + harmless + "2"}; err != nil || !cmp.Equal(want, got) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// savedPlan returns a plan of these steps, read back from its file.
func savedPlan(t *testing.T, steps []Step) *SavedPlan {
	t.Helper()
	raw, err := json.Marshal(Saved{Plan: &Plan{Steps: steps}})
	if err != nil {
		t.Fatal(err)
	}
	var saved SavedPlan
	if err := json.Unmarshal(raw, &saved); err != nil {
		t.Fatal(err)
	}
	return &saved
}

// TestDifferencesOfInvalidPlans: a step that cannot be written as JSON cannot be compared.
func TestDifferencesOfInvalidPlans(t *testing.T) {
	t.Parallel()
	now := &Plan{Steps: []Step{{Action: Update, Key: Key{User, "ada"}, Bodies: []map[string]any{{"f": func() {}}}}}}
	if got, err := savedPlan(t, nil).Differences(now); err == nil {
		t.Errorf("%q, want an error", got)
	}
}
