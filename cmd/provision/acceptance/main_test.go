package acceptance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"provision/localtenant"
)

// programFolder is the folder that contains the built program.
var programFolder string

func TestMain(m *testing.M) {
	os.Exit(withProgram(m.Run))
}

// withProgram builds the program and puts it first on PATH.
func withProgram(run func() int) int {
	var err error
	if programFolder, err = os.MkdirTemp("", "provision-acceptance-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programFolder)
	build := exec.Command("go", "build", "-o", programFolder, "provision/cmd/provision")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	os.Setenv("PATH", programFolder+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return run()
}

// needs skips a test if a program is missing. If PROVISION_TEST_REQUIRE is "all", the test fails.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatalf("%s is needed; .ci/run installs it", name)
		}
		t.Skipf("%s is needed; .ci/run installs it", name)
	}
}

// needsTerraform skips a test if Terraform and OpenTofu are missing, as needs does.
func needsTerraform(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("tofu"); err != nil {
		needs(t, "terraform")
	}
}

// patience is the maximum time to wait for an event. It is long because the machine may be busy.
const patience = 2 * time.Minute

// taken is the first port of the last tenant. A tenant keeps its port when it is not served, so
// each test uses other ports.
var taken atomic.Int32

func init() { taken.Store(rand.Int32N(5000)) }

// freshPorts returns a range of ten ports that no other test of this run uses, below the ports of
// other packages.
func freshPorts() localtenant.Ports {
	from := 3000 + int(taken.Add(10)%5000)/10*10
	return localtenant.Ports{From: from, To: from + 9}
}

func fileExists(path string) bool { _, err := os.Stat(path); return err == nil }
