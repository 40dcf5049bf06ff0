package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"provision/internal/display"
	"provision/stack"
)

// brief is a credential whose errors are one short line.
type brief struct{ azcore.TokenCredential }

// GetToken requests a token.
func (c brief) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.TokenCredential.GetToken(ctx, o)
	if err != nil && ctx.Err() == nil && !errors.As(err, new(signInError)) {
		err = signInError{briefError{briefly(err.Error()), err}}
	}
	return token, err
}

// defaultCredential is azidentity's DefaultAzureCredential.
func defaultCredential(o *azidentity.DefaultAzureCredentialOptions) (azcore.TokenCredential, error) {
	c, err := azidentity.NewDefaultAzureCredential(o)
	return brief{c}, err
}

// briefError is an error with a short text.
type briefError struct {
	text string
	err  error
}

func (e briefError) Error() string { return e.text }

func (e briefError) Unwrap() error { return e.err }

// signInError is an error of azidentity, whose own text has a paragraph for each attempt, with
// requests and answers.
type signInError struct{ briefError }

// attempt matches the beginning of the text of one attempt of a chain.
var attempt = regexp.MustCompile(`(?m)^\t(\w+Credential)(?:: | authentication failed)`)

// briefly shortens the text of an error of azidentity: it names the attempts of a chain, and the
// reason of the last one if Entra or a metadata endpoint answered it.
func briefly(text string) string {
	attempts := attempt.FindAllStringSubmatchIndex(text, -1)
	if len(attempts) == 0 {
		name, rest, _ := strings.Cut(text, " authentication failed")
		if rest == "" {
			return cut(oneLine(text), longestReason)
		}
		return name + ": " + cmp.Or(answered(rest), cut(oneLine(rest), longestReason))
	}
	var names []string
	for _, at := range attempts {
		names = append(names, text[at[2]:at[3]])
	}
	last := text[attempts[len(attempts)-1][0]:]
	why := answered(last)
	if why == "" && len(names) == 1 {
		why = cut(oneLine(last[strings.Index(last, ":")+1:]), longestReason)
	}
	if why == "" {
		return "no credential was found; tried: " + strings.Join(names, ", ")
	}
	tried := ""
	if len(names) > 1 {
		tried = "; tried before: " + strings.Join(names[:len(names)-1], ", ")
	}
	return names[len(names)-1] + ": " + why + tried
}

var (
	description = regexp.MustCompile(`"error_description": "(AADSTS\d+: [^"\\]*)`)
	response    = regexp.MustCompile(`RESPONSE (\d+)[: ]+([^\n]*)`)
	trace       = regexp.MustCompile(` Trace ID: .*`)
)

// answered returns Entra's sentence in the text of an error, or the status of another answer, or "".
func answered(text string) string {
	if m := description.FindStringSubmatch(text); m != nil {
		return cut(trace.ReplaceAllString(m[1], ""), longestReason)
	}
	if m := response.FindStringSubmatch(text); m != nil {
		return "the answer has status " + cut(strings.TrimSpace(cmp.Or(m[2], m[1])), longestReason)
	}
	return ""
}

// longestReason is the maximum length of a reason in an error.
const longestReason = 240

// cut shortens a text that others wrote.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// signInHint returns the hint of a failed sign-in to a target.
func (a *app) signInHint() string {
	if a.config.GetString("target") == stack.Local {
		return "the local tenant refuses its own administrator: if its clock or its keys were changed, change them back, or start `provision emulator` again"
	}
	tenant := a.config.GetString("targets." + a.config.GetString("target") + ".tenant")
	login := "az login"
	if tenant != "" {
		login += " --tenant " + display.ShellQuote(tenant)
	}
	return fmt.Sprintf("sign in with `%s`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; AZURE_SDK_GO_LOGGING=all shows every attempt", login)
}

func isSignInError(err error) bool {
	return errors.As(err, new(signInError)) || errors.As(err, new(*azidentity.AuthenticationFailedError))
}
