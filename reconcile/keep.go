package reconcile

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"provision/reconcile/sink"
	"provision/stack"
)

// Keep stores what Graph returns only once: client secrets, and the passwords of users
// that provision created. Its files are 0600 in a 0700 folder.
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

// record describes a secret whose value is stored in another sink.
type record struct {
	sink.Secret            // without its value
	Sink        stack.Sink `json:"sink"`

	// Pending is set while the value is being written. Until the write is complete, the
	// value counts as missing.
	Pending bool `json:"pending,omitempty"`

	// Moving is set while the value that is being written is an existing one, which another sink contained: if
	// the command is killed, the next apply completes the move.
	Moving bool `json:"moving,omitempty"`

	// Former is the sink that contained the secret before its manifest named another
	// one, until the value is removed from there.
	Former stack.Sink `json:"former,omitzero"`

	Location       location `json:"location,omitzero"`
	FormerLocation location `json:"formerLocation,omitzero"`

	moved bool // a location is not the recorded one
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

// Secret reads a stored secret. ok is false if there is none, or if its write was interrupted; then only the
// retiring secrets are known, which stay valid until their time. The value is "" if the sink does not show it.
func (k Keep) Secret(ctx context.Context, application, displayName string, where stack.Sink) (s sink.Secret, ok bool, err error) {
	where = k.place(where)
	r, found, err := k.readRecord(k.file(application, displayName))
	lost := sink.Secret{Retiring: r.Retiring}
	if err != nil || where.Waits() { // nothing can be stored there yet
		return lost, false, err
	}
	place, err := k.open(application, displayName, where)
	if err != nil {
		return lost, false, err
	}
	if s, ok, err = place.Read(ctx); err != nil || !ok {
		return lost, false, err
	}
	recorded := found && (k.here(r, where) || r.Sink.String() == where.String() && slices.Contains(r.Location.SHA256, sum([]byte(s.SecretText))))
	switch {
	case found && !recorded && !r.Pending && r.KeyID != "" && s.KeyID != "" && s.KeyID != r.KeyID: // another file with an earlier value, e.g. a copy
		return lost, false, nil
	case s.KeyID != "" && !(found && r.Pending && r.KeyID == s.KeyID): // the sink states the id of its secret
		return s, true, nil
	case !recorded || r.Pending:
		return lost, false, nil
	}
	r.SecretText = s.SecretText
	return r.Secret, true, nil
}

// check finds out whether a secret can be stored, before it is created. may reports which values it may
// replace.
func (k Keep) check(ctx context.Context, application, displayName string, where stack.Sink, may yields) error {
	where = k.place(where)
	place, err := k.open(application, displayName, where)
	if err != nil {
		return err
	}
	if e, err := k.elsewhere(ctx, application, displayName, where, "", nil); err != nil || e.File != "" && !k.Overwrite {
		if err != nil {
			return err
		}
		return &sink.Refused{File: e.File, Why: "it contains the secret, and it was written from another folder", Flag: "--overwrite", Project: e.Project}
	}
	if err := k.mayWrite(where, place, may); err != nil {
		return err
	}
	if refused, err := k.copied(ctx, k.file(application, displayName), where, place); err != nil || refused != nil {
		return cmp.Or[error](err, refused)
	}
	return place.Check(ctx)
}

// copied refuses a file that no record names and that states another value of the secret than its record:
// somebody copied it.
func (k Keep) copied(ctx context.Context, file string, where stack.Sink, place sink.Sink) (*sink.Refused, error) {
	r, found, err := k.readRecord(file)
	if err != nil || !found || r.KeyID == "" || where.File == "" || k.Overwrite {
		return nil, err
	}
	held, found, err := place.Read(ctx)
	if err != nil || !found || held.KeyID == "" || held.KeyID == r.KeyID {
		return nil, err
	}
	claims, err := k.claims(where)
	if err != nil || len(claims) > 0 {
		return nil, err
	}
	return k.refused(where, "provision did not write it"), nil
}

// saveSecret writes a secret's value to its sink, and removes it from the sink
// that held an earlier one. For a sink that is not provision's own file a record
// stays, by which the secret is known and taken away again. stays is the reason why the
// earlier sink keeps its content: somebody changed it.
func (k Keep) saveSecret(ctx context.Context, s sink.Secret, where stack.Sink) (stays, err error) {
	where = k.place(where)
	place, err := k.open(s.Application, s.DisplayName, where)
	if err != nil {
		return nil, err
	}
	file := k.file(s.Application, s.DisplayName)
	abandoned, err := k.abandon(ctx, file, where)
	if err != nil {
		return nil, err
	}
	defer func() { stays = cmp.Or(stays, abandoned) }()
	former, formerLocation, err := k.former(s.Application, s.DisplayName, where)
	if err != nil {
		return nil, err
	}
	own := where == (stack.Sink{})
	if own && former == (stack.Sink{}) {
		return nil, place.Write(ctx, s)
	}
	before, _, err := k.readRecord(file)
	if err != nil {
		return nil, err
	}
	r := record{Secret: s, Sink: where, Pending: true, Former: former, FormerLocation: formerLocation}
	r.Moving = before.KeyID == s.KeyID && (before.Moving || !before.Pending)
	if f, ok := place.(sink.File); ok && !own {
		if r.Location.Path, err = k.locate(where); err != nil {
			return nil, err
		}
		r.Location.SHA256 = append([]string{sum([]byte(f.Text(s)))}, before.Location.SHA256...)
	}
	if !own {
		r.Location.Written = time.Now().UTC()
	}
	// The file contains the value only while it is the sink from which, or to which, the value moves.
	if !r.Moving || !own && before.SecretText == "" {
		r.SecretText = ""
	}
	if own && !r.Moving {
		r.KeyID = "" // otherwise it would count as the secret itself
	}
	if err := sink.WriteJSON(file, r); err != nil {
		return nil, err
	}
	if own { // its own file replaces the record, which alone contains the former sink
		if stays, err = refusal(k.leave(ctx, file, s.Application, former, formerLocation)); err != nil {
			return nil, err
		}
		return stays, place.Write(ctx, s)
	}
	if err := k.recordNewFile(where); err != nil {
		return nil, err
	}
	if err := place.Write(ctx, s); err != nil {
		return nil, err
	}
	// The write is complete only when the former sink does not have the secret any more:
	// until then the next apply repeats it.
	if stays, err = refusal(k.leave(ctx, file, s.Application, former, formerLocation)); err != nil {
		return nil, err
	}
	r.Pending, r.Moving, r.SecretText, r.Former, r.FormerLocation = false, false, "", stack.Sink{}, location{}
	if len(r.Location.SHA256) > 1 {
		r.Location.SHA256 = r.Location.SHA256[:1]
	}
	return stays, sink.WriteJSON(file, r)
}

// refusal splits an error into a refusal to remove what somebody changed, and others.
func refusal(err error) (refused, other error) {
	if errors.As(err, new(*sink.Refused)) {
		return err, nil
	}
	return nil, err
}

// former returns another sink than where that still contains the value of a secret, and its location.
// The zero value means that there is none, or that it is provision's own file, which is
// overwritten.
func (k Keep) former(application, displayName string, where stack.Sink) (stack.Sink, location, error) {
	r, ok, err := k.readRecord(k.file(application, displayName))
	switch {
	case err != nil || !ok:
		return stack.Sink{}, location{}, err
	case r.Sink != (stack.Sink{}) && !k.same(k.at(r.Sink, r.Location), where):
		return r.Sink, r.Location, nil
	case r.Former != (stack.Sink{}) && !k.same(k.at(r.Former, r.FormerLocation), where):
		return r.Former, r.FormerLocation, nil
	}
	return stack.Sink{}, location{}, nil
}

// leave removes the value of the secret with a record from a sink, and the file of a sink that
// provision created once it is empty; the zero value is no sink. It does not remove the value of another
// secret of the stack that has replaced it. It refuses, with a *sink.Refused, to remove a value that provision did
// not write, that was changed since, or that belongs to another stack or target. If a file keeps such a
// value, the error is a *sink.NotRemoved.
func (k Keep) leave(ctx context.Context, file, application string, where stack.Sink, l location) error {
	if where == (stack.Sink{}) {
		return nil
	}
	where = k.at(where, l)
	place, err := k.Sinks.Open(where, application)
	if err != nil {
		return err
	}
	refused, err := k.occupied(where, place, itself(file))
	switch {
	case refused != nil && refused.Holder != nil && *refused.Holder == (sink.Holder{Stack: sink.StackOf(application)}):
		return nil
	case refused != nil && refused.Holder != nil:
		return refused
	case refused != nil:
		err = refused
	case err == nil:
		err = place.Forget(ctx)
	}
	switch {
	case err == nil:
		return k.removeNewFile(where)
	case where.Path() == "":
		return err
	}
	stays := &sink.NotRemoved{File: relative(k.Sinks.Path(where.Path())), Err: err}
	if where.Env != nil {
		stays.Key = where.Env.Key
	}
	return stays
}
