package directory

// CONTRACT between the rooms (the bodies are written by the directory's owner).
//
//	func Open(path string, seed Seed, clock func() time.Time) (*Directory, error) // path "" keeps it in memory
//	func (d *Directory) Close() error
//	func (d *Directory) Tenant() Tenant
//
// Reads take no lock that a writer holds for long and return immutable objects
// (nil, false when there is none, or it is deleted):
//
//	func (d *Directory) Application(id string) (*Application, bool)
//	func (d *Directory) ApplicationByAppID(appID string) (*Application, bool)
//	func (d *Directory) ServicePrincipal(id string) (*ServicePrincipal, bool)      // mirror properties filled in
//	func (d *Directory) ServicePrincipalByAppID(appID string) (*ServicePrincipal, bool)
//	func (d *Directory) ServicePrincipalByName(name string) (*ServicePrincipal, bool) // an appId or an identifier URI, as a resource is named in a scope
//	func (d *Directory) User(id string) (*User, bool)
//	func (d *Directory) UserByUPN(upn string) (*User, bool)                         // without regard to case
//	func (d *Directory) Group(id string) (*Group, bool)
//	func (d *Directory) GroupsOf(memberID string) []*Group                          // direct membership only
//	func (d *Directory) AssignmentsTo(resourceSPID string) []*AppRoleAssignment
//	func (d *Directory) AssignmentsOf(principalID string) []*AppRoleAssignment
//	func (d *Directory) GrantsOf(clientSPID string) []*OAuth2PermissionGrant
//	func (u *User) CheckPassword(text string) bool
//	func (c PasswordCredential) Matches(secret string) bool
//
// Writes: everything in one Update is kept or nothing is; when Update returns
// nil the change survives kill -9.
//
//	func (d *Directory) Update(func(tx *Tx) error) error
//
// A small durable key-value space for the login room (signing keys, the key
// that seals codes and refresh tokens, used codes):
//
//	func (d *Directory) Load(bucket, key string) ([]byte, bool)
//	func (d *Directory) Save(bucket, key string, value []byte) error
//	func (d *Directory) SaveOnce(bucket, key string, value []byte) (stored bool, err error) // false when the key is already there
