package reconcile

import (
	"cmp"
	"context"
	"slices"

	"provision/reconcile/sink"
	"provision/stack"
)

// moves returns a secret whose value is still in the sink that its manifest named before, and that sink. ok is
// false if the manifest names the same sink, or if the value is lost or the sink does not return it: then
// the secret is replaced.
func (k Keep) moves(ctx context.Context, application, displayName string, where stack.Sink) (s sink.Secret, from string, ok bool) {
	where = k.place(where)
	file := k.file(application, displayName)
	r, found, err := k.readRecord(file)
	if err != nil || !found || r.Pending || r.KeyID == "" || r.Former != (stack.Sink{}) || where.Waits() || r.Sink.String() == where.String() {
		return s, "", false
	}
	place, err := k.open(application, displayName, k.at(r.Sink, r.Location))
	if err != nil {
		return s, "", false
	}
	held, found, err := place.Read(ctx)
	if err != nil || !found || held.SecretText == "" || held.KeyID != "" && held.KeyID != r.KeyID {
		return s, "", false
	}
	s = r.Secret
	s.SecretText = held.SecretText
	if f, is := place.(sink.File); is && r.Sink != (stack.Sink{}) && !slices.Contains(r.Location.SHA256, sum([]byte(f.Text(s)))) {
		return sink.Secret{}, "", false
	}
	return s, cmp.Or(r.Sink.String(), relative(file)), true
}
