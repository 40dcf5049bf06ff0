package main

import (
	"fmt"
	"io"
	"time"

	"provision/internal/display"
)

// progress is one line on a terminal, shown when work takes longer than a
// second and wiped at its end. Elsewhere it is nothing.
type progress struct {
	w     io.Writer // nil: not a terminal
	began time.Time
	shown bool
}

func (a *app) progress() *progress {
	p := &progress{began: time.Now()}
	if isTerminal(a.raw.stderr) {
		p.w = a.raw.stderr
	}
	return p
}

func (p *progress) show(format string, args ...any) {
	if p.w == nil || time.Since(p.began) < time.Second {
		return
	}
	p.shown = true
	fmt.Fprint(p.w, "\r\x1b[K"+display.Line(fmt.Sprintf(format, args...)))
}

// waiting tells of a pause before a request is sent again.
func (a *app) waiting(pause time.Duration, why string) {
	a.say("waiting %s before the next request: %s", pause.Round(time.Second), why)
}

func (p *progress) end() {
	if p.shown {
		p.shown = false
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
