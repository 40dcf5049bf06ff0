package localtenant_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"provision/graph"
	"provision/localtenant"
)

type credential struct{}

func (credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// A role that Graph has removed although it answered with an error is assigned again.
func TestUnassignRestoresRolesAfterAnError(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"not found": 404, "a server error": 500, "a refusal": 403} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := 0
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var batch struct {
					Requests []struct{ ID, Method, URL string }
				}
				_ = json.NewDecoder(r.Body).Decode(&batch)
				var answers []map[string]any
				for _, item := range batch.Requests {
					answer := map[string]any{"id": item.ID, "status": 200, "body": map[string]any{"id": "sp"}}
					switch {
					case item.Method == http.MethodDelete:
						answer = map[string]any{"id": item.ID, "status": status, "body": map[string]any{"error": map[string]string{"code": "x"}}}
					case item.Method == http.MethodPost:
						given++
						answer["status"] = 201
					case strings.Contains(item.URL, "appRoleAssignedTo"):
						answer["body"] = map[string]any{"value": []map[string]string{{"id": "a", "appRoleId": "role", "principalId": "ada"}}}
					}
					answers = append(answers, answer)
				}
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(map[string]any{"responses": answers})
			}))
			t.Cleanup(server.Close)
			client, err := graph.New(credential{}, graph.Options{Endpoint: server.URL + "/v1.0", Transport: server.Client().Transport})
			if err != nil {
				t.Fatal(err)
			}
			restore, err := (localtenant.Assignments{Graph: client, AppID: "api"}).Unassign(t.Context(), "ada")
			if (err == nil) != (status == 404) {
				t.Fatalf("error %v", err)
			}
			if restore != nil {
				if err := restore(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if given != 1 {
				t.Errorf("the role was given back %d times, want once", given)
			}
		})
	}
}
