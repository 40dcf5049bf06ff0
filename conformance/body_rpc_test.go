package conformance

import (
	"slices"
	"testing"
)

// Parameters by name are also sent by position; a check may not consider this form.
func TestPositionalParameters(t *testing.T) {
	t.Parallel()
	body := `{"jsonrpc":"2.0","id":1,"method":"purge","params":{"zoom":3,"force":true}}`
	members, _ := parse([]byte(body)).(map[string]any)
	var sent []string
	for _, d := range rpcDisguises(operation{members: members}, nil) {
		sent = append(sent, d.change(spoken{body: []byte(body)}).body)
	}
	if want := `{"id":1,"jsonrpc":"2.0","method":"purge","params":[true,3]}`; !slices.Contains(sent, want) {
		t.Errorf("%s is not in %q", want, sent)
	}
}
