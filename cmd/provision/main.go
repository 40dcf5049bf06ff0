// Command provision sets up Microsoft Entra ID app registrations from
// manifests and proves that the API they protect answers 200, 403 and 401
// exactly where it must.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// net/http logs what a faulty server sends, which may be a token that it echoes.
	log.SetOutput(io.Discard)
	collectSeldom()
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { cancel(interrupted{<-signals}) }()
	os.Exit(run(ctx, os.Args[1:], stdio()))
}
