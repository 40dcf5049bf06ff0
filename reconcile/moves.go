package reconcile

import (
	"cmp"
	"context"
	"slices"

	"provision/reconcile/sink"
	"provision/stack"
)

// moves returns a secret whose value is still in the sink that its manifest named before, and that sink; also
// if an earlier move was interrupted. ok is false if the manifest names the same sink, or if the value is lost or the
// sink does not return it: then the secret is replaced.
func (k Keep) moves(ctx context.Context, application, displayName string, where stack.Sink) (s sink.Secret, from string, ok bool) {
	where = k.place(where)
	file := k.file(application, displayName)
	r, found, err := k.readRecord(file)
	if err != nil || !found || r.KeyID == "" || where.Waits() {
		return s, "", false
	}
	if r.Pending {
		s, ok = k.interrupted(ctx, r)
		if r.Former.String() == where.String() { // back to it
			return s, r.Sink.String(), ok
		}
		return s, cmp.Or(r.Former.String(), relative(file)), ok
	}
	if r.Former != (stack.Sink{}) || r.Sink.String() == where.String() {
		return s, "", false
	}
	s, ok = k.valueAt(ctx, r.Secret, r.Sink, r.Location)
	return s, cmp.Or(r.Sink.String(), relative(file)), ok
}

// interrupted returns the secret of a record if a move of its value was interrupted, and the value is still in one of
// the places: in the record itself, in the former sink or in the new one.
func (k Keep) interrupted(ctx context.Context, r record) (s sink.Secret, ok bool) {
	if !r.Moving {
		return s, false
	}
	if r.SecretText != "" {
		return r.Secret, true
	}
	if r.Former != (stack.Sink{}) {
		if s, ok = k.valueAt(ctx, r.Secret, r.Former, r.FormerLocation); ok {
			return s, true
		}
	}
	return k.valueAt(ctx, r.Secret, r.Sink, r.Location)
}

// abandon ends a write that was interrupted if the manifest names a third sink now: the record then names the sink from
// which the value came, or the one that has received it. stays is the reason why the other one keeps its content.
func (k Keep) abandon(ctx context.Context, file string, where stack.Sink) (stays, err error) {
	r, found, err := k.readRecord(file)
	if err != nil || !found || !r.Pending || k.same(k.at(r.Sink, r.Location), where) || r.Former == (stack.Sink{}) && r.SecretText == "" {
		return nil, err
	}
	arrived := false // the former sink does not have the value any more
	if r.Moving && r.SecretText == "" {
		_, still := k.valueAt(ctx, r.Secret, r.Former, r.FormerLocation)
		_, arrived = k.valueAt(ctx, r.Secret, r.Sink, r.Location)
		arrived = arrived && !still
	}
	if !arrived {
		if stays, err = refusal(k.leave(ctx, file, r.Application, r.Sink, r.Location)); err != nil {
			return nil, err
		}
		r.Sink, r.Location = r.Former, r.FormerLocation
	}
	r.Pending, r.Moving, r.Former, r.FormerLocation = !r.Moving, false, stack.Sink{}, location{}
	return stays, sink.WriteJSON(file, r)
}

// valueAt returns a secret with the value that a sink contains, if it is the value of this secret.
func (k Keep) valueAt(ctx context.Context, s sink.Secret, where stack.Sink, l location) (sink.Secret, bool) {
	place, err := k.open(s.Application, s.DisplayName, k.at(where, l))
	if err != nil {
		return s, false
	}
	held, found, err := place.Read(ctx)
	if err != nil || !found || held.SecretText == "" || held.KeyID != "" && held.KeyID != s.KeyID {
		return s, false
	}
	s.SecretText = held.SecretText
	if f, is := place.(sink.File); is && where != (stack.Sink{}) && !slices.Contains(l.SHA256, sum([]byte(f.Text(s)))) {
		return s, false
	}
	return s, true
}
