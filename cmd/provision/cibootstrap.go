package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"provision/ci"
	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// repositoryForm is a repository of GitHub.
var repositoryForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$`)

func (a *app) ciBootstrap() *cobra.Command {
	c := &cobra.Command{
		Use:   "bootstrap github OWNER/REPO",
		Short: "Create the deployer of a repository: federated credentials, least permissions, no secret",
		Long: `bootstrap writes a stack with two applications and applies it: plan, which can only read
and trusts pull requests and the main branch, and apply, which has the permissions that the
manifests need and trusts only jobs of the GitHub environment named like the target. Then it
sets the repository's variables that the pipeline reads: with gh, or with the REST API if
GH_TOKEN is set; otherwise it prints the commands.

The stack is in deployer/TARGET: plan, apply and destroy handle it like any other stack. If
GitHub can be reached, bootstrap reads the ids of the owner and the repository, so that the
credentials match the subjects that the repository sends. Otherwise, set --owner-id and
--repository-id.`,
		Example: "  provision ci bootstrap github contoso/orders --target staging\n  provision ci bootstrap github contoso/orders --target production --yes",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 || args[0] != "github" {
				return hint(usagef("ci bootstrap requires github and a repository"), "as in `provision ci bootstrap github contoso/orders --target staging`")
			}
			if name := path.Base(args[1]); !repositoryForm.MatchString(args[1]) || name == "." || name == ".." {
				return hint(usagef("%q is not a repository of GitHub", args[1]), "write OWNER/REPO")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.bootstrapOptions(args[1])
			if err != nil {
				return err
			}
			return a.bootstrap(cmd, o)
		},
	}
	c.Flags().String("manifests", "manifests", "folder of the manifests that the pipeline applies")
	c.Flags().String("branch", "main", "branch that is deployed")
	c.Flags().Int64("owner-id", 0, "id of the owner at GitHub (default: read from GitHub)")
	c.Flags().Int64("repository-id", 0, "id of the repository at GitHub (default: read from GitHub)")
	c.Flags().Bool("yes", false, "change a real tenant without asking for confirmation")
	planFlags(c)
	writerFlags(c)
	fileFlags(c)
	return c
}

// bootstrapOptions are the flags of ci bootstrap, and the repository.
type bootstrapOptions struct {
	repository    string // OWNER/REPO
	manifests     string // folder
	branch        string // that is deployed
	owner, number int64  // ids of the owner and the repository at GitHub; 0: read from GitHub
	overwrite     bool
}

// bootstrapOptions reads the flags of ci bootstrap. It returns an error of usage.
func (a *app) bootstrapOptions(repository string) (bootstrapOptions, error) {
	c := a.config
	o := bootstrapOptions{repository: repository, manifests: c.GetString("manifests"), branch: c.GetString("branch"),
		owner: c.GetInt64("owner-id"), number: c.GetInt64("repository-id"), overwrite: c.GetBool("overwrite")}
	if !branchForm.MatchString(o.branch) {
		return o, hint(usagef("--branch %q cannot be a branch", o.branch), "as in --branch main")
	}
	if (o.owner == 0) != (o.number == 0) {
		return o, hint(usagef("--owner-id and --repository-id belong together"), "gh api repos/%s --jq '.owner.id, .id' shows them", repository)
	}
	return o, nil
}

// bootstrap creates the deployer of a repository on the target.
func (a *app) bootstrap(cmd *cobra.Command, o bootstrapOptions) error {
	ctx, target, repository := cmd.Context(), a.config.GetString("target"), o.repository
	if target == "local" {
		a.say("warning: the deployer is created in the local tenant, which GitHub cannot reach; for a real tenant use --target NAME")
	} else {
		if _, err := a.realTenant(target); err != nil {
			return err
		}
	}
	stage, err := a.stage()
	if err != nil {
		return err
	}
	stacks, err := stack.Load(o.manifests, stage)
	if err != nil {
		return err
	}
	api := sinks().GitHub
	d := ci.Deployer{Stack: deployerName(repository, target), Repository: repository, Branch: o.branch, Target: target,
		OwnerID: o.owner, RepoID: o.number,
		Reads: plan.ReaderPermissions, Permission: plan.DeployerPermissions(stacks)}
	hub := gitHub{api: api, repository: repository, say: a.say}
	if d.OwnerID == 0 {
		if d.OwnerID, d.RepoID, err = hub.readIDs(ctx); err != nil {
			a.say("note: the ids of %s could not be read from GitHub (%v): the credentials trust subjects by name only; --owner-id and --repository-id state the ids", repository, err)
		}
	}
	d.Subjects = "name"
	if d.OwnerID != 0 {
		d.Subjects = "both" // until every run sends the form with ids
	}
	dir := filepath.Join("deployer", target)
	if err := a.writeDeployer(dir, d, o.overwrite); err != nil {
		return err
	}
	a.verb, a.where, a.whole = "apply", []string{dir}, []string{"ci", "bootstrap", "github", repository}
	return a.changing(cmd, []string{dir}, nil, func(ctx context.Context, s *connection, stacks []*stack.Stack) error {
		if err := a.applyStacks(ctx, s, stacks, nil); err != nil {
			return err
		}
		state, err := s.read(ctx, stacks)
		if err != nil {
			return err
		}
		id := func(name string) string {
			return state.Lookup(plan.Key{Kind: plan.Application, Name: stacks[0].UniqueName(name)}, plan.AppID)
		}
		prefix := environmentName(strings.ToLower(target))
		variables := [][2]string{{prefix + "_TENANT_ID", state.Tenant.ID}, {prefix + "_PLAN_CLIENT_ID", id("plan")}, {prefix + "_APPLY_CLIENT_ID", id("apply")}}
		return a.setVariables(ctx, hub, target, variables)
	})
}

// deployerName returns the stack of a repository's deployer.
func deployerName(repository, target string) string {
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower("deployer-"+repository+"-"+target), "-"), "-")
	return strings.Trim(name[:min(len(name), 60)], "-")
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// writeDeployer writes the deployer's manifest. If somebody has changed the manifest,
// the changed version is applied.
func (a *app) writeDeployer(dir string, d ci.Deployer, overwrite bool) error {
	content, err := ci.DeployerManifest(d)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "stack.yaml")
	have, err := os.ReadFile(file)
	switch {
	case err == nil && bytes.Equal(have, content):
		return nil
	case err == nil && !overwrite:
		a.say("note: %s already exists and is applied unchanged; --overwrite writes it again", file)
		return nil
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return err
	}
	a.say("wrote %s", file)
	return nil
}

// setVariables sets variables of the repository, and creates the environment that the
// apply job is bound to. Without access to GitHub it prints the commands.
func (a *app) setVariables(ctx context.Context, hub gitHub, environment string, variables [][2]string) error {
	given := map[string]string{}
	for _, v := range variables {
		given[v[0]] = v[1]
	}
	a.give("variables", given)
	if !hub.reachable() {
		fmt.Fprintf(a.stdout, "\nNo token for GitHub was found. To finish, run:\n")
		path := "repos/" + hub.repository + "/environments/" + environment
		fmt.Fprintf(a.stdout, "  gh api %s --silent || gh api --method PUT %s\n", path, path)
		for _, v := range variables {
			fmt.Fprintf(a.stdout, "  gh variable set %s --repo %s --body %s\n", v[0], hub.repository, v[1])
		}
		return nil
	}
	if err := hub.createEnvironment(ctx, environment); err != nil {
		return hint(err, "the token needs the permission to administer %s; completed steps stay in place", hub.repository)
	}
	for _, v := range variables {
		body := map[string]any{"name": v[0], "value": v[1]}
		err := hub.send(ctx, http.MethodPatch, "actions/variables/"+v[0], body, nil)
		if errors.Is(err, errNotOnGitHub) {
			err = hub.send(ctx, http.MethodPost, "actions/variables", body, nil)
		}
		if err != nil {
			return hint(err, "the token needs the permission to write variables of %s; completed steps stay in place", hub.repository)
		}
		fmt.Fprintf(a.stdout, "set variable %s of %s\n", v[0], hub.repository)
	}
	fmt.Fprintf(a.stdout, "\nProtect the environment %s with required reviewers: https://%s/%s/settings/environments\n", environment, cmp.Or(os.Getenv("GH_HOST"), "github.com"), hub.repository)
	return nil
}

// gitHub is a repository, reached with gh or with a token.
type gitHub struct {
	api        sink.GitHub
	repository string
	say        func(string, ...any)
}

var errNotOnGitHub = errors.New("GitHub answered 404: it does not exist, or the token has no access to it")

// reachable reports whether there is a way to change the repository.
func (g gitHub) reachable() bool {
	if g.api.Token != "" {
		return true
	}
	path, err := exec.LookPath("gh")
	return err == nil && exec.Command(path, "auth", "status").Run() == nil
}

// readIDs returns the ids of the repository and its owner.
func (g gitHub) readIDs(ctx context.Context) (owner, repository int64, err error) {
	if !g.reachable() {
		return 0, 0, errors.New("no token was found")
	}
	var found struct {
		ID    int64 `json:"id"`
		Owner struct {
			ID int64 `json:"id"`
		} `json:"owner"`
	}
	err = g.send(ctx, http.MethodGet, "", nil, &found)
	return found.Owner.ID, found.ID, err
}

// createEnvironment creates an environment that does not exist. A PUT to an existing one
// would replace its protection rules: the required reviewers would be gone.
func (g gitHub) createEnvironment(ctx context.Context, name string) error {
	path := "environments/" + name
	err := g.send(ctx, http.MethodGet, path, nil, nil)
	if errors.Is(err, errNotOnGitHub) {
		err = g.send(ctx, http.MethodPut, path, map[string]any{}, nil)
	}
	return err
}

// send sends a request to GitHub's REST API, below the path of the repository.
func (g gitHub) send(ctx context.Context, method, path string, body, into any) error {
	path = strings.TrimSuffix("repos/"+g.repository+"/"+path, "/")
	var content []byte
	var err error
	if body != nil {
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	if g.api.Token == "" {
		return g.gh(ctx, method, path, content, into)
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(g.api.URL, "/")+"/"+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+g.api.Token)
	r.Header.Set("Accept", "application/vnd.github+json")
	answer, err := g.api.HTTPClient.Do(r)
	if err != nil {
		return fmt.Errorf("GitHub cannot be reached: %w", err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("GitHub's answer cannot be read: %w", err)
	}
	switch {
	case answer.StatusCode == http.StatusNotFound:
		return errNotOnGitHub
	case answer.StatusCode >= 300:
		var refusal struct{ Message string }
		_ = json.Unmarshal(said, &refusal) // else there is only the status
		return fmt.Errorf("%s %s: GitHub answered %d %s", method, path, answer.StatusCode, oneLine(refusal.Message))
	case into != nil:
		return json.Unmarshal(said, into)
	}
	return nil
}

// gh sends a request with the GitHub CLI, which is signed in.
func (g gitHub) gh(ctx context.Context, method, path string, body []byte, into any) error {
	c := exec.CommandContext(ctx, "gh", "api", "--method", method, path)
	if body != nil {
		c.Args = append(c.Args, "--input", "-")
		c.Stdin = bytes.NewReader(body)
	}
	var said, failed bytes.Buffer
	c.Stdout, c.Stderr = &said, &failed
	if err := c.Run(); err != nil {
		if strings.Contains(failed.String(), "HTTP 404") {
			return errNotOnGitHub
		}
		return fmt.Errorf("gh api %s: %s", path, oneLine(failed.String()))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(said.Bytes(), into)
}
