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
	AllowOutside bool // sinks outside of the working directory

	// Local is set for the local tenant. Its secrets never leave this machine:
	// one that a manifest sends to GitHub or to a vault is kept as if it named
	// no sink, or a try-out would break what works with a real tenant's.
	Local bool
}

// record is what is remembered of a secret whose text is kept elsewhere.
type record struct {
	sink.Secret            // without its text
	Sink        stack.Sink `json:"sink"`

	// Pending is set while the text is being written: until it is known to be
	// there, it is not.
	Pending bool `json:"pending,omitempty"`
}

func (k Keep) secrets() string { return filepath.Join(k.Dir, "secrets") }

// file is where a secret is kept that names no sink, and else its record. Both
// names are a manifest's, whose schema keeps them from being a path.
func (k Keep) file(application, displayName string) string {
	return filepath.Join(k.secrets(), application+"."+displayName+".json")
}

// place is where a secret is kept whose manifest says where.
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

// Secret reads a kept secret; ok is false when there is none, or when writing it
// was cut short, and then only what it retires is known. Its text is "" where
// the sink does not show it.
func (k Keep) Secret(ctx context.Context, application, displayName string, where stack.Sink) (s sink.Secret, ok bool, err error) {
	where = k.place(where)
	place, err := k.open(application, displayName, where)
	if err != nil {
		return s, false, err
	}
	if s, ok, err = place.Read(ctx); err != nil || !ok || s.KeyID != "" {
		return s, ok, err
	}
	var r record
	if ok, err = sink.ReadJSON(k.file(application, displayName), &r); err != nil || !ok || r.Sink.String() != where.String() {
		return sink.Secret{}, false, err
	}
	if r.Pending {
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

// saveSecret writes a secret's text to its sink. For one that is not provision's
// own file a record stays, by which the secret is known and taken away again.
func (k Keep) saveSecret(ctx context.Context, s sink.Secret, where stack.Sink) error {
	where = k.place(where)
	place, err := k.open(s.Application, s.DisplayName, where)
	if err != nil {
		return err
	}
	if where == (stack.Sink{}) {
		return place.Write(ctx, s)
	}
	r := record{Secret: s, Sink: where, Pending: true}
	r.SecretText = ""
	if err := sink.WriteJSON(k.file(s.Application, s.DisplayName), r); err != nil {
		return err
	}
	if err := place.Write(ctx, s); err != nil {
		return err
	}
	r.Pending = false
	return sink.WriteJSON(k.file(s.Application, s.DisplayName), r)
}
