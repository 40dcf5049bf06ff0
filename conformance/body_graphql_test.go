package conformance

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// A check that searches for a field with a regular expression does not find it behind ignored
// characters, or before a directive.
func TestGraphQLIsRespelled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"mutation Publish($id: ID!) { publish(id: $id) { ok } }",
		"mutation { publish(id: 7) { ok } }",
		"mutation { done: publish(id: 7) { ok } }",
	} {
		body, _ := json.Marshal(map[string]string{"query": text})
		own := operation{members: map[string]any{"query": text}}
		looksFor := regexp.MustCompile(`\bpublish\s*\(\s*id\s*:\s*(\$id|7)\s*\)\s*\{`)
		unseen := 0
		for _, d := range graphQLNames(own, nil) {
			var sent struct{ Query string }
			if err := json.Unmarshal([]byte(d.change(spoken{body: body}).body), &sent); err != nil {
				t.Fatal(err)
			}
			if looksFor.MatchString(sent.Query) {
				continue
			}
			unseen++
			plain := regexp.MustCompile(`#\n|@include\(if: true\)|[,\s]`).ReplaceAllString(sent.Query, "")
			if !looksFor.MatchString(plain) || !strings.HasPrefix(plain, "mutation") {
				t.Errorf("%s: %s is another operation", d.says, sent.Query)
			}
		}
		if unseen != 2 {
			t.Errorf("%s: %d spellings are unseen, want 2", text, unseen)
		}
	}
}
