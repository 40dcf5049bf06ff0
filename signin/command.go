package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"provision/conformance"
)

// commandMethod runs a command line in the system's shell. Environment variables tell
// the command which user signs in to which client. It prints the access token, or the
// JSON answer of the token endpoint.
func commandMethod(line string) Method {
	return func(ctx context.Context, r Request) (conformance.Grant, error) {
		shell := []string{"sh", "-c"}
		if runtime.GOOS == "windows" {
			shell = []string{"cmd", "/C"}
		}
		c := exec.CommandContext(ctx, shell[0], append(shell[1:], line)...)
		c.Env = append(os.Environ(),
			"SIGN_IN_USER="+r.Account.UserPrincipalName, "SIGN_IN_PASSWORD="+r.Account.Password,
			"SIGN_IN_AUTHORITY="+r.Authority.URL, "SIGN_IN_CLIENT_ID="+r.Client.ID, "SIGN_IN_REDIRECT_URI="+r.Client.RedirectURI,
			"SIGN_IN_SCOPES="+strings.Join(r.Scopes, " "))
		c.Stdin, c.Stderr = os.Stdin, os.Stderr
		c.WaitDelay = time.Second // a program that the shell has started may keep the pipe open after the shell has ended
		var out bytes.Buffer
		c.Stdout = &out
		if err := c.Run(); err != nil {
			if ctx.Err() != nil {
				return conformance.Grant{}, ctx.Err()
			}
			return conformance.Grant{}, fmt.Errorf("the sign-in command: %w", err)
		}
		return readTokens(out.Bytes())
	}
}

// readTokens reads the output of a sign-in command. An error never quotes it.
func readTokens(out []byte) (conformance.Grant, error) {
	out = bytes.TrimSpace(out)
	var answer struct {
		AccessToken  string `json:"access_token"`
		IDToken      string `json:"id_token"`
		RefreshToken string `json:"refresh_token"`
	}
	switch {
	case len(out) > 0 && out[0] == '{':
		if json.Unmarshal(out, &answer) != nil || answer.AccessToken == "" {
			return conformance.Grant{}, fmt.Errorf("the sign-in command printed JSON without an access_token")
		}
	case bytes.Count(out, []byte(".")) == 2 && !bytes.ContainsAny(out, " \t\r\n"):
		answer.AccessToken = string(out)
	default:
		return conformance.Grant{}, fmt.Errorf("the sign-in command printed no token")
	}
	return conformance.Grant{AccessToken: answer.AccessToken, IDToken: answer.IDToken, RefreshToken: answer.RefreshToken}, nil
}
