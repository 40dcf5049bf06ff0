package acceptance

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"provision/internal/nettest"
)

// instruction is one instruction of a Dockerfile.
type instruction struct {
	name      string
	options   []string // --from=build
	arguments string
}

// stages reads the build stages of a Dockerfile. The first instruction of a stage is FROM.
func stages(text string) (all [][]instruction) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		i := instruction{name: name}
		words := strings.Fields(rest)
		for len(words) > 0 && strings.HasPrefix(words[0], "--") {
			i.options, words = append(i.options, words[0]), words[1:]
		}
		i.arguments = strings.Join(words, " ")
		if name == "FROM" {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], i)
	}
	return all
}

// absolutePath finds the absolute paths in a command.
var absolutePath = regexp.MustCompile(`(^|[\s=])(/[^\s"']*)`)

// buildStage executes the instructions of the first stage below a folder that represents the root
// of its file system, with the Go of this machine and without network.
func buildStage(t *testing.T, context, root string, stage []instruction) {
	t.Helper()
	dir := root
	environment := append(os.Environ(), "GOPROXY=off")
	for _, i := range stage[1:] {
		words := strings.Fields(i.arguments)
		switch i.name {
		case "WORKDIR":
			dir = filepath.Join(root, i.arguments)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		case "ARG":
			environment = append(environment, i.arguments)
		case "COPY":
			to := filepath.Join(dir, words[len(words)-1])
			for _, from := range words[:len(words)-1] {
				if from == "." {
					if err := copyTree(context, to); err != nil {
						t.Fatal(err)
					}
					continue
				}
				raw, err := os.ReadFile(filepath.Join(context, from))
				if err == nil {
					err = os.WriteFile(filepath.Join(to, filepath.Base(from)), raw, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		case "RUN":
			if i.arguments == "go mod download" {
				continue // it needs the network; the modules are in the cache of this machine
			}
			run := exec.Command("sh", "-ec", absolutePath.ReplaceAllString(i.arguments, "$1"+root+"$2"))
			run.Dir, run.Env = dir, environment
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", i.arguments, err, out)
			}
		default:
			t.Fatalf("the test does not know %s", i.name)
		}
	}
}

// copyTree copies a folder over another one, and replaces files that exist.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), raw, 0o644)
	})
}

// TestImage executes the parts of the Dockerfile that need no daemon: the commands of its build
// stage, the copies of its final stage, and its entrypoint with its default command.
func TestImage(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the image is for Linux")
	}
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("it builds the program")
	}
	context := checkout(t)
	raw, err := os.ReadFile(filepath.Join(context, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	all := stages(string(raw))
	if len(all) != 2 {
		t.Fatalf("the Dockerfile has %d stages", len(all))
	}
	module, err := os.ReadFile(filepath.Join(context, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	image, _, _ := strings.Cut(strings.TrimPrefix(all[0][0].arguments, "golang:"), " ")
	if !regexp.MustCompile(`(?m)^go ` + regexp.QuoteMeta(image) + `(\.\d+)?$`).Match(module) {
		t.Errorf("the build stage has Go %s, go.mod another version", image)
	}
	root := t.TempDir()
	buildStage(t, context, root, all[0])

	// The final stage: the copied files exist, and nothing runs as root.
	final := t.TempDir()
	work, user := "/", ""
	var entrypoint, command []string
	if strings.HasSuffix(all[1][0].arguments, ":nonroot") {
		user = "nonroot"
	}
	for _, i := range all[1][1:] {
		switch i.name {
		case "COPY":
			if !slices.Contains(i.options, "--from=build") {
				t.Errorf("COPY %s does not copy from the build stage", i.arguments)
			}
			from, to, _ := strings.Cut(i.arguments, " ")
			info, err := os.Stat(filepath.Join(root, from))
			if err != nil {
				t.Fatalf("the build stage has not made %s: %v", from, err)
			}
			target := filepath.Join(final, to)
			if info.IsDir() {
				if !slices.Contains(i.options, "--chown=nonroot:nonroot") {
					t.Errorf("the user of the image cannot write to %s", to)
				}
				err = os.MkdirAll(target, 0o755)
			} else if err = os.MkdirAll(filepath.Dir(target), 0o755); err == nil {
				err = os.Rename(filepath.Join(root, from), target)
			}
			if err != nil {
				t.Fatal(err)
			}
		case "WORKDIR":
			work = i.arguments
		case "USER":
			user = i.arguments
		case "ENTRYPOINT":
			err = json.Unmarshal([]byte(i.arguments), &entrypoint)
		case "CMD":
			err = json.Unmarshal([]byte(i.arguments), &command)
		case "EXPOSE":
		default:
			t.Errorf("the test does not know %s", i.name)
		}
		if err != nil {
			t.Fatalf("%s %s: %v", i.name, i.arguments, err)
		}
	}
	if user != "nonroot" {
		t.Errorf("the user of the image is %q", user)
	}
	program := filepath.Join(final, entrypoint[0])
	needsNoLibrary(t, program)
	if info, err := os.Stat(program); err != nil || info.Size() > 38_000_000 {
		t.Errorf("the image, with the 2 MB of its base, is to stay under 40 MB: %d, %v", info.Size(), err)
	}

	// The default command serves; here on a free port of loopback.
	port, err := nettest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	listen := slices.Index(command, "0.0.0.0:8443")
	if listen < 0 {
		t.Fatalf("the default command %q does not listen on the port that the image exposes", command)
	}
	command[listen] = "127.0.0.1:" + port
	ready := filepath.Join(t.TempDir(), "local.env")
	serve := exec.Command(program, append(command, "--env-file", ready)...)
	serve.Dir, serve.Env = filepath.Join(final, work), []string{"HOME=" + t.TempDir()}
	var out bytes.Buffer
	serve.Stdout, serve.Stderr = &out, &out
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	awaitFile(t, ready)
	if settings, err := os.ReadFile(ready); err != nil || !strings.Contains(string(settings), ":"+port) {
		t.Errorf("the tenant's settings do not name port %s: %s %v", port, settings, err)
	}
	_ = serve.Process.Signal(os.Interrupt)
	if err := serve.Wait(); err != nil {
		t.Errorf("the default command ends with %v: %s", err, out.String())
	}
	if version, err := exec.Command(program, "version").Output(); err != nil || !strings.HasPrefix(string(version), "provision dev") {
		t.Errorf("the version is %s, %v", version, err)
	}
}

// needsNoLibrary checks that a program runs in an image without libraries.
func needsNoLibrary(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if libraries, err := f.ImportedLibraries(); err != nil && !errors.Is(err, elf.ErrNoSymbols) || len(libraries) > 0 {
		t.Errorf("the program needs %v, %v", libraries, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program needs a dynamic linker")
		}
	}
}
