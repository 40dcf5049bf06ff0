package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSupersededSecrets finds only the secrets that an interrupted run has left.
func TestSupersededSecrets(t *testing.T) {
	t.Parallel()
	api, web := Key{Application, "s.api"}, Key{Application, "s.web"}
	secret := func(of Key, name, id string, superseded bool) *Live {
		return &Live{Object: Object{Key: Key{Secret, id}, Properties: obj{"displayName": name}, Ends: Ends{Resource: of}}, ID: id, Superseded: superseded}
	}
	s := &State{Objects: map[Key]*Live{}}
	for _, o := range []*Live{
		secret(api, "key", "left", true), secret(api, "key", "current", false),
		secret(api, "other", "another-name", true), secret(web, "key", "another-application", true),
	} {
		s.Objects[o.Key] = o
	}
	if diff := cmp.Diff([]string{"left"}, s.SupersededSecrets(SecretKey(api, "key"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
