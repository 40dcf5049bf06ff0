package directory

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// On disk, an object is the JSON that Graph would return, together with the fields that
// Graph hides (json:"-"), under their own names.
type (
	applicationRecord struct {
		Application
		Owners    []string                      `json:"owners"`
		Federated []FederatedIdentityCredential `json:"federatedIdentityCredentials"`
		Secrets   map[string][]byte             `json:"secretHashes"` // by keyId
		Version   uint64                        `json:"version,omitempty"`
	}
	servicePrincipalRecord struct {
		ServicePrincipal
		OwnTags []string          `json:"ownTags"`
		Owners  []string          `json:"owners"`
		Secrets map[string][]byte `json:"secretHashes"`
		Version uint64            `json:"version,omitempty"`
	}
	userRecord struct {
		User
		Manager     string       `json:"manager"`
		Password    PasswordHash `json:"password"`
		ForceChange bool         `json:"forceChangePassword"`
		Version     uint64       `json:"version,omitempty"`
		Home        HomeAccount  `json:"home"`
		Redirects   []string     `json:"inviteRedirects,omitempty"`
	}
	groupRecord struct {
		Group
		Members []string `json:"members"`
		Owners  []string `json:"owners"`
		Version uint64   `json:"version,omitempty"`
	}
)

type policyRecord struct {
	CustomAppManagementPolicy
	AppliesTo []string `json:"appliesTo"`
}

type unitRecord struct {
	AdministrativeUnit
	Members []string `json:"members"`
}

// encode encodes an object for the store. Version 0 leaves the version out, as in a
// snapshot.
func encode(object any, version uint64) ([]byte, error) {
	switch o := object.(type) {
	case *Application:
		return json.Marshal(applicationRecord{*o, o.OwnerIDs, o.FederatedCredentials, secretHashes(o.PasswordCredentials), version})
	case *ServicePrincipal:
		record := servicePrincipalRecord{*o, o.OwnTags, o.OwnerIDs, secretHashes(o.PasswordCredentials), version}
		if o.AppID == MicrosoftGraphAppID { // its permissions are part of the program
			record.AppRoles, record.OAuth2PermissionScopes = nil, nil
		}
		return json.Marshal(record)
	case *User:
		return json.Marshal(userRecord{*o, o.ManagerID, o.Password, o.ForceChange, version, o.Home, o.InviteRedirects})
	case *CustomAppManagementPolicy:
		return json.Marshal(policyRecord{*o, o.AppliesToIDs})
	case *AdministrativeUnit:
		return json.Marshal(unitRecord{*o, o.MemberIDs})
	case *Group:
		return json.Marshal(groupRecord{*o, o.MemberIDs, o.OwnerIDs, version})
	}
	return json.Marshal(object)
}

// encodeKept encodes an object for the store of a tenant. Properties that a
// service principal mirrors from an application of the same tenant are not
// stored twice: they are mirrored again when the store is read.
func encodeKept(object any, tenantID string) ([]byte, error) {
	if sp, ok := object.(*ServicePrincipal); ok && !sp.Deleted() && text(sp.AppOwnerOrganizationID) == tenantID {
		bare := *sp
		bare.AppRoles, bare.OAuth2PermissionScopes = nil, nil
		object = &bare
	}
	v := versionOf(object)
	if v == nil {
		return encode(object, 0)
	}
	return encode(object, *v)
}

