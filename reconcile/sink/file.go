package sink

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"provision/stack"
)

// file is a JSON file that contains one Secret.
type file string

func (f file) Check(context.Context) error { return writable(string(f)) }

func (f file) Read(context.Context) (s Secret, found bool, err error) {
	found, err = ReadJSON(string(f), &s)
	return s, found && s.SecretText != "", err
}

// named is a file that a manifest names. It may have any content.
type named struct {
	file
	application string
}

// Taken: the file contains the application of its secret. A secret of the same stack is
// provision's own, under a former name.
func (n named) Taken() (what string, err error) {
	s, err := n.content()
	switch _, missing := os.Lstat(string(n.file)); {
	case err != nil || errors.Is(missing, fs.ErrNotExist):
		return "", err
	case s.SecretText != "" && StackOf(s.Application) == StackOf(n.application):
		return "", nil
	}
	return "provision did not write it", nil
}

// StackOf is the stack of a uniqueName, STACK.NAME.
func StackOf(uniqueName string) string {
	name, _, _ := strings.Cut(uniqueName, ".")
	return name
}

// Content returns the content of the file.
func (n named) Content() ([]string, error) {
	raw, err := stack.ReadFile(string(n.file), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{Where: string(n.file), Hint: "name a file that can be read and written as the secret's sink", Err: err, File: true}
	}
	return []string{string(raw)}, nil
}

// Text returns the content of the file after a write.
func (n named) Text(s Secret) string {
	raw, err := textOf(s)
	if err != nil {
		return "" // a Secret has only texts and times
	}
	return string(raw)
}

// Forget does not remove a file that now contains something else.
func (n named) Forget(ctx context.Context) error {
	what, err := n.Taken()
	if err != nil {
		return err
	}
	if what != "" {
		return &Refused{File: string(n.file), Why: what}
	}
	return n.file.Forget(ctx)
}

// Read finds nothing in a file that contains anything other than the application's
// secret.
func (n named) Read(context.Context) (Secret, bool, error) {
	s, err := n.content()
	if err != nil || s.Application != n.application || s.SecretText == "" {
		return Secret{}, false, err
	}
	return s, true, nil
}

// content is the secret in the file, or the zero value if there is none.
func (n named) content() (s Secret, err error) {
	texts, err := n.Content()
	if err != nil || len(texts) == 0 {
		return s, err
	}
	if json.Unmarshal([]byte(texts[0]), &s) != nil {
		return Secret{}, nil
	}
	return s, nil
}

func (f file) Write(_ context.Context, s Secret) error { return WriteJSON(string(f), s) }

func (f file) Forget(context.Context) error {
	_, err := Remove(string(f))
	return err
}
