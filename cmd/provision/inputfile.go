package main

import (
	"errors"
	"fmt"
	"io/fs"

	"provision/stack"
)

// readInput reads the file that a flag names.
func readInput(flag, path string) ([]byte, error) {
	raw, err := stack.ReadFile(path, maxInput)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("--%s: there is no file %s", flag, path)
	case err != nil:
		return nil, usage{fmt.Errorf("--%s: %w", flag, err)}
	}
	return raw, nil
}
