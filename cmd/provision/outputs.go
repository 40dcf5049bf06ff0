package main

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"provision/plan"
	"provision/stack"
)

func (a *app) outputs() *cobra.Command {
	c := &cobra.Command{
		Use:   "output [DIR] [-- COMMAND [ARG…]]",
		Short: "Print what the applied stack is known by: for its API, for its clients",
		Long: `output prints KEY=VALUE lines of an applied stack: the client ids of its
applications. With --for-api they are what an API must be told to check its
tokens: TENANT_ID, AUDIENCE (every value that aud may take), ISSUER, JWKS_URI and,
for a local tenant, where its certificate authority is. Lists are separated by
spaces; nothing is quoted.

After -- stands a command to run with these variables in its environment, whatever
they hold. The local tenant is served for as long as it runs, signals are passed on
to it, and the exit code is its own.

--format gives the same as dotenv (quoted for a shell), json, tfvars, github (into
$GITHUB_OUTPUT) or azure-devops (as variables of the job). Client secrets are
among them with --show-secrets, masked where a job's log would show them.

--write writes the files of the stacks' Output documents, as apply does.`,
		Example: `  provision output --for-api > api.env
  provision output --for-api manifests/heroes -- python3 main.py
  provision output --stack heroes --format github --show-secrets
  provision output --write manifests/heroes`,
		Args: func(cmd *cobra.Command, args []string) error {
			dirs, _ := beforeDash(cmd, args)
			return maxOneDir(cmd, dirs)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			args, command := beforeDash(cmd, args)
			if cmd.ArgsLenAtDash() >= 0 && len(command) == 0 {
				return hint(usagef("there is no command after --"), "see `provision output --help`")
			}
			for _, flag := range []string{"write", "format", "output"} {
				if len(command) > 0 && cmd.Flags().Changed(flag) {
					return usagef("--%s says how the lines are written, and a command gets them in its environment", flag)
				}
			}
			format := a.config.GetString("format")
			if _, known := outputFormats[format]; !known {
				return hint(usagef("format %q is not known", format), "there is: %s", strings.Join(outputFormatNames(), ", "))
			}
			if a.json() && cmd.Flags().Changed("format") {
				return hint(usagef("--format and -o json both say how the variables are written"), "leave one of them out")
			}
			if format == "github" && os.Getenv("GITHUB_OUTPUT") == "" {
				return hint(usagef("there is no GITHUB_OUTPUT to write to"), "GitHub Actions sets it; elsewhere take another --format")
			}
			if a.config.GetBool("write") {
				return a.changing(cmd, args, a.checkOutputs, func(ctx context.Context, s *session, stacks []*stack.Stack) error {
					return a.rewriteOutputs(ctx, s, stacks)
				})
			}
			return a.onAPI(cmd, args, nil, func(ctx context.Context, s *session, p protected, f facts) error {
				lines, err := a.outputLines(ctx, s, p, f)
				if err != nil {
					return err
				}
				if len(command) > 0 {
					return a.runWith(lines, command)
				}
				if a.config.GetBool("for-api") {
					a.sayWhoServes(s)
				}
				return a.writeLines(lines)
			})
		},
	}
	c.Flags().Bool("for-api", false, "what the API must be told to check its tokens")
	c.Flags().String("format", "env", "how the lines are written: "+strings.Join(outputFormatNames(), ", "))
	c.Flags().Bool("show-secrets", false, "with the client secrets that are kept")
	c.Flags().Bool("write", false, "write the files of the Output documents")
	writerFlags(c)
	fileFlags(c)
	chooseFlags(c)
	publicHostsFlag(c)
	return c
}

// rewriteOutputs writes the Output files of an applied tenant.
func (a *app) rewriteOutputs(ctx context.Context, s *session, stacks []*stack.Stack) error {
	state, err := s.read(ctx, stacks, nil)
	if err != nil {
		return err
	}
	if err := a.planOutputs(ctx, s, stacks, &plan.Plan{}, state); err != nil {
		return err
	}
	return a.writeOutputs(ctx, s, stacks)
}

// checkOutputs refuses to write nothing.
func (a *app) checkOutputs(stacks []*stack.Stack) error {
	for _, s := range stacks {
		if len(s.Outputs) > 0 {
			return nil
		}
	}
	return hint(usagef("no Output document here"), "add one; see docs/manifests.md")
}

// outputLine is one thing that a stack is known by.
type outputLine struct {
	key, value string
	secret     bool
}

func (l outputLine) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name   string `json:"name"`
		Value  string `json:"value"`
		Secret bool   `json:"secret"`
	}{l.key, l.value, l.secret})
}

// beforeDash parts the arguments from the command after --.
func beforeDash(cmd *cobra.Command, args []string) (before, command []string) {
	if at := cmd.ArgsLenAtDash(); at >= 0 {
		return args[:at], args[at:]
	}
	return args, nil
}

// runWith runs a command with the lines in its environment.
func (a *app) runWith(lines []outputLine, command []string) error {
	environment := os.Environ()
	for _, l := range lines {
		environment = append(environment, l.key+"="+l.value) // the last of a name counts
	}
	return a.runChild(command, environment)
}

// outputLines are what an applied API is known by.
func (a *app) outputLines(ctx context.Context, s *session, p protected, f facts) (lines []outputLine, err error) {
	add := func(key, value string) { lines = append(lines, outputLine{key: key, value: value}) }
	if a.config.GetBool("for-api") {
		add("TENANT_ID", s.tenantID)
		add("AUDIENCE", strings.Join(f.resource.Audiences, " "))
		add("ISSUER", f.issuer.URL)
		add("JWKS_URI", s.jwksURL())
		if s.caFile != "" {
			for _, key := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
				add(key, s.caFile)
			}
		}
		if s.proxy != "" {
			add("HTTPS_PROXY", s.proxy)
			add("NO_PROXY", noProxy(""))
		}
		return lines, nil
	}
	add("TENANT_ID", s.tenantID)
	add("AUTHORITY", s.authority+"/"+s.tenantID)
	for _, application := range p.stack.Applications {
		add(environmentName(application.Name)+"_CLIENT_ID", f.appIDs[application.Name])
		if !a.config.GetBool("show-secrets") {
			continue
		}
		secret, err := s.secret(ctx, p.stack, application)
		if err != nil {
			return nil, err
		}
		if secret != "" {
			lines = append(lines, outputLine{environmentName(application.Name) + "_CLIENT_SECRET", secret, true})
		}
	}
	add("SCOPE_BASE", f.scopeBase)
	return lines, nil
}

// sayWhoServes warns that an API cannot fetch the local tenant's keys while
// nobody serves them.
func (a *app) sayWhoServes(s *session) {
	if s.serves {
		a.say("note: the local tenant is served only while a provision command runs; for an API that runs beside them serve it with `%s`", a.commandAt(nil, "emulator"))
	}
}

func (a *app) writeLines(lines []outputLine) error {
	format := a.config.GetString("format")
	if a.json() {
		a.give("variables", lines)
		return nil
	}
	return outputFormats[cmp.Or(format, "env")](a.raw.stdout, lines)
}
