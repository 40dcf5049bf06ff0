//go:build unix

package sink

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReadJSONOfPipe: a command does not wait for the writer of a FIFO.
func TestReadJSONOfPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "tokens.json")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := ReadJSON(pipe, new([]string)); !errors.As(err, new(*Damaged)) {
		t.Errorf("the error is %v, want one about a damaged file", err)
	}
}
