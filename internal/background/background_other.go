//go:build !unix

package background

import (
	"context"
	"errors"
	"os"
)

var errUnsupported = errors.New("programs in the background need a Unix system")

func (p Program) start(*os.File) (<-chan error, error) { return nil, errUnsupported }

// Running reports whether a program runs in the folder.
func Running(string) (bool, error) { return false, nil }

// Stop ends the process of the folder.
func Stop(context.Context, string) error { return nil }
