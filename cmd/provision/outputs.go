package main

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/localtenant"
	"provision/output"
	"provision/plan"
	"provision/protected"
	"provision/stack"
)

func (a *app) outputs() *cobra.Command {
	c := &cobra.Command{
		Use:   "output [DIR] [-- COMMAND [ARG…]]",
		Short: "Print the settings of an applied stack for its API and its clients",
		Long: `output prints the client ids of the applications of an applied stack as KEY=VALUE
lines. With --for-api it prints the settings that an API needs to validate tokens:
TENANT_ID, AUDIENCE (every valid value of aud), ISSUER, JWKS_URI and, for a local
tenant, the file of its certificate authority. Lists are separated by spaces;
values are not quoted.

A command after -- runs with these variables in its environment; values need no
quoting. The local tenant is served while the command runs, signals are passed to
it, and the exit code is the exit code of the command.

--format writes the variables as dotenv (quoted for a shell), json, tfvars, github
(into $GITHUB_OUTPUT) or azure-devops (as variables of the job). --show-secrets
includes client secrets and masks them in the log of the job.

--write writes the files of the Output documents, as apply does.`,
		Example: `  provision output --for-api > api.env
  provision output --for-api manifests/heroes -- python3 main.py
  provision output --stack heroes --format github --show-secrets
  provision output --write manifests/heroes`,
		Args: func(cmd *cobra.Command, args []string) error {
			dirs, _ := beforeDash(cmd, args)
			if len(dirs) > 1 && cmd.ArgsLenAtDash() < 0 {
				return hint(usagef("%s takes one folder, not %d arguments", cmd.CommandPath(), len(dirs)),
					"put -- before a command: `%s`", a.commandAt([]string{dirs[0], "--"}, "output", dirs[1:]...))
			}
			return maxOneDir(cmd, dirs)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			args, command := beforeDash(cmd, args)
			if cmd.ArgsLenAtDash() >= 0 && len(command) == 0 {
				return hint(usagef("no command follows --"), "see `provision output --help`")
			}
			for _, flag := range []string{"write", "format", "output"} {
				if len(command) > 0 && cmd.Flags().Changed(flag) {
					return usagef("--%s cannot be used with a command: a command gets the variables in its environment", flag)
				}
			}
			if a.json() && cmd.Flags().Changed("format") {
				return hint(usagef("--format and -o json cannot be used together"), "leave one of them out")
			}
			o, err := a.outputOptions()
			if err != nil {
				return err
			}
			if o.write {
				return a.changing(cmd, args, a.checkOutputs, func(ctx context.Context, s *connection, stacks []*stack.Stack) error {
					return a.rewriteOutputs(ctx, s, stacks)
				})
			}
			return a.onAPI(cmd, args, nil, func(ctx context.Context, s *connection, p protected.API, f protected.Facts) error {
				lines, err := s.readOutputLines(ctx, p, f, o)
				if err != nil {
					return err
				}
				if len(command) > 0 {
					return a.runWith(lines, command)
				}
				if o.forAPI {
					a.sayWhoServes(s)
				}
				return a.writeLines(lines, o.format)
			})
		},
	}
	c.Flags().Bool("for-api", false, "print the settings that the API needs to validate tokens")
	c.Flags().String("format", "env", "format of the lines: "+strings.Join(output.Formats(), ", "))
	c.Flags().Bool("show-secrets", false, "include the stored client secrets")
	c.Flags().Bool("write", false, "write the files of the Output documents, as apply does")
	writerFlags(c)
	fileFlags(c)
	chooseFlags(c)
	publicHostsFlag(c)
	return c
}

// outputOptions are the flags of output.
type outputOptions struct {
	format      string // one of output.Formats
	forAPI      bool   // the settings of the API instead of its clients
	showSecrets bool
	write       bool // the files of the Output documents
}

