package conformance

// Recording keeps a run for later, so that runs that go side by side are reported
// one after another.
type Recording struct{ said []func(Handler) error }

// Begin records the beginning of a run.
func (r *Recording) Begin(p Plan) error {
	r.said = append(r.said, func(h Handler) error { return h.Begin(p) })
	return nil
}

// Result records the result of a case.
func (r *Recording) Result(one Result) error {
	r.said = append(r.said, func(h Handler) error { return h.Result(one) })
	return nil
}

// End records the end of a run.
func (r *Recording) End(s Summary) error {
	r.said = append(r.said, func(h Handler) error { return h.End(s) })
	return nil
}

// Replay passes the recorded run to h.
func (r *Recording) Replay(h Handler) error {
	for _, say := range r.said {
		if err := say(h); err != nil {
			return err
		}
	}
	return nil
}
