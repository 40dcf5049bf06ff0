package graphapi

import (
	"strings"
	"testing"

	"provision/emulator/directory"
)

func TestInvitations(t *testing.T) {
	t.Parallel()
	tt := start(t)
	const body = `{"invitedUserEmailAddress":"bob@fabrikam.example","inviteRedirectUrl":"https://app.example/","invitedUserDisplayName":"Bob"}`
	made := tt.must(201, "POST", "/v1.0/invitations", body).body
	if made.text("status") != "PendingAcceptance" || made.text("invitedUserType") != "Guest" ||
		!strings.HasPrefix(made.text("inviteRedeemUrl"), origin+"/"+tt.directory.Tenant().ID+"/redeem?") ||
		made.text("@odata.context") != origin+"/v1.0/$metadata#invitations/$entity" {
		t.Errorf("invitation %v", made)
	}
	id := made.text("invitedUser.id")
	guest := tt.get("/v1.0/users/" + id + "?$select=userPrincipalName,displayName,userType,mail,creationType,externalUserState,externalUserStateChangeDateTime")
	for property, want := range map[string]string{
		"userPrincipalName": "bob_fabrikam.example#EXT#@contoso.onmicrosoft.com", "displayName": "Bob", "userType": "Guest", "mail": "bob@fabrikam.example",
		"creationType": "Invitation", "externalUserState": "PendingAcceptance", "externalUserStateChangeDateTime": "2026-03-01T12:00:00Z",
	} {
		if guest.text(property) != want {
			t.Errorf("%s %q, want %q", property, guest.text(property), want)
		}
	}
	if found := tt.get("/v1.0/users?$filter=userType eq 'Guest'").values(); len(found) != 1 {
		t.Errorf("guests %v", found)
	}
	if again := tt.must(201, "POST", "/v1.0/invitations", body).body; again.text("invitedUser.id") != id {
		t.Errorf("invited again: %v", again)
	}
	account := directory.HomeAccount{TenantID: id, ObjectID: id}
	if err := tt.directory.Update(func(tx *directory.Tx) error { _, err := tx.AcceptInvitation(id, account); return err }); err != nil {
		t.Fatal(err)
	}
	if again := tt.must(201, "POST", "/v1.0/invitations", body).body; again.text("status") != "Completed" {
		t.Errorf("accepted: %v", again)
	}
	reset := strings.Replace(body, "{", `{"resetRedemption":true,`, 1)
	if again := tt.must(201, "POST", "/v1.0/invitations", reset).body; again.text("status") != "PendingAcceptance" || again.text("invitedUser.id") != id {
		t.Errorf("reset: %v", again)
	}
	if _, found := tt.directory.GuestOf(account); found {
		t.Error("the account is the guest's still")
	}
	audits := tt.get("/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Invite external user'").values()
	if len(audits) != 4 || !strings.Contains(tt.must(200, "GET", "/v1.0/auditLogs/directoryAudits", "").raw, id) {
		t.Errorf("audits %v", audits)
	}
	tt.newUser("ada")
	for body, want := range map[string]string{
		`{"inviteRedirectUrl":"https://app.example/"}`:                                                                          "400 ",
		`{"invitedUserEmailAddress":"bob@fabrikam.example"}`:                                                                    "400 ",
		`{"invitedUserEmailAddress":"bob@fabrikam.example","inviteRedirectUrl":"app"}`:                                          "400 ",
		`{"invitedUserEmailAddress":"bob@fabrikam.example","inviteRedirectUrl":"https://app.example/","invitedUserType":"Pet"}`: "400 ",
		`{"invitedUserEmailAddress":"bob","inviteRedirectUrl":"https://app.example/"}`:                                          "400 ",
		`{"invitedUserEmailAddress":"ada@contoso.onmicrosoft.com","inviteRedirectUrl":"https://app.example/"}`:                  "already exists",
		`{"invitedUserEmail":"x"}`: "400 ",
	} {
		if r := tt.send("admin", "POST", "/v1.0/invitations", body); !strings.Contains(r.fault(), want) {
			t.Errorf("%s: %s", body, r.fault())
		}
	}
	// Some clients send the types of their values.
	typed := `{"@odata.type":"#microsoft.graph.invitation","invitedUserEmailAddress":"eve@fabrikam.example","inviteRedirectUrl":"https://app.example/",
		"invitedUserType":null,"sendInvitationMessage":true,"invitedUserMessageInfo":{"@odata.type":"#microsoft.graph.invitedUserMessageInfo","messageLanguage":null,
		"ccRecipients":[{"@odata.type":"#microsoft.graph.recipient","emailAddress":{"@odata.type":"#microsoft.graph.emailAddress","address":"bob@fabrikam.example"}}]}}`
	if made := tt.must(201, "POST", "/v1.0/invitations", typed).body; made.text("invitedUserType") != "Guest" || !strings.Contains(made.text("@odata.context"), "invitations") {
		t.Errorf("invitation %v", made)
	}
	if r := tt.send(tt.caller("User.Invite.All"), "POST", "/beta/invitations", body); r.StatusCode != 201 {
		t.Errorf("User.Invite.All: %s", r.fault())
	}
	if r := tt.send(tt.caller("User.Read.All"), "POST", "/v1.0/invitations", body); r.StatusCode != 403 {
		t.Errorf("User.Read.All: %s", r.fault())
	}
}
