// Command provision sets up Microsoft Entra ID app registrations from
// manifests and proves that the API they protect answers 200, 403 and 401
// exactly where it must.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], stdio())
	stop()
	os.Exit(code)
}
