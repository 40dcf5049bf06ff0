package directory

import "testing"

func TestClaimsExpression(t *testing.T) {
	t.Parallel()
	claims := map[string]any{"sub": "repo:contoso/shop:ref:refs/heads/main", "job_workflow_ref": "o'hara/x", "n": 1.0}
	for expression, want := range map[string]bool{
		"claims['sub'] eq 'repo:contoso/shop:ref:refs/heads/main'":                        true,
		"claims['sub'] eq 'repo:contoso/*'":                                               false,
		"claims['sub'] matches 'repo:contoso/*'":                                          true,
		"claims['sub'] matches 'repo:contoso/sho?:ref:refs/heads/main'":                   true,
		"claims['sub'] matches 'contoso'":                                                 false,
		"claims['sub'] matches '*' and claims['job_workflow_ref'] eq 'o''hara/x'":         true,
		"  claims['sub']  matches  '*'  and  claims['job_workflow_ref'] matches 'else*' ": false,
		"claims['missing'] matches '*'":                                                   false,
		"claims['n'] matches '*'":                                                         false,
		"claims['sub'] matches 'repo.contoso*'":                                           false,
		"claims['sub'] matches '*' or claims['sub'] eq 'x'":                               false,
		"claims['sub'] matches '*' and":                                                   false,
		"claims['sub'] ne 'x'":                                                            false,
		"claims['sub'] matches '*":                                                        false,
		"":                                                                                false,
	} {
		if got := (ClaimsMatchingExpression{1, expression}).Matches(claims); got != want {
			t.Errorf("%s: not %v", expression, want)
		}
	}
}

func FuzzClaimsExpression(f *testing.F) {
	f.Add("claims['sub'] matches 'a*' and claims['x'] eq ''''", "ab")
	f.Fuzz(func(t *testing.T, expression, sub string) {
		ClaimsMatchingExpression{1, expression}.Matches(map[string]any{"sub": sub})
	})
}
