package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"provision/localtenant"
	"provision/stack"
)

func (a *app) exec() *cobra.Command {
	c := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARG…]",
		Short: "Run a program with Microsoft's public hosts redirected to the local tenant",
		Long: `exec runs an unchanged program that uses Microsoft's public hosts
(login.microsoftonline.com, graph.microsoft.com, management.azure.com and their
aliases) with these hosts redirected to the local tenant, which answers like the
public cloud. Under the hosts of the clouds for the US Government and China it answers
like these clouds; --cloud makes one of them the default.

exec sets the proxy and the certificate authority in the environment of the program
and changes nothing else on the machine. HTTPS requests to other hosts are refused,
except to the hosts in NO_PROXY.

The exit code is the exit code of the program.`,
		Example: "  provision exec -- python3 main.py\n  provision exec -- az login --service-principal -u ID -p SECRET --tenant TENANT --allow-no-subscriptions\n  provision exec --credentials -- terraform apply\n  provision exec --managed-identity orders -- ./worker",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return hint(usagef("exec requires a command to run"), "see `provision exec --help`")
			}
			if target := a.config.GetString("target"); target != "local" {
				return hint(usagef("exec redirects to the local tenant only, not to %q", target), "run the program without exec: it reaches the real tenant")
			}
			o, err := a.execOptions()
			if err != nil {
				return err
			}
			dir, err := a.localDir()
			if err != nil {
				return err
			}
			served, own, release, err := a.joinLocal(cmd.Context(), dir)
			if err != nil {
				return err
			}
			defer release()
			environment, err := dir.ChildEnvironment(os.Environ(), served, o.credentials)
			if err != nil {
				return fmt.Errorf("prepare the environment of %s: %w", args[0], err)
			}
			environment = append(environment, cloudEnvironment(o.cloud)...)
			environment = append(environment, hintPrefix+"="+a.again()+" --")
			if o.managedIdentity != "" {
				m := &localtenant.Management{URL: served.ManagementURL, Key: served.ManagementKey, HTTP: &http.Client{Timeout: 30 * time.Second}}
				if !own {
					m.PID = served.PID
				}
				identity, err := m.ManagedIdentity(cmd.Context(), o.managedIdentity, o.cloud)
				if err != nil {
					return err
				}
				for name, value := range identity {
					environment = append(environment, name+"="+value) // the last of a name counts
				}
			}
			return a.runChild(args, environment)
		},
	}
	c.Flags().Bool("credentials", false, "set the credentials of the tenant's administrator as AZURE_* and ARM_* variables")
	c.Flags().String("managed-identity", "", "run the program with the managed identity of this name, as App Service does; created if it does not exist")
	c.Flags().String("cloud", "", "the cloud whose names the program uses by default: "+strings.Join(cloudNames(), ", "))
	c.Flags().SetInterspersed(false) // flags after the command belong to the command
	return c
}

// execOptions are the flags of exec.
type execOptions struct {
	credentials     bool   // of the tenant's administrator
	managedIdentity string // name; "" is none
	cloud           string // name of the default cloud; "" is the public one
}

// execOptions reads the flags of exec. It returns an error of usage.
func (a *app) execOptions() (o execOptions, err error) {
	o = execOptions{credentials: a.config.GetBool("credentials"), managedIdentity: a.config.GetString("managed-identity")}
	o.cloud, err = a.chosenCloud()
	return o, err
}

// runChild runs a program with the streams of provision, and returns the program's exit code. The
// context does not stop the program: provision passes on signals, and the program decides.
func (a *app) runChild(args, environment []string) error {
	child := exec.Command(args[0], args[1:]...)
	child.Env = environment
	child.Stdin, child.Stdout, child.Stderr = a.raw.stdin, a.raw.stdout, a.raw.stderr
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		return notStarted(args[0], err)
	}
	a.answered = true // stdout is the program's
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case s := <-signals:
			// A terminal has sent these to the program as well; many end immediately when
			// they get a second one.
			if (s == os.Interrupt || s == syscall.SIGQUIT) && inForeground() {
				continue
			}
			_ = child.Process.Signal(s) // a child that has just ended needs no signal
		case err := <-ended:
			return childError(args[0], err)
		}
	}
}

// notStarted is the error for a program that could not be started, with the exit code that shells
// use.
func notStarted(name string, err error) error {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		err = failure{fmt.Errorf("run %s: no such program on PATH", name), exitNoProgram}
		if near := stack.Nearest(name, programsOnPath()); near != "" {
			return hint(err, "did you mean %s?", near)
		}
		return hint(err, "install it, or name it with its path, as in ./%s", name)
	case errors.Is(err, fs.ErrNotExist):
		return hint(failure{fmt.Errorf("run %s: no such file", name), exitNoProgram}, "check its path, and that the interpreter in its first line (#!) exists")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOEXEC):
		return hint(failure{fmt.Errorf("run %s: %w", name, err), exitNotExecutable}, "make it executable (chmod +x), or run it with its interpreter")
	}
	return fmt.Errorf("run %s: %w", name, err)
}

// programsOnPath returns the names of programs in PATH.
func programsOnPath() (names []string) {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	return names
}

// exitCode is the exit code of a child process, which becomes provision's exit code.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// childError returns the error for a started program that ended.
func childError(name string, err error) error {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &ended):
		return fmt.Errorf("run %s: %w", name, err)
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitCode(128 + int(status.Signal())) // as in shells
	}
	return exitCode(ended.ExitCode())
}
