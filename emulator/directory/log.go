package directory

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxLogged is the maximum number of entries in each of the two logs. They are in memory
// and end with the process.
const maxLogged = 1000

// SignIn is one attempt to sign in: a user at the sign-in page, or by one of
// the grants, or an application with its credential.
// Source: Graph resource type "signIn".
type SignIn struct {
	ID                      string       `json:"id"`
	CreatedDateTime         time.Time    `json:"createdDateTime"`
	UserDisplayName         string       `json:"userDisplayName"`
	UserPrincipalName       string       `json:"userPrincipalName"`
	UserID                  string       `json:"userId"`
	AppID                   string       `json:"appId"`
	AppDisplayName          string       `json:"appDisplayName"`
	IPAddress               string       `json:"ipAddress"`
	ClientAppUsed           string       `json:"clientAppUsed"` // Browser, Mobile Apps and Desktop clients
	CorrelationID           string       `json:"correlationId"`
	ConditionalAccessStatus string       `json:"conditionalAccessStatus"`
	IsInteractive           bool         `json:"isInteractive"`
	ResourceDisplayName     string       `json:"resourceDisplayName"`
	ResourceID              string       `json:"resourceId"` // the resource's appId
	ServicePrincipalID      *string      `json:"servicePrincipalId"`
	ServicePrincipalName    *string      `json:"servicePrincipalName"`
	SignInEventTypes        []string     `json:"signInEventTypes"` // interactiveUser | nonInteractiveUser | servicePrincipal
	Status                  SignInStatus `json:"status"`
	UserAgent               *string      `json:"userAgent"`
}

// SignInStatus states whether a sign-in succeeded. Source: Graph resource type "signInStatus".
type SignInStatus struct {
	ErrorCode         int     `json:"errorCode"` // of AADSTS; 0: signed in
	FailureReason     string  `json:"failureReason"`
	AdditionalDetails *string `json:"additionalDetails"`
}

// DirectoryAudit is one change of the directory and who made it.
// Source: Graph resource type "directoryAudit".
type DirectoryAudit struct {
	ID                  string           `json:"id"`
	Category            string           `json:"category"` // ApplicationManagement, UserManagement, GroupManagement, RoleManagement
	CorrelationID       string           `json:"correlationId"`
	Result              string           `json:"result"`
	ResultReason        string           `json:"resultReason"`
	ActivityDisplayName string           `json:"activityDisplayName"`
	ActivityDateTime    time.Time        `json:"activityDateTime"`
	LoggedByService     string           `json:"loggedByService"`
	OperationType       string           `json:"operationType"`
	InitiatedBy         AuditInitiator   `json:"initiatedBy"`
	TargetResources     []TargetResource `json:"targetResources"`
	AdditionalDetails   []KeyValue       `json:"additionalDetails"`
}

// AuditInitiator is a user or an application; the other is null.
type AuditInitiator struct {
	User *AuditUser `json:"user"`
	App  *AuditApp  `json:"app"`
}

// AuditUser is the user who made a change. Source: Graph resource type "userIdentity".
type AuditUser struct {
	ID                string  `json:"id"`
	DisplayName       *string `json:"displayName"`
	UserPrincipalName string  `json:"userPrincipalName"`
	IPAddress         *string `json:"ipAddress"`
}

// AuditApp is the application that made a change. Source: Graph resource type "appIdentity".
type AuditApp struct {
	AppID                *string `json:"appId"`
	DisplayName          string  `json:"displayName"`
	ServicePrincipalID   string  `json:"servicePrincipalId"`
	ServicePrincipalName *string `json:"servicePrincipalName"`
}

// TargetResource is an object that a change was about. Source: Graph resource type "targetResource".
type TargetResource struct {
	ID                 string             `json:"id"`
	DisplayName        *string            `json:"displayName"`
	Type               string             `json:"type"` // Application, ServicePrincipal, User, Group, Role, Other
	UserPrincipalName  *string            `json:"userPrincipalName"`
	GroupType          *string            `json:"groupType"`
	ModifiedProperties []ModifiedProperty `json:"modifiedProperties"`
}

// ModifiedProperty holds its values as JSON texts.
type ModifiedProperty struct {
	DisplayName string  `json:"displayName"`
	OldValue    *string `json:"oldValue"`
	NewValue    *string `json:"newValue"`
}

// ring keeps the newest entries.
type ring[T any] struct {
	mu      sync.Mutex
	entries []T
	oldest  int // index of the next entry once the ring is full
}

func (r *ring[T]) add(entry T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) < maxLogged {
		r.entries = append(r.entries, entry)
		return
	}
	r.entries[r.oldest] = entry
	r.oldest = (r.oldest + 1) % maxLogged
}

func (r *ring[T]) all() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Concat(r.entries[r.oldest:], r.entries[:r.oldest])
}

// RecordSignIn notes an attempt to sign in; id and time are set here.
func (d *Directory) RecordSignIn(s SignIn) {
	s.ID, s.CreatedDateTime = uuid.NewString(), d.clock().UTC().Truncate(time.Second)
	if s.ConditionalAccessStatus == "" {
		s.ConditionalAccessStatus = "notApplied"
	}
	fillLists(&s)
	d.signIns.add(s)
}

// SignIns returns the newest attempts to sign in, oldest first.
func (d *Directory) SignIns() []SignIn { return d.signIns.all() }

// RecordAudit notes a change; id and time are set here.
func (d *Directory) RecordAudit(a DirectoryAudit) {
	a.ID, a.ActivityDateTime = "Directory_"+uuid.NewString(), d.clock().UTC().Truncate(time.Second)
	fillLists(&a)
	d.audits.add(a)
}

// Audits returns the newest changes, oldest first.
func (d *Directory) Audits() []DirectoryAudit { return d.audits.all() }
