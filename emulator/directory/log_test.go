package directory

import (
	"fmt"
	"testing"
)

func TestLogsAreBounded(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	for i := range maxLogged + 5 {
		b.RecordSignIn(SignIn{UserDisplayName: fmt.Sprint(i)})
		b.RecordAudit(DirectoryAudit{ActivityDisplayName: fmt.Sprint(i)})
	}
	signIns, audits := b.SignIns(), b.Audits()
	if len(signIns) != maxLogged || signIns[0].UserDisplayName != "5" || signIns[0].ID == "" || !signIns[0].CreatedDateTime.Equal(noon) {
		t.Errorf("%d sign-ins are kept, the oldest %v", len(signIns), signIns[0])
	}
	if len(audits) != maxLogged || audits[maxLogged-1].ActivityDisplayName != fmt.Sprint(maxLogged+4) || audits[0].TargetResources == nil {
		t.Errorf("%d audits are kept, the newest %v", len(audits), audits[maxLogged-1])
	}
}
