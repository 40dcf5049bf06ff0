package plan

import (
	"slices"
	"testing"
)

// TestAPlanNeedsTheLeastPermissions: a wider permission is sufficient, an object that cannot be
// purged may remain, and there is no message if the permissions of the caller are unknown.
func TestAPlanNeedsTheLeastPermissions(t *testing.T) {
	t.Parallel()
	p := &Plan{Steps: []Step{
		{Action: Create, Key: Key{Application, "a"}, Stack: "s"},
		{Action: Create, Key: Key{Assignment, "r"}, Stack: "s"},
		{Action: Purge, Key: Key{User, "u"}, Stack: "s", FollowsDelete: true},
	}}
	for name, c := range map[string]struct{ held, lacks []string }{
		"unknown":        {nil, nil},
		"the least":      {[]string{"Application.ReadWrite.OwnedBy", "AppRoleAssignment.ReadWrite.All"}, nil},
		"a wider one":    {[]string{"Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"}, nil},
		"as the user":    {[]string{"Directory.AccessAsUser.All"}, nil},
		"one of the two": {[]string{"Application.ReadWrite.OwnedBy"}, []string{"AppRoleAssignment.ReadWrite.All"}},
		"others":         {[]string{"User.Read.All"}, []string{"AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.OwnedBy"}},
	} {
		err := p.CheckPermissions(c.held)
		lacks, _ := err.(LacksPermissions)
		if (err != nil) != (c.lacks != nil) || !slices.Equal(lacks, c.lacks) {
			t.Errorf("%s: %v, want %v", name, err, c.lacks)
		}
	}
}