func decode(table string, data []byte) (any, error) {
	var object any
	var err error
	switch table {
	case applications:
		var r applicationRecord
		err = json.Unmarshal(data, &r)
		r.OwnerIDs, r.FederatedCredentials = r.Owners, r.Federated
		setSecretHashes(r.PasswordCredentials, r.Secrets)
		r.Application.Version = r.Version
		object = &r.Application
	case servicePrincipals:
		var r servicePrincipalRecord
		err = json.Unmarshal(data, &r)
		r.OwnerIDs, r.ServicePrincipal.OwnTags = r.Owners, r.OwnTags
		setSecretHashes(r.PasswordCredentials, r.Secrets)
		if r.AppID == MicrosoftGraphAppID {
			r.AppRoles, r.OAuth2PermissionScopes = microsoftGraphPermissions()
		}
		r.ServicePrincipal.Version = r.Version
		object = &r.ServicePrincipal
	case users:
		var r userRecord
		err = json.Unmarshal(data, &r)
		r.ManagerID, r.User.Password, r.User.ForceChange = r.Manager, r.Password, r.ForceChange
		r.User.Home, r.User.InviteRedirects = r.Home, r.Redirects
		r.User.Version = r.Version
		object = &r.User
	case groups:
		var r groupRecord
		err = json.Unmarshal(data, &r)
		r.MemberIDs, r.OwnerIDs = r.Members, r.Owners
		r.Group.Version = r.Version
		object = &r.Group
	case assignments:
		object = new(AppRoleAssignment)
		err = json.Unmarshal(data, object)
	case grants:
		object = new(OAuth2PermissionGrant)
		err = json.Unmarshal(data, object)
	case administrativeUnits:
		var r unitRecord
		err = json.Unmarshal(data, &r)
		r.MemberIDs = r.Members
		object = &r.AdministrativeUnit
	case changes:
		object = new(change)
		err = json.Unmarshal(data, object)
	case directoryRoles:
		object = new(DirectoryRole)
		err = json.Unmarshal(data, object)
	case roleDefinitions:
		object = new(RoleDefinition)
		err = json.Unmarshal(data, object)
	case customPolicies:
		var r policyRecord
		err = json.Unmarshal(data, &r)
		r.AppliesToIDs = r.AppliesTo
		object = &r.CustomAppManagementPolicy
	case policies:
		object = new(AppManagementPolicy)
		err = json.Unmarshal(data, object)
	case roleAssignments:
		object = new(RoleAssignment)
		err = json.Unmarshal(data, object)
	default:
		return nil, fmt.Errorf("no such table")
	}
	if err != nil {
		return nil, err
	}
	fillLists(object)
	return object, nil
}

func secretHashes(credentials []PasswordCredential) map[string][]byte {
	hashes := map[string][]byte{}
	for _, c := range credentials {
		hashes[c.KeyID] = c.Hash
	}
	return hashes
}

func setSecretHashes(credentials []PasswordCredential, hashes map[string][]byte) {
	for i := range credentials {
		credentials[i].Hash = hashes[credentials[i].KeyID]
	}
}

func objectID(object any) string {
	return reflect.ValueOf(object).Elem().FieldByName("ID").String()
}

var (
	bytesType = reflect.TypeFor[[]byte]()
	timeType  = reflect.TypeFor[time.Time]()
)

// fillLists turns every nil list below an object into an empty one: Graph
// answers [] and never null for a list.
func fillLists(object any) { fill(reflect.ValueOf(object).Elem()) }

func fill(v reflect.Value) {
	switch {
	case v.Type() == bytesType || v.Type() == timeType:
	case v.Kind() == reflect.Pointer && !v.IsNil():
		fill(v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			fill(v.Index(i))
		}
	}
}

// deepCopy returns a copy that shares no writable memory with v.
func deepCopy(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		c.Set(reflect.New(v.Type().Elem()))
		c.Elem().Set(deepCopy(v.Elem()))
	case v.Kind() == reflect.Struct && v.Type() != timeType:
		for i := range v.NumField() {
			c.Field(i).Set(deepCopy(v.Field(i)))
		}
	case v.Kind() == reflect.Slice && !v.IsNil():
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			c.Index(i).Set(deepCopy(v.Index(i)))
		}
	default:
		c.Set(v)
	}
	return c
}

func clone[T any](object *T) *T {
	return deepCopy(reflect.ValueOf(object)).Interface().(*T)
}

// Clone returns a copy to change and give to a Tx.
func (a *Application) Clone() *Application { return clone(a) }

// Clone returns a copy to change and give to a Tx.
func (p *ServicePrincipal) Clone() *ServicePrincipal { return clone(p) }

// Clone returns a copy to change and give to a Tx.
func (u *User) Clone() *User { return clone(u) }

// Clone returns a copy to change and give to a Tx.
func (g *Group) Clone() *Group { return clone(g) }
