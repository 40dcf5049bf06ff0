package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) outputs() *cobra.Command {
	c := &cobra.Command{
		Use:   "output [DIR]",
		Short: "Print what the applied stack is known by: for its API, for its clients",
		Long: `output prints KEY=VALUE lines of an applied stack. With --for-api they are what
an API must be told to check its tokens: TENANT_ID, AUDIENCE (every value that
aud may take), ISSUER, JWKS_URI and, for a local tenant, where its certificate
authority is. Without it they are the client ids of the stack's applications.
Lists are separated by spaces; nothing is quoted.`,
		Example: "  provision output --for-api > api.env\n  env $(provision output --for-api) python3 main.py",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onAPI(cmd, args, nil, a.showOutputs)
		},
	}
	c.Flags().Bool("for-api", false, "what the API must be told to check its tokens")
	chooseFlags(c)
	publicHostsFlag(c)
	return c
}

// showOutputs prints what an applied API is known by.
func (a *app) showOutputs(_ context.Context, s *session, p protected, f facts) error {
	var lines [][2]string
	if a.config.GetBool("for-api") {
		lines = [][2]string{
			{"TENANT_ID", s.tenantID},
			{"AUDIENCE", strings.Join(f.resource.Audiences, " ")},
			{"ISSUER", f.issuer.URL},
			{"JWKS_URI", s.jwksURL()},
		}
		if s.caFile != "" {
			for _, key := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
				lines = append(lines, [2]string{key, s.caFile})
			}
		}
		if s.proxy != "" {
			lines = append(lines, [2]string{"HTTPS_PROXY", s.proxy}, [2]string{"NO_PROXY", noProxy("")})
		}
	} else {
		lines = [][2]string{{"TENANT_ID", s.tenantID}, {"AUTHORITY", s.authority + "/" + s.tenantID}}
		for _, application := range p.stack.Applications {
			lines = append(lines, [2]string{environmentName(application.Name) + "_CLIENT_ID", f.appIDs[application.Name]})
		}
		lines = append(lines, [2]string{"SCOPE_BASE", f.scopeBase})
	}
	if a.config.GetBool("for-api") {
		a.sayWhoServes(s)
	}
	return a.showLines(lines)
}

// sayWhoServes warns that an API cannot fetch the local tenant's keys while
// nobody serves them.
func (a *app) sayWhoServes(s *session) {
	if s.serves {
		a.say("note: the local tenant is served only while a provision command runs; for an API that runs beside them serve it with `provision emulator`")
	}
}

func (a *app) showLines(lines [][2]string) error {
	if a.json() {
		m := map[string]string{}
		for _, l := range lines {
			m[l[0]] = l[1]
		}
		e := json.NewEncoder(a.stdout)
		e.SetIndent("", "  ")
		return e.Encode(m)
	}
	for _, l := range lines {
		if _, err := fmt.Fprintf(a.stdout, "%s=%s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}
