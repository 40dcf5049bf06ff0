package terraform

import (
	"slices"
	"testing"
)

// TestErrorsOfProvisioners: if an API of local-api does not start, the message contains the
// reason, and not the command that Terraform ran.
func TestErrorsOfProvisioners(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"type":"diagnostic","diagnostic":{"severity":"error","address":"terraform_data.api","summary":"local-exec provisioner error","detail":"Error running command '\"$PROVISION\" background start run -- 'uvicorn'': exit status 1. Output: error: another program already answers at http://127.0.0.1:8000/"}}`: "terraform_data.api: another program already answers at http://127.0.0.1:8000/",
		`{"type":"diagnostic","diagnostic":{"severity":"error","address":"null_resource.a","summary":"local-exec provisioner error","detail":"Error running command 'false': exit status 1. Output: error: no"}}`:                                                                                                      "null_resource.a: local-exec provisioner error: Error running command 'false': exit status 1. Output: error: no",
	} {
		var l log
		if _, err := l.Write([]byte(line + "\n")); err != nil || !slices.Equal(l.errors, []string{want}) {
			t.Errorf("%q (%v), want %q", l.errors, err, want)
		}
	}
}
