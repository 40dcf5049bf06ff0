package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/viper"

	"provision/conformance"
)

// Each hint contains the next command, for the folder of this run.
func TestSignInHints(t *testing.T) {
	t.Parallel()
	for code := range signInHints {
		a := &app{config: viper.New(), invocation: invocation{verb: "token", where: []string{"orders"}}}
		err := fmt.Errorf("get a token: %w", &conformance.AADSTSError{Code: code, Description: fmt.Sprintf("AADSTS%d: refused", code)})
		if got := a.hintFor(err); !strings.HasSuffix(got, "`") || !strings.Contains(got, "provision apply orders") && !strings.Contains(got, "provision rotate orders") {
			t.Errorf("AADSTS%d: %q", code, got)
		}
	}
}
