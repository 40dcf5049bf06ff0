package terraform

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/hashicorp/terraform-exec/tfexec"
)

// Workspace is a folder in which the program runs.
type Workspace struct {
	Dir     string
	Program Program
	Env     map[string]string // in addition to the environment of this process

	// Replace are the addresses of resources that a plan replaces even if nothing has changed.
	Replace []string

	LockTimeout time.Duration // how long to wait if another process holds the lock of the state
	AnswerLimit time.Duration // how long Outputs waits for an answer of the backend; 0: no limit

	// Progress, if set, is called for every line of the program's output about a
	// resource.
	Progress func(line string)

	Now func() time.Time // the clock, for the record

	reads bool // the command changes nothing: AnswerLimit applies
}

// Exists reports whether an apply has begun in the folder of a workspace, and no destroy has
// ended.
func Exists(dir string) bool {
	_, exists := Applied(dir)
	return exists
}

// Record is the content of the file that an apply writes to the folder of a workspace.
type Record struct {
	Outputs map[string]any `json:"outputs"`         // of the last apply that was completed
	Needs   []string       `json:"needs,omitempty"` // in the configuration
	Time    time.Time      `json:"time,omitzero"`   // when that apply ended; zero in records of earlier versions
}

// Applied returns the record of the last apply in the folder of a workspace; exists is false
// if none has begun. The program is not needed to read it.
func Applied(dir string) (r Record, exists bool) {
	raw, err := os.ReadFile(filepath.Join(dir, appliedFile))
	if err != nil {
		return r, false
	}
	_ = json.Unmarshal(raw, &r) // a damaged record has no outputs, and the workspace still exists
	return r, true
}

// appliedFile shows that Terraform may have created something, and contains the record.
const appliedFile = "applied.json"

func (w Workspace) record(r Record) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return replacePrivate(filepath.Join(w.Dir, appliedFile), append(raw, '\n'))
}

// Plan returns the changes that an apply of the configuration would make.
func (w Workspace) Plan(ctx context.Context, c Configuration) (*Plan, error) {
	return w.runPlan(ctx, &c, false)
}

// PlanDestroy returns the changes that a destroy would make. For c, see Destroy.
func (w Workspace) PlanDestroy(ctx context.Context, c *Configuration) (*Plan, error) {
	return w.runPlan(ctx, c, true)
}

func (w Workspace) runPlan(ctx context.Context, c *Configuration, destroy bool) (*Plan, error) {
	unlock, err := w.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer w.clean()
	tf, err := w.prepared(ctx, c)
	if err != nil {
		return nil, err
	}
	return w.plan(ctx, tf, destroy)
}

// Apply applies the configuration, and returns its outputs. It calls agreed with the
// plan before anything is changed, and executes exactly this plan.
func (w Workspace) Apply(ctx context.Context, c Configuration, agreed func(*Plan) error) (map[string]any, error) {
	unlock, err := w.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer w.clean()
	tf, err := w.prepare(ctx, c)
	if err != nil {
		return nil, err
	}
	p, err := w.plan(ctx, tf, false)
	if err != nil {
		return nil, err
	}
	if err := agreed(p); err != nil {
		return nil, err
	}
	before, _ := Applied(w.Dir)
	if err := w.record(Record{Outputs: before.Outputs, Needs: c.Needs, Time: before.Time}); err != nil {
		return nil, err
	}
	if err := w.applyPlan(ctx, tf); err != nil {
		return nil, err
	}
	outputs, err := w.readOutputs(ctx, tf)
	if err != nil {
		return nil, err
	}
	now := Record{Outputs: outputs, Needs: c.Needs}
	if w.Now != nil {
		now.Time = w.Now().UTC()
	}
	return outputs, w.record(now)
}

// Destroy destroys all resources in the state. c is needed for a workspace in which this machine
// has applied nothing, and for actions of the module during the destroy.
func (w Workspace) Destroy(ctx context.Context, c *Configuration) error {
	unlock, err := w.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	defer w.clean()
	tf, err := w.prepared(ctx, c)
	if err != nil {
		return err
	}
	if _, err := w.plan(ctx, tf, true); err != nil {
		return err
	}
	return w.applyPlan(ctx, tf)
}

// Forget removes the folder after its resources have been destroyed.
func (w Workspace) Forget() error { return os.RemoveAll(w.Dir) }

// Outputs returns the outputs of the state. It ends with a *Failure if the backend does not answer within
// AnswerLimit.
func (w Workspace) Outputs(ctx context.Context, c *Configuration) (map[string]any, error) {
	unlock, err := w.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer w.clean()
	w.reads = true
	tf, err := w.prepared(ctx, c)
	if err != nil {
		return nil, err
	}
	return w.readOutputs(ctx, tf)
}

// prepared is prepare that also works without a configuration if something was applied
// in the workspace.
func (w Workspace) prepared(ctx context.Context, c *Configuration) (*tfexec.Terraform, error) {
	if c != nil {
		return w.prepare(ctx, *c)
	}
	return w.initialize(ctx, "")
}

// prepare writes the configuration, and gets the providers and modules that it needs.
func (w Workspace) prepare(ctx context.Context, c Configuration) (*tfexec.Terraform, error) {
	if err := c.write(w.Dir); err != nil {
		return nil, err
	}
	return w.initialize(ctx, c.Workspace)
}

