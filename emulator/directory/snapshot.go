package directory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/hashicorp/go-memdb"
)

// Export writes the whole content of the directory, with ids, as indented JSON that
// Import can read: a list for each table, and the tenant. It contains the hashes of
// secrets and passwords and the private keys of signing certificates, but not the text
// of any secret or password.
func (v View) Export() ([]byte, error) {
	dump := map[string]any{"tenant": v.tenant}
	for table, objects := range v.tables() {
		records := make([]json.RawMessage, 0, len(objects))
		for _, object := range objects {
			record, err := encode(object, 0)
			if err != nil {
				return nil, fmt.Errorf("export %s %s: %w", table, objectID(object), err)
			}
			records = append(records, record)
		}
		dump[table] = records
	}
	return indented(dump)
}

// Import replaces the content of the directory by a snapshot that Export made. If it
// fails, nothing is changed. Like other writes, an import is durable and appears in
// delta queries, but it is visible immediately. Import refuses a snapshot of another
// tenant, or an inconsistent one, with an *Error.
func (d *Directory) Import(snapshot []byte) error {
	wanted, err := d.parseSnapshot(snapshot)
	if err != nil {
		return err
	}
	err = d.UpdateAtOnce(func(tx *Tx) error {
		for table, objects := range (View{tx.reader, tx.tenant}).tables() {
			if err := tx.replace(table, objects, wanted[table]); err != nil {
				return err
			}
		}
		return tx.checkReferences()
	})
	if err != nil {
		return err
	}
	if err := d.mirrorAll(); err != nil {
		return err
	}
	d.replica.mu.Lock()
	defer d.replica.mu.Unlock()
	d.replica.past = nil
	return nil
}

// Reset restores the initial content of the directory.
func (d *Directory) Reset() error {
	began, ok := d.Load(settingsBucket, seedKey)
	if !ok {
		return &Error{Status: http.StatusConflict, Code: "Conflict", Message: "The initial content of this tenant is not known, because an older version created it."}
	}
	return d.Import(began)
}

func badSnapshot(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "BadRequest", Message: "The snapshot cannot be restored: " + fmt.Sprintf(format, args...) + "."}
}

// parseSnapshot reads a snapshot's objects, by table.
func (d *Directory) parseSnapshot(snapshot []byte) (map[string][]any, error) {
	var dump map[string]json.RawMessage
	if err := json.Unmarshal(snapshot, &dump); err != nil {
		return nil, badSnapshot("it is not a JSON object")
	}
	var tenant Tenant
	if err := json.Unmarshal(dump["tenant"], &tenant); err != nil || tenant.ID == "" {
		return nil, badSnapshot("it does not state its tenant; export one with format=full")
	}
	if !same(tenant.ID, d.tenant.ID) {
		return nil, &Error{Status: http.StatusConflict, Code: "Conflict",
			Message: fmt.Sprintf("The snapshot is of tenant %s, but the local tenant is %s.", tenant.ID, d.tenant.ID)}
	}
	delete(dump, "tenant")
	known := d.View().tables()
	wanted := map[string][]any{}
	for _, table := range slices.Sorted(maps.Keys(dump)) {
		if _, ok := known[table]; !ok {
			return nil, badSnapshot("nothing is called %q", table)
		}
		var records []json.RawMessage
		if err := json.Unmarshal(dump[table], &records); err != nil {
			return nil, badSnapshot("%s is not a list", table)
		}
		for i, record := range records {
			object, err := decode(table, record)
			if err != nil {
				return nil, badSnapshot("%s[%d]: %v", table, i, err)
			}
			wanted[table] = append(wanted[table], object)
		}
		if err := checkUnique(table, wanted[table]); err != nil {
			return nil, err
		}
	}
	for _, table := range slices.Sorted(maps.Keys(known)) {
		if _, ok := dump[table]; !ok {
			return nil, badSnapshot("it lacks %s", table)
		}
	}
	return wanted, nil
}

// checkUnique checks the assumptions of a table's indexes: every object has an id, and
// no two objects have the same unique key.
func checkUnique(table string, objects []any) error {
	links := table == assignments || table == grants || table == roleAssignments
	for i, object := range objects {
		if !links && !isUUID(objectID(object)) {
			return badSnapshot("the id of %s[%d] is not a GUID", table, i)
		}
	}
	for _, index := range schema().Tables[table].Indexes {
		indexer, ok := index.Indexer.(memdb.SingleIndexer)
		if !ok || !index.Unique {
			continue
		}
		seen := map[string]bool{}
		for i, object := range objects {
			found, key, err := indexer.FromObject(object)
			switch {
			case err != nil:
				return badSnapshot("%s[%d]: %v", table, i, err)
			case !found && !index.AllowMissing:
				return badSnapshot("%s[%d] has no %s", table, i, index.Name)
			case found && seen[string(key)]:
				return badSnapshot("%s[%d] has the %s of another", table, i, index.Name)
			case found:
				seen[string(key)] = true
			}
		}
	}
	return nil
}

// replace replaces the objects of a table. It does not write objects that have not
// changed.
func (tx *Tx) replace(table string, had, wanted []any) error {
	before := map[string][]byte{}
	for _, object := range had {
		record, err := encode(object, 0)
		if err != nil {
			return fmt.Errorf("import %s %s: %w", table, objectID(object), err)
		}
		before[objectID(object)] = record
	}
	var changed []any
	same := map[string]bool{}
	for _, object := range wanted {
		record, err := encode(object, 0)
		if err != nil {
			return fmt.Errorf("import %s %s: %w", table, objectID(object), err)
		}
		if bytes.Equal(record, before[objectID(object)]) {
			same[objectID(object)] = true
		} else {
			changed = append(changed, object)
		}
	}
	// Deletions come first, because a new object may use the key of a deleted one.
	for _, object := range had {
		if !same[objectID(object)] {
			tx.remove(table, object)
		}
	}
	for _, object := range changed {
		tx.put(table, object)
	}
	return nil
}

// checkReferences refuses a snapshot whose relations have an end that is not
// in it.
func (tx *Tx) checkReferences() error {
	missing := func(relation string, ids ...string) error {
		for _, id := range ids {
			_, live := tx.Object(id)
			_, deleted := tx.DeletedObject(id)
			if !live && !deleted {
				return badSnapshot("%s names %s, which is not in it", relation, id)
			}
		}
		return nil
	}
	for a := range each[AppRoleAssignment](tx.reader, assignments, "id") {
		if err := missing(assignments, a.PrincipalID, a.ResourceID); err != nil {
			return err
		}
	}
	for g := range each[OAuth2PermissionGrant](tx.reader, grants, "id") {
		ends := []string{g.ClientID, g.ResourceID}
		if g.PrincipalID != nil {
			ends = append(ends, *g.PrincipalID)
		}
		if err := missing(grants, ends...); err != nil {
			return err
		}
	}
	for a := range each[RoleAssignment](tx.reader, roleAssignments, "id") {
		if err := missing(roleAssignments, a.PrincipalID); err != nil {
			return err
		}
	}
	if _, ok := tx.ServicePrincipalByAppID(MicrosoftGraphAppID); !ok {
		return badSnapshot("it lacks the service principal of Microsoft Graph")
	}
	return nil
}
