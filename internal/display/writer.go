package display

import (
	"io"
	"sync"
	"unicode/utf8"
)

// Writer escapes the parts of a text that a terminal or a CI system would interpret, like Line,
// but keeps line breaks and tabs. It is safe for concurrent use.
type Writer struct {
	mu     sync.Mutex
	w      io.Writer
	colors bool
	c      commands
	held   []byte // the beginning of a character, or of a color, that the next Write continues
}

// NewWriter returns a Writer to w. With colors, ANSI sequences that set colors
// (ESC [ … m) pass.
func NewWriter(w io.Writer, colors bool) *Writer { return &Writer{w: w, colors: colors} }

// Write implements io.Writer. It holds back an incomplete character until the
// next call.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.held, p...)
	var safe []byte
	for len(text) > 0 {
		if n, complete := w.color(text); n > 0 {
			safe = append(safe, text[:n]...)
			text = text[n:]
			continue
		} else if !complete {
			break
		}
		if !utf8.FullRune(text) {
			break
		}
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		if unsafe(r) || w.c.completes(r) {
			safe = append(safe, escape(r)...)
			r = '\\'
		} else {
			safe = utf8.AppendRune(safe, r)
		}
		w.c.follow(r)
	}
	w.held = append([]byte(nil), text...)
	if len(safe) > 0 {
		if _, err := w.w.Write(safe); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// color returns the length of the color sequence at the beginning of the text, or 0.
// complete is false if more text could complete a sequence.
func (w *Writer) color(text []byte) (n int, complete bool) {
	if !w.colors || text[0] != 0x1b {
		return 0, true
	}
	for i, b := range text[1:] {
		switch {
		case i == 0 && b == '[', i > 0 && (b >= '0' && b <= '9' || b == ';'):
		case i > 0 && b == 'm':
			return i + 2, true
		default:
			return 0, true
		}
	}
	return 0, false
}
