package background

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Program is a program that runs in a folder.
type Program struct {
	Dir     string   // of its lock, process id and log
	Command []string // name and arguments
	Env     []string

	WorkingDirectory string // "": of this process

	URL      string        // the URL that answers once the program is ready; "" if Start does not wait
	Patience time.Duration // the maximum time until it is ready
	Client   *http.Client  // sends the requests to URL
}

const (
	lockFile = "lock"
	pidFile  = "pid"
	logFile  = "log"

	// grace is the maximum time for a program to end by itself.
	grace = 5 * time.Second
	pause = 50 * time.Millisecond
)

// Ended reports whether a program was started in the folder and no longer runs.
func Ended(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, pidFile))
	running, lockErr := Running(dir)
	return err == nil && lockErr == nil && !running
}

// Start ends the program that runs in the folder, and starts the new one. If the new
// program ends before it is ready, or is not ready in time, Start ends it and returns
// an error with the end of its log.
func (p Program) Start(ctx context.Context) error {
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return err
	}
	if err := Stop(ctx, p.Dir); err != nil {
		return err
	}
	if err := p.free(ctx); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(p.Dir, logFile), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	ended, err := p.start(log)
	if err != nil {
		return err
	}
	if err := p.ready(ctx, ended); err != nil {
		cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*grace)
		defer cancel()
		return errors.Join(p.told(err), Stop(cleaning, p.Dir))
	}
	return nil
}

// free returns an error if another program listens on the address, because it would be
// mistaken for the new one.
func (p Program) free(ctx context.Context) error {
	if p.URL == "" || p.ask(ctx) != nil {
		return nil
	}
	return fmt.Errorf("another program already answers at %s", p.URL)
}

// ready waits until the URL answers.
func (p Program) ready(ctx context.Context, ended <-chan error) error {
	if p.URL == "" {
		return nil
	}
	deadline := time.After(p.Patience)
	for {
		if p.ask(ctx) == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return fmt.Errorf("the command %s ended before it answered at %s: %w", p.shown(), p.URL, cmp.Or(err, errEnded))
		case <-deadline:
			return fmt.Errorf("the command %s did not answer at %s within %s", p.shown(), p.URL, p.Patience)
		case <-time.After(pause):
		}
	}
}

// shown returns the command in messages: the name of the program with its arguments,
// truncated if they are long.
func (p Program) shown() string {
	text := strings.Join(append([]string{filepath.Base(p.Command[0])}, p.Command[1:]...), " ")
	if short := []rune(text); len(short) > maxShown {
		text = string(short[:maxShown]) + "…"
	}
	return "`" + text + "`"
}

const maxShown = 200

var errEnded = errors.New("exit status 0")

// ask returns nil if the URL answers, with any status.
func (p Program) ask(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if p.Client != nil {
		client.Transport = p.Client.Transport
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// told returns an error with the end of the program's log.
func (p Program) told(err error) error {
	const last = 2000
	f, openErr := os.Open(filepath.Join(p.Dir, logFile))
	if openErr != nil {
		return err
	}
	defer f.Close()
	if info, statErr := f.Stat(); statErr == nil && info.Size() > last {
		_, _ = f.Seek(-last, io.SeekEnd) // otherwise the whole log
	}
	said, readErr := io.ReadAll(io.LimitReader(f, last))
	if text := strings.TrimSpace(string(bytes.ToValidUTF8(said, nil))); readErr == nil && text != "" {
		return fmt.Errorf("%w; it wrote: %s", err, text)
	}
	return err
}
