package terraform

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestErrorsInText: the text of a failed command begins with the error, and not with warnings or
// with problems of the configuration file of Terraform.
func TestErrorsInText(t *testing.T) {
	t.Parallel()
	const missing = "There are some problems with the CLI configuration:\n╷\n│ Warning: Unable to open CLI configuration file\n│\n│ The CLI configuration file at \"/home/ada/.terraformrc\" does not exist.\n╵\n\n\n"
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"a warning before it", "exit status 1\n\n" + missing + "Error: Failed to query available provider packages\n\nCould not retrieve the list\nof versions.\n", []string{"Failed to query available provider packages Could not retrieve the list of versions."}},
		{"a warning after it", "Error: Unsupported argument\n\n  on main.tf line 1\n\nWarning: Deprecated\n\nUse the other one.\n", []string{"Unsupported argument on main.tf line 1"}},
		{"an announcement before it", "Error: Terraform encountered problems during initialisation, including problems\nwith the configuration, described below.\n\nError: Missing required argument\n\nError: Missing required argument\n", []string{"Missing required argument"}},
		{"boxes", "╷\n│ Error: Missing required argument\n│\n│ The argument \"value\" is required.\n╵\n", []string{"Missing required argument The argument \"value\" is required."}},
		{"an error of the settings", "There are some problems with the CLI configuration:\n╷\n│ Error: The specified plugin cache dir cannot be opened\n╵\n\nAs a result of the above problems, Terraform may not behave as intended.\n\n\nError: Unsupported argument\n", []string{"Unsupported argument", "The specified plugin cache dir cannot be opened"}},
		{"only a warning", "exit status 1\n\nWarning: Deprecated\n", []string{"exit status 1\n\nWarning: Deprecated\n"}},
		{"another text", "fork/exec /usr/bin/terraform: permission denied", []string{"fork/exec /usr/bin/terraform: permission denied"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, errorsIn(test.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
