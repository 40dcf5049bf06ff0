package reconcile

import (
	"context"
	"path/filepath"

	"provision/reconcile/sink"
	"provision/stack"
)

// Keep holds what Graph shows only once: client secrets and the passwords of
// users that provision made. Its files are 0600 in a 0700 folder.
type Keep struct {
	Dir   string // .provision/TARGET
	Sinks sink.Access

	Overwrite    bool // files and lines of sinks that provision did not write
	AllowOutside bool // sinks outside of the project folder

	// Local is set for the local tenant. Its secrets never leave this machine: a
	// secret with a sink at GitHub or in a vault is stored as if it had no sink.
	// Otherwise a test would overwrite the secrets of a real tenant.
	Local bool
}

// record describes a secret whose text is stored in another sink.
type record struct {
	sink.Secret            // without its text
	Sink        stack.Sink `json:"sink"`

	// Pending is set while the text is being written: until it is known to be
	// there, it is not.
	Pending bool `json:"pending,omitempty"`

	// Former is the sink that held the secret before its manifest named another
	// one, until the text is removed from there.
	Former stack.Sink `json:"former,omitzero"`
}

func (k Keep) secrets() string { return filepath.Join(k.Dir, "secrets") }

// file returns the file that contains a secret without a sink, or the record of a
// secret with a sink. Both names come from a manifest; its schema ensures that they
// are not paths.
func (k Keep) file(application, displayName string) string {
	return filepath.Join(k.secrets(), application+"."+displayName+".json")
}

// place returns the sink of a secret whose manifest names one.
func (k Keep) place(where stack.Sink) stack.Sink {
	if k.Local && !k.Sinks.Here(where) {
		return stack.Sink{}
	}
	return where
}

func (k Keep) open(application, displayName string, where stack.Sink) (sink.Sink, error) {
	if where == (stack.Sink{}) {
		return sink.Own(k.file(application, displayName)), nil
	}
	return k.Sinks.Open(where, application)
}

// Secret reads a stored secret. ok is false if there is none. It is also false if the
// write was interrupted; then only the retiring secrets are known. The text is "" if
// the sink does not show it.
func (k Keep) Secret(ctx context.Context, application, displayName string, where stack.Sink) (s sink.Secret, ok bool, err error) {
	where = k.place(where)
	if where.Waits() {
		return s, false, nil // nothing can be kept there yet
	}
	place, err := k.open(application, displayName, where)
	if err != nil {
		return s, false, err
	}
	if s, ok, err = place.Read(ctx); err != nil || !ok {
		return s, ok, err
	}
	var r record
	recorded, err := sink.ReadJSON(k.file(application, displayName), &r)
	if err != nil {
		return sink.Secret{}, false, err
	}
	recorded = recorded && r.Sink.String() == where.String()
	switch {
	case s.KeyID != "" && !(recorded && r.Pending && r.KeyID == s.KeyID): // the sink says which secret it has
		return s, true, nil
	case !recorded:
		return sink.Secret{}, false, nil
	case r.Pending:
		return sink.Secret{Retiring: r.Retiring}, false, nil
	}
	r.SecretText = s.SecretText
	return r.Secret, true, nil
}

// check finds out whether a secret can be kept, before there is one.
func (k Keep) check(ctx context.Context, application, displayName string, where stack.Sink) error {
	where = k.place(where)
	place, err := k.open(application, displayName, where)
	if err != nil {
		return err
	}
	if err := k.mayWrite(where, place); err != nil {
		return err
	}
	return place.Check(ctx)
}

// saveSecret writes a secret's text to its sink, and removes it from the sink
// that held an earlier one. For a sink that is not provision's own file a record
// stays, by which the secret is known and taken away again.
func (k Keep) saveSecret(ctx context.Context, s sink.Secret, where stack.Sink) error {
	where = k.place(where)
	place, err := k.open(s.Application, s.DisplayName, where)
	if err != nil {
		return err
	}
	former, err := k.former(s.Application, s.DisplayName, where)
	if err != nil {
		return err
	}
	own := where == (stack.Sink{})
	if own && former == (stack.Sink{}) {
		return place.Write(ctx, s)
	}
	file := k.file(s.Application, s.DisplayName)
	r := record{Secret: s, Sink: where, Pending: true, Former: former}
	r.SecretText = ""
	if own {
		r.KeyID = "" // or it would be taken for the secret itself
	}
	if err := sink.WriteJSON(file, r); err != nil {
		return err
	}
	if own { // its own file replaces the record, which alone knows the former sink
		if err := k.leave(ctx, s.Application, former); err != nil {
			return err
		}
		return place.Write(ctx, s)
	}
	if err := k.recordNewFile(where); err != nil {
		return err
	}
	if err := place.Write(ctx, s); err != nil {
		return err
	}
	// The write is complete only when the former sink does not have the secret any more:
	// until then the next apply repeats it.
	if err := k.leave(ctx, s.Application, former); err != nil {
		return err
	}
	r.Pending, r.Former = false, stack.Sink{}
	return sink.WriteJSON(file, r)
}

// former returns another sink than where that still contains the text of a secret. The
// zero value means that there is none, or that it is provision's own file, which is
// overwritten.
func (k Keep) former(application, displayName string, where stack.Sink) (stack.Sink, error) {
	var r record
	ok, err := sink.ReadJSON(k.file(application, displayName), &r)
	switch {
	case err != nil || !ok:
		return stack.Sink{}, err
	case r.Sink != (stack.Sink{}) && r.Sink.String() != where.String():
		return r.Sink, nil
	case r.Former != (stack.Sink{}) && r.Former.String() != where.String():
		return r.Former, nil
	}
	return stack.Sink{}, nil
}

// leave removes an application's secret from a sink, and the file of a sink that
// provision created once it is empty; the zero value is no sink.
func (k Keep) leave(ctx context.Context, application string, where stack.Sink) error {
	if where == (stack.Sink{}) {
		return nil
	}
	place, err := k.Sinks.Open(where, application)
	if err != nil {
		return err
	}
	if err := place.Forget(ctx); err != nil {
		return err
	}
	return k.removeNewFile(where)
}
