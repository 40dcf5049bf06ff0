package status_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/status"
)

type object = map[string]any

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func state() *plan.State {
	api := plan.Key{Kind: plan.Application, Name: "orders.api"}
	staff, ada, ben := plan.Key{Kind: plan.Group, Name: "provision.orders.staff"}, plan.Key{Kind: plan.User, Name: "ada@contoso.example"}, plan.Key{Kind: plan.User, Name: "ben@contoso.example"}
	all := []*plan.Live{
		{Object: plan.Object{Key: api, Stack: "orders", Properties: object{"displayName": "Orders", "tags": []any{"provision:stack=orders"},
			"appRoles": []any{object{"id": "r1", "value": "Admin"}},
			"passwordCredentials": []any{
				object{"displayName": "deploy", "keyId": "K1", "endDateTime": now.Add(90*24*time.Hour - time.Second).Format(time.RFC3339)},
				object{"displayName": "old", "keyId": "K2", "endDateTime": now.Add(-25 * time.Hour).Format(time.RFC3339)}},
			"keyCredentials": []any{
				object{"displayName": "CN=worker", "keyId": "K3", "usage": "Verify", "endDateTime": now.Add(29*24*time.Hour + time.Hour).Format(time.RFC3339)},
				object{"displayName": "CN=saml", "keyId": "K4", "usage": "Sign", "endDateTime": now.Format(time.RFC3339)}}}}, ID: "o1", AppID: "a1"},
		{Object: plan.Object{Key: staff, Stack: "orders", Properties: object{"displayName": "Staff"}}},
		{Object: plan.Object{Key: ada, Stack: "orders", Properties: object{"userPrincipalName": "Ada@contoso.example", "accountEnabled": true}}},
		{Object: plan.Object{Key: ben, Stack: "orders", Properties: object{"userPrincipalName": "ben@contoso.example", "accountEnabled": false}}},
		{Object: plan.Object{Key: plan.AssignmentKey(api, "Admin", staff), Stack: "orders", Properties: object{"appRoleId": "r1"}, Ends: plan.Ends{Resource: api, Principal: staff}}},
		{Object: plan.Object{Key: plan.MemberKey(staff, ada), Stack: "orders", Ends: plan.Ends{Resource: staff, Principal: ada}}},
		{Object: plan.Object{Key: plan.Key{Kind: plan.Application, Name: "shop.web"}, Stack: "shop", Properties: object{}}, ID: "o2", AppID: "a2"},
		{Object: plan.Object{Key: plan.Key{Kind: plan.Application, Name: "nobodys"}, Properties: object{}}, ID: "o3", AppID: "a3"},
	}
	s := &plan.State{Objects: map[plan.Key]*plan.Live{}}
	for _, o := range all {
		s.Objects[o.Key] = o
	}
	return s
}

func TestOf(t *testing.T) {
	t.Parallel()
	kept := status.Kept{Secrets: map[string]string{"k1": "deploy.json"}, Retiring: map[string]time.Time{"k2": now}, Passwords: map[string]string{"ada@contoso.example": "passwords.json"}}
	all := status.Of(state(), nil, kept, now)
	if len(all) != 2 || all[0].Name != "orders" || all[1].Name != "shop" {
		t.Fatalf("stacks: %+v", all)
	}
	s := all[0]
	if diff := cmp.Diff(map[string]int{"application": 1, "group": 1, "user": 2, "assignment": 1, "member": 1}, s.Owns); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]status.User{
		{UserPrincipalName: "Ada@contoso.example", Enabled: true, Roles: []string{"orders.api: Admin (group provision.orders.staff)"}, Password: "passwords.json"},
		{UserPrincipalName: "ben@contoso.example", Roles: []string{}},
	}, s.Users); diff != "" {
		t.Error(diff)
	}
	type short struct {
		Kind, Name, State, Kept string
		Days                    int
	}
	var got []short
	for _, c := range s.Credentials {
		if (c.Retires != nil) != (c.KeyID == "K2") {
			t.Errorf("credential %s retires at %v", c.KeyID, c.Retires)
		}
		got = append(got, short{c.Kind, c.Name, c.State, c.Kept, *c.Days})
	}
	if diff := cmp.Diff([]short{{"certificate", "CN=worker", "expires soon", "", 29}, {"secret", "deploy", "ok", "deploy.json", 90}, {"secret", "old", "expired", "", -1}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestOfNamed lists only the named stack, even if it owns nothing.
func TestOfNamed(t *testing.T) {
	t.Parallel()
	all := status.Of(state(), []string{"shop", "later"}, status.Kept{}, now)
	if len(all) != 2 || all[0].Name != "later" || len(all[0].Owns) != 0 || all[1].Name != "shop" {
		t.Errorf("stacks: %+v", all)
	}
}
