package reconcile_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"provision/plan"
)

// modelOf returns Microsoft's model of the body of a write.
func modelOf(method, path string) serialization.ParsableFactory {
	resource, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	resource, _, _ = strings.Cut(resource, "(")
	switch last := rest[strings.LastIndex(rest, "/")+1:]; {
	case last == "appRoleAssignedTo":
		return models.CreateAppRoleAssignmentFromDiscriminatorValue
	case last == "federatedIdentityCredentials":
		return models.CreateFederatedIdentityCredentialFromDiscriminatorValue
	case strings.Contains(rest, "/"), last == "$ref":
		return nil // a reference or an action: no model has its body
	case resource == "applications":
		return models.CreateApplicationFromDiscriminatorValue
	case resource == "servicePrincipals":
		return models.CreateServicePrincipalFromDiscriminatorValue
	case resource == "groups":
		return models.CreateGroupFromDiscriminatorValue
	case resource == "users":
		return models.CreateUserFromDiscriminatorValue
	case resource == "oauth2PermissionGrants":
		return models.CreateOAuth2PermissionGrantFromDiscriminatorValue
	}
	return nil
}

// modelled reads a body into a model and writes it again. It returns the properties that the
// model does not have as unknown.
func modelled(body json.RawMessage, create serialization.ParsableFactory) (written []byte, unknown map[string]any, err error) {
	node, err := jsonserialization.NewJsonParseNode(body)
	if err != nil {
		return nil, nil, err
	}
	model, err := node.GetObjectValue(create)
	if err != nil {
		return nil, nil, err
	}
	if holder, ok := model.(serialization.AdditionalDataHolder); ok {
		unknown = holder.GetAdditionalData()
	}
	writer := jsonserialization.NewJsonSerializationWriter()
	defer writer.Close()
	if err := writer.WriteObjectValue("", model); err != nil {
		return nil, nil, err
	}
	written, err = writer.GetSerializedContent()
	return written, unknown, err
}

// withoutTypes removes the annotations that the models add.
func withoutTypes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "@odata.type")
		for _, member := range v {
			withoutTypes(member)
		}
	case []any:
		for _, e := range v {
			withoutTypes(e)
		}
	}
	return v
}

// recorder records the writes in each $batch.
type recorder struct {
	next http.RoundTripper

	mu     sync.Mutex
	writes []recorded
}

type recorded struct {
	Method, URL string
	Body        json.RawMessage
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	var batch struct{ Requests []recorded }
	if err := json.Unmarshal(raw, &batch); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.writes = append(r.writes, batch.Requests...)
	r.mu.Unlock()
	q.Body = io.NopCloser(bytes.NewReader(raw))
	return r.next.RoundTrip(q)
}

// TestBodiesAreThoseOfTheSDK: every body that an apply sends contains the properties and types of
// Microsoft's models, and the models write the same body again.
func TestBodiesAreThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	checked := map[string]bool{}
	for name, stacks := range map[string]func(w *world) error{
		"manifests":  func(w *world) error { _, err := w.apply(load(t, "../manifests"), plan.Options{}); return err },
		"every kind": func(w *world) error { _, err := w.apply(everyKind(w.tenant.Domain), plan.Options{}); return err },
	} {
		w := newWorld(t)
		record := &recorder{next: w.wire}
		w.graph = w.connect(record)
		if err := stacks(w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, sent := range record.writes {
			create := modelOf(sent.Method, sent.URL)
			if sent.Method == http.MethodGet || len(sent.Body) == 0 || create == nil {
				continue
			}
			resource, _, _ := strings.Cut(strings.TrimPrefix(sent.URL, "/"), "/")
			resource, _, _ = strings.Cut(resource, "(")
			checked[resource] = true
			written, unknown, err := modelled(sent.Body, create)
			if err != nil {
				t.Errorf("%s %s: the model refuses the body %s: %v", sent.Method, sent.URL, sent.Body, err)
				continue
			}
			if len(unknown) > 0 {
				t.Errorf("%s %s: the model does not have %v", sent.Method, sent.URL, unknown)
			}
			var want, got any
			if err := json.Unmarshal(sent.Body, &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(written, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, withoutTypes(got)); diff != "" {
				t.Errorf("%s %s: the model writes another body (-sent +model):\n%s", sent.Method, sent.URL, diff)
			}
		}
	}
	for _, resource := range []string{"applications", "servicePrincipals", "groups", "users", "oauth2PermissionGrants"} {
		if !checked[resource] {
			t.Errorf("no body of %s was checked", resource)
		}
	}
}
