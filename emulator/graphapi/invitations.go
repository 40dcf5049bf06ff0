package graphapi

import (
	"cmp"
	"net/http"
	"net/url"
	"reflect"

	"github.com/google/uuid"

	"provision/emulator/directory"
)

// Invitations of users of other tenants as guests. No mail is sent; an invited user
// accepts by signing in. Source: learn.microsoft.com/graph/api/invitation-post.
var invitationRoutes = []route{
	{method: "POST", pattern: "invitations", requires: inviteUsers, handle: (*call).invite},
}

// invitation is the resource of that name.
// Source: learn.microsoft.com/graph/api/resources/invitation.
type invitation struct {
	ID                      string         `json:"id"`
	InviteRedeemURL         string         `json:"inviteRedeemUrl"`
	InvitedUserDisplayName  *string        `json:"invitedUserDisplayName"`
	InvitedUserType         string         `json:"invitedUserType"` // Guest | Member
	InvitedUserEmailAddress string         `json:"invitedUserEmailAddress"`
	SendInvitationMessage   bool           `json:"sendInvitationMessage"`
	ResetRedemption         bool           `json:"resetRedemption"`
	InviteRedirectURL       string         `json:"inviteRedirectUrl"`
	Status                  string         `json:"status"` // PendingAcceptance | Completed
	InvitedUserMessageInfo  *inviteMessage `json:"invitedUserMessageInfo"`
	InvitedUser             *invitedUser   `json:"invitedUser"`
}

type invitedUser struct {
	ID string `json:"id"`
}

type inviteMessage struct {
	MessageLanguage       *string            `json:"messageLanguage"`
	CustomizedMessageBody *string            `json:"customizedMessageBody"`
	CcRecipients          []inviteeRecipient `json:"ccRecipients"`
}

type inviteeRecipient struct {
	EmailAddress struct {
		Name    *string `json:"name"`
		Address *string `json:"address"`
	} `json:"emailAddress"`
}

var invitationKind = &kind{
	set:       "invitations",
	odataType: "microsoft.graph.invitation",
	resource:  "Invitation",
	structs:   []reflect.Type{reflect.TypeFor[invitation]()},
}

func (c *call) invite() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var made invitation
	if err := b.apply(&made, nil); err != nil {
		return answer{}, err
	}
	made.InvitedUserType = cmp.Or(made.InvitedUserType, "Guest")
	redirect, err := url.Parse(made.InviteRedirectURL)
	switch {
	case made.InvitedUserEmailAddress == "":
		return answer{}, missing("invitedUserEmailAddress", "Invitation")
	case made.InviteRedirectURL == "":
		return answer{}, missing("inviteRedirectUrl", "Invitation")
	case err != nil || !redirect.IsAbs():
		return answer{}, badRequest("Invalid value specified for property 'inviteRedirectUrl' of resource 'Invitation'.")
	case made.InvitedUserType != "Guest" && made.InvitedUserType != "Member":
		return answer{}, badRequest("Invalid value specified for property 'invitedUserType' of resource 'Invitation'.")
	}
	name := ""
	if made.InvitedUserDisplayName != nil {
		name = *made.InvitedUserDisplayName
	}
	var user *directory.User
	err = c.update(func(tx *directory.Tx) (err error) {
		user, err = tx.InviteUser(made.InvitedUserEmailAddress, name, made.InvitedUserType == "Member")
		if err == nil && made.ResetRedemption {
			user, err = tx.ResetRedemption(user.ID)
		}
		if err != nil {
			return err
		}
		return tx.SetInviteRedirect(user.ID, made.InviteRedirectURL)
	})
	if err != nil {
		return answer{}, err
	}
	made.ID, made.InvitedUser = uuid.NewString(), &invitedUser{user.ID}
	made.InvitedUserType, made.Status = user.UserType, "PendingAcceptance"
	if user.ExternalUserState != nil && *user.ExternalUserState == "Accepted" {
		made.Status = "Completed"
	}
	made.InviteRedeemURL = c.cloud.login + "/" + c.service.directory.Tenant().ID + "/redeem?" + url.Values{
		"user": {user.ID}, "rd": {made.InviteRedirectURL},
	}.Encode()
	a, err := c.one(http.StatusCreated, invitationKind, made)
	a.about = user.ID
	return a, err
}
