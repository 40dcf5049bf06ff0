package terraform

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// afterInterrupt is how long the program can take to end a read after an interrupt. A read holds no
// lock and writes no state, so that the program can be killed.
const afterInterrupt = 10 * time.Millisecond

// afterInterruptOfChange is the same for a change, which first stores its state and releases its lock.
const afterInterruptOfChange = time.Minute

// read runs a command of the program that only reads. It ends immediately with ctx, and for Outputs also
// if the backend does not answer in time. do calls answered when the backend has answered and the command
// does something else that can take longer.
func (w Workspace) read(ctx context.Context, tf *tfexec.Terraform, do func(ctx context.Context, answered func()) error) error {
	if runtime.GOOS != "windows" { // which has no interrupts: the program is killed
		if err := tf.SetWaitDelay(afterInterrupt); err != nil {
			return err
		}
		defer tf.SetWaitDelay(afterInterruptOfChange)
	}
	if !w.reads || w.AnswerLimit == 0 {
		return unlessInterrupted(ctx, func() error { return do(ctx, func() {}) })
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	unanswered := fmt.Errorf("the backend did not answer within %s", w.AnswerLimit)
	limit := time.AfterFunc(w.AnswerLimit, func() { cancel(unanswered) })
	defer limit.Stop()
	err := unlessInterrupted(ctx, func() error { return do(ctx, func() { limit.Stop() }) })
	if err != nil && context.Cause(ctx) == unanswered {
		return unanswered
	}
	return err
}

// afterKill is how long the output of a killed program can take to end.
const afterKill = time.Second

// unlessInterrupted returns the error of do. After an interrupt it waits for do at most until afterKill has
// passed since the program was killed: if the program is a script, a child process can still have the output
// open, and do waits for this child.
func unlessInterrupted(ctx context.Context, do func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- do() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(afterInterrupt + afterKill):
		return ctx.Err()
	}
}

// providersBegin is the output of init. It is called when init starts to install providers, which
// is after it has read the state.
type providersBegin func()

func (f providersBegin) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("provider plugins")) {
		f()
	}
	return len(line), nil
}
