package reconcile

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"provision/reconcile/sink"
	"provision/stack"
)

// claim is a secret whose value provision wrote to a sink, according to a record of this target or
// another one. Several secrets can have claims to one sink, for example if an application was
// renamed; the sink contains the value of one of them.
type claim struct {
	file string // of the record
	sink.Secret
	sha256  []string  // of the value in a file
	written time.Time // when provision began to write the value
}

// target is the name of the target whose record it is.
func (c claim) target() string { return filepath.Base(filepath.Dir(filepath.Dir(c.file))) }

// claims returns the claims to a sink.
func (k Keep) claims(where stack.Sink) (all []claim, err error) {
	same := func(s stack.Sink, l location) bool {
		return (s.Path() == "" || l.Path != "") && k.same(k.at(s, l), where)
	}
	for _, dir := range append(k.siblings(), k.Dir) {
		entries, err := os.ReadDir(filepath.Join(dir, "secrets"))
		if err != nil {
			continue
		}
		for _, e := range entries {
			file := filepath.Join(dir, "secrets", e.Name())
			r, found, err := k.readRecord(file)
			if err != nil || !found || r.Sink == (stack.Sink{}) && r.Former == (stack.Sink{}) {
				continue
			}
			if same(r.Sink, r.Location) {
				all = append(all, claim{file, r.Secret, r.Location.SHA256, cmp.Or(r.Location.Written, r.StartDateTime)})
			}
			if same(r.Former, r.FormerLocation) {
				all = append(all, claim{file, r.Secret, r.FormerLocation.SHA256, r.FormerLocation.Written})
			}
		}
	}
	return all, nil
}

// yields reports whether the value of a claim may be replaced or removed.
type yields func(claim) bool

// itself yields only the value of the secret with this record.
func itself(file string) yields { return func(c claim) bool { return c.file == file } }

// unless yields also the values of the target's other secrets, except those of stacks that the tenant contains
// and no manifest declares: in the declared stacks no other secret has the sink any more.
func (k Keep) unless(orphans []string, file string) yields {
	return func(c claim) bool {
		return c.file == file || filepath.Dir(c.file) == filepath.Clean(k.secrets()) && !slices.Contains(orphans, sink.StackOf(c.Application))
	}
}

// occupied describes why the value in a sink may be neither replaced nor removed, or returns nil:
// provision did not write it, somebody changed it since, or it is the value of another secret.
func (k Keep) occupied(where stack.Sink, place sink.Sink, may yields) (*sink.Refused, error) {
	claims, err := k.claims(where)
	if err != nil {
		return nil, err
	}
	f, ok := place.(sink.File)
	if !ok { // it does not return its value: the last secret that was written there has it
		last := slices.MaxFunc(append(claims, claim{}), func(a, b claim) int { return a.written.Compare(b.written) })
		if last.file == "" || slices.ContainsFunc(claims, func(c claim) bool { return may(c) && c.written.Equal(last.written) }) {
			return nil, nil
		}
		return k.holds(where, last), nil
	}
	texts, err := f.Content()
	if err != nil {
		return nil, err
	}
	var other *claim
	for _, text := range texts {
		written := slices.DeleteFunc(slices.Clone(claims), func(c claim) bool { return !slices.Contains(c.sha256, sum([]byte(text))) })
		switch {
		case len(written) == 0:
			return k.foreign(where, f, len(claims) > 0)
		case !slices.ContainsFunc(written, may):
			other = &written[0]
		}
	}
	if other == nil {
		return nil, nil
	}
	return k.holds(where, *other), nil
}

// holds is the refusal for a sink that contains the value of another secret.
func (k Keep) holds(where stack.Sink, c claim) *sink.Refused {
	r := k.refused(where, fmt.Sprintf("it contains secret %s %s", c.Application, c.DisplayName))
	if r.Key != "" {
		r.Why = fmt.Sprintf("%s contains secret %s %s", r.Key, c.Application, c.DisplayName)
	}
	r.Holder = &sink.Holder{Stack: sink.StackOf(c.Application)}
	if filepath.Dir(c.file) == filepath.Clean(k.secrets()) {
		r.Why += ", and stack " + sink.StackOf(c.Application) + " is still in the tenant"
	} else {
		r.Holder.Target = c.target()
		r.Why += " of target " + c.target()
	}
	return r
}

// foreign is the refusal for a value that provision did not write, or that was changed after provision
// wrote one there, or nil.
func (k Keep) foreign(where stack.Sink, place sink.File, wrote bool) (*sink.Refused, error) {
	why, err := place.Taken()
	switch {
	case err != nil:
		return nil, err
	case !wrote:
	case where.Env != nil:
		why = where.Env.Key + " changed after provision wrote it"
	case why == "":
		why = "it changed after provision wrote it"
	}
	if why == "" {
		return nil, nil
	}
	return k.refused(where, why), nil
}

// refused is the refusal to replace the content of a sink without --overwrite.
func (k Keep) refused(where stack.Sink, why string) *sink.Refused {
	r := &sink.Refused{File: where.String(), Why: why, Flag: "--overwrite"}
	if where.Path() != "" {
		r.File = shortest(k.Sinks.Path(where.Path()))
	}
	if where.Env != nil {
		r.Key = where.Env.Key
	}
	return r
}