// outputOptions reads the flags of output. It returns an error of usage.
func (a *app) outputOptions() (outputOptions, error) {
	c := a.config
	o := outputOptions{format: c.GetString("format"), forAPI: c.GetBool("for-api"), showSecrets: c.GetBool("show-secrets"), write: c.GetBool("write")}
	if !slices.Contains(output.Formats(), o.format) {
		return o, hint(usagef("format %q is not known", o.format), "choose one of: %s", strings.Join(output.Formats(), ", "))
	}
	if o.format == "github" && os.Getenv("GITHUB_OUTPUT") == "" {
		return o, hint(usagef("GITHUB_OUTPUT is not set"), "GitHub Actions sets it; elsewhere use another --format")
	}
	return o, nil
}

// rewriteOutputs writes the Output files of an applied tenant.
func (a *app) rewriteOutputs(ctx context.Context, s *connection, stacks []*stack.Stack) error {
	state, err := s.read(ctx, stacks)
	if err != nil {
		return err
	}
	if err := a.planOutputs(ctx, s, stacks, &plan.Plan{}, state); err != nil {
		return err
	}
	return a.writeOutputs(ctx, s, stacks, state)
}

// checkOutputs refuses stacks without an Output document.
func (a *app) checkOutputs(stacks []*stack.Stack) error {
	for _, s := range stacks {
		if len(s.Outputs) > 0 {
			return nil
		}
	}
	return hint(usagef("no Output document here"), "add one; see docs/manifests.md")
}

// beforeDash returns the arguments before --, and the command after it.
func beforeDash(cmd *cobra.Command, args []string) (before, command []string) {
	if at := cmd.ArgsLenAtDash(); at >= 0 {
		return args[:at], args[at:]
	}
	return args, nil
}

// runWith runs a command with the lines in its environment.
func (a *app) runWith(lines []output.Variable, command []string) error {
	environment := os.Environ()
	for _, l := range lines {
		environment = append(environment, l.Name+"="+l.Value) // the last of a name counts
	}
	return a.runChild(command, environment)
}

// readOutputLines returns the settings of an applied API.
func (s *connection) readOutputLines(ctx context.Context, p protected.API, f protected.Facts, o outputOptions) (lines []output.Variable, err error) {
	add := func(key, value string) { lines = append(lines, output.Variable{Name: key, Value: value}) }
	if o.forAPI {
		add("TENANT_ID", s.tenantID)
		add("AUDIENCE", strings.Join(f.Resource.Audiences, " "))
		issuer := f.Issuer.URL
		if !f.Tenants.Home() { // as Entra states it for all tenants
			issuer = strings.ReplaceAll(issuer, s.tenantID, "{tenantid}")
		}
		add("ISSUER", issuer)
		add("JWKS_URI", s.keysOf(f))
		if s.caFile != "" {
			for _, key := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
				add(key, s.caFile)
			}
		}
		if s.proxy != "" {
			add("HTTPS_PROXY", s.proxy)
			add("NO_PROXY", localtenant.NoProxy(""))
		}
		return lines, nil
	}
	add("TENANT_ID", s.tenantID)
	add("AUTHORITY", s.authority+"/"+s.tenantID)
	for _, application := range p.Stack.Applications {
		add(environmentName(application.Name)+"_CLIENT_ID", f.AppIDs[application.Name])
		if !o.showSecrets {
			continue
		}
		secret, err := s.readSecret(ctx, p.Stack, application)
		if err != nil {
			return nil, err
		}
		if secret != "" {
			lines = append(lines, output.Variable{Name: environmentName(application.Name) + "_CLIENT_SECRET", Value: secret, Secret: true})
		}
	}
	add("SCOPE_BASE", f.ScopeBase)
	return lines, nil
}

// sayWhoServes warns if no process serves the local tenant, because then an API cannot
// fetch the tenant's keys.
func (a *app) sayWhoServes(s *connection) {
	if s.serves {
		a.say("note: the local tenant is served only while a provision command runs; to run an API between commands, serve the tenant with `%s`", a.commandAt(nil, "emulator"))
	}
}

func (a *app) writeLines(lines []output.Variable, format string) error {
	if a.json() {
		a.give("variables", lines)
		return nil
	}
	return output.Write(a.raw.stdout, cmp.Or(format, "env"), lines)
}
