package sink

import "context"

// file is a JSON file that holds a Secret as a whole.
type file string

func (f file) Check(context.Context) error { return writable(string(f)) }

func (f file) Read(context.Context) (s Secret, found bool, err error) {
	found, err = ReadJSON(string(f), &s)
	return s, found && s.SecretText != "", err
}

func (f file) Write(_ context.Context, s Secret) error { return WriteJSON(string(f), s) }

func (f file) Forget(context.Context) error { return remove(string(f)) }
