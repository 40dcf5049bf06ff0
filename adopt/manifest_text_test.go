package adopt

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestTextInManifests: a manifest contains the text of the tenant completely and unchanged.
func TestTextInManifests(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"plain", "yes", "a\n \nb", "a\n  ", " \n a", "\ta\n\tb\n", "a\n\n\n", "# a: b\n---\nkind: Stack", "a\u202eb", "a\u2066b\nc\\u202e", "\u202e: \"'", "\ufeffa\u2028b\u200b", "\U000e0041", "a\rb\x1b[31m\u0085\x7f\u009b", "\u0085",
	} {
		raw, err := encode(document{kind: "Application", name: "orders", spec: map[string]any{"notes": text, "list": []string{text, "x"}, "deep": map[string]any{"text": text}}, remarks: []string{text}})
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(string(raw), isHidden) {
			t.Errorf("%q is hidden in\n%s", text, raw)
		}
		var got struct {
			Spec struct {
				Notes string
				List  []string
				Deep  struct{ Text string }
			}
		}
		if err := yaml.Unmarshal(raw, &got); err != nil {
			t.Errorf("%q: %v in\n%s", text, err, raw)
			continue
		}
		for _, is := range []string{got.Spec.Notes, got.Spec.List[0], got.Spec.Deep.Text} {
			if is != text {
				t.Errorf("%q became %q in\n%s", text, is, raw)
			}
		}
	}
}