func (w Workspace) initialize(ctx context.Context, workspace string) (*tfexec.Terraform, error) {
	// The program does not change the mode of an existing file.
	for _, name := range []string{stateFile, stateFile + ".backup", planFile} {
		f, err := os.OpenFile(filepath.Join(w.Dir, name), os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		f.Close()
	}
	tf, err := tfexec.NewTerraform(w.Dir, w.Program.Path)
	if err != nil {
		return nil, err
	}
	if err := tf.SetEnv(w.environment()); err != nil {
		return nil, err
	}
	err = w.read(ctx, tf, func(ctx context.Context, answered func()) error {
		tf.SetStdout(providersBegin(answered))
		defer tf.SetStdout(io.Discard)
		return tf.Init(ctx, tfexec.Reconfigure(true))
	})
	if err != nil {
		return nil, w.failure(ctx, "init", nil, err)
	}
	if workspace != "" {
		var all []string
		var now string
		err := w.read(ctx, tf, func(ctx context.Context, _ func()) (err error) {
			all, now, err = tf.WorkspaceList(ctx)
			return err
		})
		switch {
		case err != nil:
			return nil, w.failure(ctx, "workspace list", nil, err)
		case now == workspace:
		case slices.Contains(all, workspace):
			err = tf.WorkspaceSelect(ctx, workspace)
		default:
			err = tf.WorkspaceNew(ctx, workspace)
		}
		if err != nil {
			return nil, w.failure(ctx, "workspace", nil, err)
		}
	}
	return tf, nil
}

// RemoveSecrets removes the files with secrets that a killed command left in the folder of a
// workspace, unless a command uses the workspace.
func RemoveSecrets(dir string) {
	w := Workspace{Dir: dir}
	if !w.holdsSecrets() {
		return
	}
	l := w.flock()
	if ok, err := l.TryLock(); ok && err == nil {
		w.clean()
		l.Close()
	}
}

// ForgetPlanned removes the folder of a workspace in which plans were made and nothing was applied,
// unless a command uses it.
func ForgetPlanned(dir string) error {
	l := Workspace{Dir: dir}.flock()
	if ok, err := l.TryLock(); !ok || err != nil {
		return err
	}
	applied := Exists(dir)
	l.Close() // Windows does not remove an open file
	if applied {
		return nil
	}
	return os.RemoveAll(dir)
}

func (w Workspace) holdsSecrets() bool {
	return slices.ContainsFunc([]string{secretsFile, planFile}, func(name string) bool {
		_, err := os.Lstat(filepath.Join(w.Dir, name))
		return err == nil
	})
}

// clean removes files that contain secrets and are no longer needed.
func (w Workspace) clean() {
	for _, name := range []string{secretsFile, planFile} {
		os.Remove(filepath.Join(w.Dir, name)) // only its owner can read it
	}
}

func (w Workspace) environment() map[string]string {
	env := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	for name, value := range w.Env {
		env[name] = value
	}
	return tfexec.CleanEnv(env)
}

func (w Workspace) plan(ctx context.Context, tf *tfexec.Terraform, destroy bool) (*Plan, error) {
	said := &log{progress: func(string) {}}
	options := []tfexec.PlanOption{tfexec.Out(planFile), tfexec.Destroy(destroy), tfexec.LockTimeout(w.LockTimeout.String())}
	if !destroy {
		for _, address := range w.Replace {
			options = append(options, tfexec.Replace(address))
		}
	}
	_, err := tf.PlanJSON(ctx, said, options...)
	if err != nil {
		return nil, w.failure(ctx, "plan", said, err)
	}
	shown, err := tf.ShowPlanFile(ctx, planFile)
	if err != nil {
		return nil, w.failure(ctx, "show", nil, err)
	}
	p := planOf(shown)
	if destroy {
		p.ChangedOutputs = nil
	} else if r, applied := Applied(w.Dir); applied {
		p.compareRecord(r)
	}
	return p, nil
}

func (w Workspace) applyPlan(ctx context.Context, tf *tfexec.Terraform) error {
	said := &log{progress: w.Progress}
	if said.progress == nil {
		said.progress = func(string) {}
	}
	if err := tf.ApplyJSON(ctx, said, tfexec.DirOrPlan(planFile), tfexec.LockTimeout(w.LockTimeout.String())); err != nil {
		return w.failure(ctx, "apply", said, err)
	}
	return nil
}

// readOutputs returns the outputs of the state that are not sensitive.
func (w Workspace) readOutputs(ctx context.Context, tf *tfexec.Terraform) (map[string]any, error) {
	var all map[string]tfexec.OutputMeta
	err := w.read(ctx, tf, func(ctx context.Context, _ func()) (err error) {
		all, err = tf.Output(ctx)
		return err
	})
	if err != nil {
		return nil, w.failure(ctx, "output", nil, err)
	}
	known := map[string]any{}
	for name, o := range all {
		var value any
		if o.Sensitive || json.Unmarshal(o.Value, &value) != nil {
			continue
		}
		known[name] = value
	}
	return known, nil
}

// lock locks the folder for this process, because only one run of the program at a time
// may use its files.
func (w Workspace) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(w.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(w.Dir, 0o700); err != nil {
		return nil, err
	}
	l := w.flock()
	waiting, cancel := context.WithTimeout(ctx, max(w.LockTimeout, time.Second))
	defer cancel()
	if ok, err := l.TryLockContext(waiting, 50*time.Millisecond); err != nil || !ok {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%s is in use by another provision command", w.Dir)
	}
	return func() { l.Close() }, nil
}

func (w Workspace) flock() *flock.Flock {
	return flock.New(filepath.Join(w.Dir, "workspace.lock"), flock.SetPermissions(0o600))
}
