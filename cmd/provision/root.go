package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"golang.org/x/term"

	"provision/internal/display"
	"provision/plan"
	"provision/stack"
)

// app is one run of the program, with all its inputs except files.
type app struct {
	streams         // output is escaped for terminals and CI systems
	raw     streams // for child processes, and for values that programs read
	config  *viper.Viper
	file    *stack.Config // provision.yaml; nil if there is none

	reviewed *plan.SavedOptions // of the plan file that apply executes; they replace --set and --suffix
	invocation
	folder string // of the manifests, once they were read
	args   []string

	document   io.Writer      // of -o json
	configured bool           // the command line could be read
	answered   bool           // the document is printed, or stdout was a child's
	result     map[string]any // of -o json
	now        func() time.Time
	waited     atomic.Pointer[time.Time] // when a pause was last reported
	unwritten  map[*stack.Output]bool    // Output files that --only leaves out
	unserved   bool                      // a signal ended the wait for other users of the local tenant
	began      bool                      // the first step of a plan or of a rotation
}

type streams struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

func stdio() streams { return streams{os.Stdin, os.Stdout, os.Stderr} }

// run executes one command and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	a := &app{raw: s, config: viper.New(), now: time.Now, args: args}
	a.streams = streams{s.stdin, display.NewWriter(s.stdout, colors(s.stdout)), display.NewWriter(s.stderr, colors(s.stderr))}
	a.document = a.stdout
	root := a.root()
	root.SetArgs(args)
	if cmd, _, err := root.Find(args); err == nil {
		a.verb = cmd.Name() // until its command line is read
	}
	var unknown error // a command whose help was requested
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if names := cmd.Flags().Args(); cmd == root && len(names) > 0 {
			unknown = unknownCommand(root, names[0])
			return
		}
		help(cmd, args)
	})
	err := root.ExecuteContext(ctx)
	if unknown != nil {
		err = unknown
	}
	code := a.report(ctx, err)
	a.answer(ctx, code, err)
	return code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "provision",
		Short: "Set up Microsoft Entra ID app registrations and prove the API they protect",
		Long: `provision reads manifests, creates the app registrations, scopes, roles,
assignments and consents that they declare, and verifies that the API they
protect answers 200, 403 and 401 exactly where it must.

The default target is a local tenant that is built in: it needs no installation
and no account. --target selects a real tenant.`,
		Example: `  provision apply manifests/ --verify     create the registrations and verify the API
  provision plan manifests/               show what apply would do
  provision destroy manifests/            delete them again`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				a.answered = true // help is not JSON
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
		Version:       readBuild().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			a.invoked(cmd, args)
			if _, err := os.Getwd(); errors.Is(err, fs.ErrNotExist) && cmd.Name() != "version" {
				return hint(usagef("the working directory does not exist any more"), "change to another folder, or to the new folder of this name: `cd \"$PWD\"`")
			}
			if err := a.configure(cmd); err != nil {
				return err
			}
			if err := a.checkFlags(cmd); err != nil {
				return err
			}
			return a.checkSettings()
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetIn(a.stdin)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if err := unknownFlag(cmd, err); err != nil {
			return err
		}
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "duration" {
			name, value := invalid.GetFlag().Name, invalid.GetValue()
			example := durationExample(invalid.GetFlag().Usage)
			if value != "" && strings.Trim(value, "0123456789") == "" {
				example = value + strings.TrimLeft(example, "0123456789")
			}
			return hint(usagef("--%s %q is not a duration", name, value), "state the unit, e.g. --%s %s", name, example)
		}
		if invalid != nil {
			if kind, known := settingKinds[invalid.GetFlag().Value.Type()]; known {
				return hint(usagef("--%s: %q is not a value of --%[1]s", invalid.GetFlag().Name, invalid.GetValue()), "%s", kind.example)
			}
		}
		return hint(usage{err}, "see `%s --help`", cmd.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.String("target", "local", "tenant to use: local, or a target of provision.yaml; plan and apply take several, or all")
	flags.StringP("output", "o", "text", "output format: text or json")
	flags.String("state", "", "folder of the local tenant (default: .provision/local in the working directory or a parent)")
	root.AddGroup(
		&cobra.Group{ID: "main", Title: "Commands:"},
		&cobra.Group{ID: "more", Title: "Other commands:"})
	for _, c := range []*cobra.Command{a.validate(), a.check(), a.plan(), a.apply(), a.verify(), a.destroy()} {
		c.GroupID = "main"
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{a.emulator(), a.exec(), a.serve(), a.token(), a.outputs(), a.rotate(), a.status(), a.imports(), a.export(), a.release(), a.gc(), a.doctor(), a.init(), a.ci(), a.schema(), a.man(), a.versions()} {
		c.GroupID = "more"
		root.AddCommand(c)
	}
	for _, c := range root.Commands() {
		if slices.Contains(manifestVerbs, c.Name()) {
			stageFlags(c)
		}
	}
	root.AddCommand(a.background())
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			a.helpOf(root, c)
		case "completion":
			a.helpOf(c, c)
		}
	}
	complete(root)
	return root
}

