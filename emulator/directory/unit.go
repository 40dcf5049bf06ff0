package directory

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// AdministrativeUnit is a set of users and groups. Directory roles can be limited to
// it. A deleted unit does not go to the recycle bin. Source: Graph resource type
// "administrativeUnit".
type AdministrativeUnit struct {
	ID               string     `json:"id"`
	DeletedDateTime  *time.Time `json:"deletedDateTime"`
	Description      *string    `json:"description"`
	DisplayName      string     `json:"displayName"`
	MemberManagement *bool      `json:"isMemberManagementRestricted"`
	MembershipRule   *string    `json:"membershipRule"`
	RuleProcessing   *string    `json:"membershipRuleProcessingState"`
	MembershipType   *string    `json:"membershipType"`
	Visibility       *string    `json:"visibility"` // null is Public; HiddenMembership
	MemberIDs        []string   `json:"-"`
}

// Clone returns a copy to change and give to a Tx.
func (u *AdministrativeUnit) Clone() *AdministrativeUnit { return clone(u) }

// AdministrativeUnit returns the unit with an object id.
func (r reader) AdministrativeUnit(id string) (*AdministrativeUnit, bool) {
	found := find[AdministrativeUnit](r, administrativeUnits, "id", id)
	return found, found != nil
}

// AdministrativeUnits yields the units, ordered by id.
func (r reader) AdministrativeUnits() iter.Seq[*AdministrativeUnit] {
	return each[AdministrativeUnit](r, administrativeUnits, "id")
}

// UnitsOf returns the units that a user or a group is in.
func (r reader) UnitsOf(memberID string) []*AdministrativeUnit {
	return collect(each[AdministrativeUnit](r, administrativeUnits, "member", memberID), nil)
}

// CreateAdministrativeUnit stores a new unit without members.
func (tx *Tx) CreateAdministrativeUnit(u *AdministrativeUnit) (*AdministrativeUnit, error) {
	u = u.Clone()
	u.ID, u.MemberIDs = newID(), nil
	if err := checkUnit(u); err != nil {
		return nil, err
	}
	tx.put(administrativeUnits, u)
	return u, nil
}

// UpdateAdministrativeUnit stores a changed Clone of a unit; its members stay.
func (tx *Tx) UpdateAdministrativeUnit(u *AdministrativeUnit) error {
	old, ok := tx.AdministrativeUnit(u.ID)
	if !ok {
		return NotFound(u.ID)
	}
	u = u.Clone()
	u.MemberIDs = old.MemberIDs
	if err := checkUnit(u); err != nil {
		return err
	}
	tx.put(administrativeUnits, u)
	return nil
}

// DeleteAdministrativeUnit deletes a unit permanently, together with the role
// assignments that are limited to it.
func (tx *Tx) DeleteAdministrativeUnit(id string) error {
	u, ok := tx.AdministrativeUnit(id)
	if !ok {
		return NotFound(id)
	}
	for a := range tx.RoleAssignments() {
		if unitID, ok := UnitScope(a.DirectoryScopeID); ok && same(unitID, u.ID) {
			tx.remove(roleAssignments, a)
		}
	}
	tx.remove(administrativeUnits, u)
	return nil
}

const unitScope = "/administrativeUnits/"

// ScopeOfUnit returns the directoryScopeId of a role within a unit.
func ScopeOfUnit(id string) string { return unitScope + id }

// UnitScope returns the unit in a directoryScopeId, if there is one.
func UnitScope(scope string) (unitID string, ok bool) { return strings.CutPrefix(scope, unitScope) }

func checkUnit(u *AdministrativeUnit) error {
	if strings.TrimSpace(u.DisplayName) == "" || len(u.DisplayName) > 256 {
		return invalidValue("AdministrativeUnit", "displayName", "It must have 1 to 256 characters.")
	}
	if !slices.Contains([]string{"", "Public", "HiddenMembership"}, text(u.Visibility)) {
		return invalidValue("AdministrativeUnit", "visibility", "It must be Public or HiddenMembership.")
	}
	return nil
}

// AddUnitMember adds a user or a group to a unit.
func (tx *Tx) AddUnitMember(unitID, memberID string) error {
	u, ok := tx.AdministrativeUnit(unitID)
	if !ok {
		return NotFound(unitID)
	}
	if !tx.Visible(memberID) {
		return NotFound(memberID)
	}
	switch object, _ := tx.Object(memberID); object.(type) {
	case *User, *Group:
	default:
		return NotFound(memberID)
	}
	if slices.Contains(u.MemberIDs, memberID) {
		return alreadyReferenced("members")
	}
	u = u.Clone()
	u.MemberIDs = append(u.MemberIDs, memberID)
	tx.put(administrativeUnits, u)
	return nil
}

// RemoveUnitMember removes a member from a unit.
func (tx *Tx) RemoveUnitMember(unitID, memberID string) error {
	u, ok := tx.AdministrativeUnit(unitID)
	if !ok {
		return NotFound(unitID)
	}
	i := slices.Index(u.MemberIDs, memberID)
	if i < 0 {
		return NotFound(memberID)
	}
	u = u.Clone()
	u.MemberIDs = slices.Delete(u.MemberIDs, i, i+1)
	tx.put(administrativeUnits, u)
	return nil
}
