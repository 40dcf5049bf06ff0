package emulator

import (
	"net/http"

	"provision/emulator/faults"
	"provision/emulator/graphapi"
)

// meter takes the cost of a request to Graph from its caller's quotas.
func (e *Emulator) meter(cost graphapi.Cost) graphapi.Throttled {
	return graphapi.Throttled(e.quotas.Spend(faults.Spending(cost), e.clock.now()))
}

// quotaState contains the quotas in the management API's requests and answers.
type quotaState struct {
	Tenant string `json:"tenant"` // small, medium or large; "": no quotas
}

func (e *Emulator) readQuotas(w http.ResponseWriter, _ *http.Request) {
	managementAnswer(w, quotaState{string(e.quotas.Size())})
}

// setQuotas changes the quotas and resets their counters.
func (e *Emulator) setQuotas(w http.ResponseWriter, r *http.Request) {
	var state quotaState
	if !managementBody(w, r, &state) {
		return
	}
	size, err := faults.ParseTenantSize(state.Tenant)
	if err != nil {
		managementError(w, http.StatusBadRequest, "%v", err)
		return
	}
	e.quotas.SetSize(size)
	e.readQuotas(w, r)
}
