package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// result is the cost of one command.
type result struct {
	command string
	wall    time.Duration
	traffic traffic
	usage   usage
}

const header = "program    condition  stacks  command  seconds  requests  items  round trips  CPU s  peak MB"

func (r result) row(program, condition string, n int) string {
	return fmt.Sprintf("%-9s  %-9s  %6d  %-7s  %7.2f  %8d  %5d  %11d  %5.1f  %7.0f", program, condition, n, r.command,
		r.wall.Seconds(), r.traffic.requests, r.traffic.items, r.traffic.roundTrips, r.usage.cpu.Seconds(), float64(r.usage.peakBytes)/(1<<20))
}

// measure runs the commands over n stacks on a fresh local tenant, in dir.
func measure(ctx context.Context, program, dir string, n int, flags []string, report func(result)) error {
	manifests := filepath.Join(dir, "manifests")
	if err := writeStacks(manifests, n, "one"); err != nil {
		return err
	}
	log := filepath.Join(dir, "requests.jsonl")
	stop, err := serve(ctx, program, dir, append([]string{"emulator", "--in-memory", "--request-log", log}, flags...))
	if err != nil {
		return err
	}
	defer stop()
	for _, step := range []struct {
		name string
		args []string
		text string // of the manifests, where it changes
	}{
		{"apply", []string{"apply", "manifests"}, ""},
		{"plan", []string{"plan", "manifests", "--detailed-exitcode"}, ""},
		{"change", []string{"apply", "manifests"}, "two"},
		{"destroy", []string{"destroy", "manifests"}, ""},
	} {
		if step.text != "" {
			if err := writeStacks(manifests, n, step.text); err != nil {
				return err
			}
		}
		c := exec.CommandContext(ctx, program, step.args...)
		c.Dir = dir
		r, err := observe(step.name, c, log)
		if err != nil {
			return err
		}
		report(r)
	}
	return nil
}

// observe runs a command, and reads its requests from the tenant's request log.
func observe(name string, c *exec.Cmd, log string) (result, error) {
	before, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		return result{}, err
	}
	began := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		return result{}, fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	r := result{command: name, wall: time.Since(began), usage: usageOf(c.ProcessState)}
	after, err := os.ReadFile(log)
	if err == nil {
		r.traffic, err = readTraffic(after[len(before):])
	}
	return r, err
}

// serve starts a local tenant and waits until it answers.
func serve(ctx context.Context, program, dir string, args []string) (stop func(), err error) {
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = dir
	said, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var failed bytes.Buffer
	c.Stderr = &failed
	if err := c.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = c.Process.Signal(os.Interrupt) // it may have ended
		_ = c.Wait()
	}
	var text strings.Builder
	buffer := make([]byte, 4096)
	for !strings.Contains(text.String(), "serving the local tenant") {
		n, err := said.Read(buffer)
		text.Write(buffer[:n])
		if err != nil {
			stop()
			return nil, fmt.Errorf("start the local tenant: %w\n%s%s", err, &text, &failed)
		}
	}
	go func() { // otherwise the program would wait until its output is read
		for {
			if _, err := said.Read(buffer); err != nil {
				return
			}
		}
	}()
	return stop, nil
}