// helpOf has c print the help of parent, or of the command below it that its arguments
// name. An unknown command is a usage error.
func (a *app) helpOf(parent, c *cobra.Command) {
	c.Args, c.Run = cobra.ArbitraryArgs, nil
	c.RunE = func(_ *cobra.Command, args []string) error {
		found, rest, err := parent.Find(args)
		if err != nil || len(rest) > 0 {
			path := strings.Join(append([]string{parent.CommandPath()}, args...), " ")
			if near := nearestCommand(parent, args[0]); near != "" {
				return hint(usagef("there is no command `%s`", path), "did you mean `%s %s`?", c.CommandPath(), near)
			}
			return hint(usagef("there is no command `%s`", path), "see `%s --help`", parent.CommandPath())
		}
		a.answered = true // help is not JSON
		found.InitDefaultHelpFlag()
		return found.Help()
	}
}

// checkSettings checks the settings that all commands share.
func (a *app) checkSettings() error {
	if o := a.config.GetString("output"); o != "text" && o != "json" {
		return hint(usagef("output %q is not known", o), "use -o text or -o json")
	}
	a.configured = true
	if a.json() {
		a.stdout = io.Discard // normal output is discarded; the document is printed at the end
	}
	return nil
}

func (a *app) json() bool { return a.config.GetString("output") == "json" }

// colors reports whether w shows colors: w is a terminal, and NO_COLOR is not set.
func colors(w io.Writer) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	return isTerminal(w)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// directory returns the DIR argument, or manifests/ by default.
func directory(args []string) string {
	if len(args) == 0 {
		return "manifests"
	}
	return args[0]
}

func maxOneDir(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return hint(usagef("%s takes one folder, not %d arguments", cmd.CommandPath(), len(args)), "see `%s --help`", cmd.CommandPath())
	}
	return nil
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := nearestCommand(cmd, args[0]); near != "" {
		return hint(usagef("there is no command `%s %s`", cmd.CommandPath(), args[0]), "did you mean `%s %s`?", cmd.CommandPath(), near)
	}
	return hint(usagef("%s takes no arguments, got %q", cmd.CommandPath(), args[0]), "see `%s --help`", cmd.CommandPath())
}

// say prints a message that is not a result.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.stderr, display.Line(fmt.Sprintf(format, args...)))
}

// exampleOfUsage is the example in the description of a flag.
var exampleOfUsage = regexp.MustCompile(`e\.g\. ([0-9]+(?:ms|s|m|h))\b`)

// durationExample returns the example in the description of a duration flag.
func durationExample(usage string) string {
	if m := exampleOfUsage.FindStringSubmatch(usage); m != nil {
		return m[1]
	}
	return "30s"
}
