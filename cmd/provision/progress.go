package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"provision/internal/display"
)

// The progress messages of long work, and their interval.
const (
	progressAfter = time.Second // on a terminal, from when on
	progressEvery = 10 * time.Second
	redrawEvery   = 100 * time.Millisecond
)

// progress shows how far long work is: on a terminal in a line that is redrawn and
// removed at the end, in a log in a line every ten seconds.
type progress struct {
	terminal io.Writer // nil: a log
	say      func(format string, args ...any)
	began    time.Time
	ended    chan struct{}

	mu       sync.Mutex
	over, of int    // steps
	step     string // the latest to begin
	waiting  string // why the work waits; "" where it does not
	drawn    time.Time
}

func (a *app) progress() *progress {
	p := &progress{began: time.Now(), say: a.say, ended: make(chan struct{})}
	if isTerminal(a.raw.stderr) {
		p.terminal = a.raw.stderr
	} else {
		go p.log()
	}
	return p
}

// begin shows that a step begins.
func (p *progress) begin(over, of int, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over, p.of, p.step, p.waiting = over, of, text, ""
	p.draw()
}

// wait shows why the work waits.
func (p *progress) wait(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = why
	p.draw()
}

// note prints a line above the progress line.
func (p *progress) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.say == nil {
		return
	}
	if !p.drawn.IsZero() {
		fmt.Fprint(p.terminal, "\r\x1b[K")
	}
	p.say(format, args...)
}

func (p *progress) draw() {
	now := time.Now()
	if p.terminal == nil || now.Sub(p.began) < progressAfter || now.Sub(p.drawn) < redrawEvery {
		return
	}
	p.drawn = now
	fmt.Fprint(p.terminal, "\r\x1b[K"+display.Line(p.line(now)))
}

func (p *progress) line(now time.Time) string {
	if p.of == 0 {
		return ""
	}
	line := fmt.Sprintf("[%d/%d] %s", p.over, p.of, p.step)
	if seconds := now.Sub(p.began).Seconds(); seconds >= 1 && p.over > 0 {
		line += fmt.Sprintf(", %.0f steps/s", float64(p.over)/seconds)
	}
	if p.waiting != "" {
		line += ", waiting " + p.waiting
	}
	return line
}

// log writes a line at intervals until the work ends.
func (p *progress) log() {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-p.ended:
			return
		case now := <-ticker.C:
			p.mu.Lock()
			line, say := p.line(now), p.say
			p.mu.Unlock()
			if line != "" && say != nil {
				say("%s", line)
			}
		}
	}
}

// end ends the line. It may be called twice.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.say == nil {
		return
	}
	p.say = nil
	close(p.ended)
	if !p.drawn.IsZero() {
		fmt.Fprint(p.terminal, "\r\x1b[K")
	}
}

// waiting prints that a request is sent again after a pause: always for a long pause,
// otherwise at most once per interval.
func (a *app) waiting(pause time.Duration, why string) {
	now := time.Now()
	if last := a.waited.Load(); pause < progressEvery && last != nil && now.Sub(*last) < progressEvery {
		return
	}
	a.waited.Store(&now)
	a.say("waiting %s before the next request: %s", pause.Round(time.Second), why)
}
