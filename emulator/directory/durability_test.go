package directory

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// writerPath is the environment variable with the store to which this test binary writes until it
// is killed.
const writerPath = "PROVISION_TEST_DIRECTORY_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerPath); path != "" {
		writeUntilKilled(path)
	}
	os.Exit(m.Run())
}

// writeUntilKilled creates an application with its principal and a secret in each Update, and
// prints the uniqueName and the secret after the Update has returned.
func writeUntilKilled(path string) {
	d, err := Open(path, Seed{}, time.Now)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var print sync.Mutex
	for writer := range 4 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("w%d.%d.%d", writer, os.Getpid(), i)
				var secret PasswordCredential
				err := d.Update(func(tx *Tx) error {
					app, err := tx.CreateApplication(&Application{DisplayName: name, UniqueName: &name, Tags: []string{strings.Repeat("x", 200)}})
					if err != nil {
						return err
					}
					if secret, err = tx.AddPassword(app.ID, PasswordCredential{}); err != nil {
						return err
					}
					_, err = tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID})
					return err
				})
				if err == nil {
					err = d.Save("seen", name, []byte(name))
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				print.Lock()
				fmt.Println(name, *secret.SecretText)
				print.Unlock()
			}
		}()
	}
	select {}
}

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	path := filepath.Join(t.TempDir(), "directory.db")
	acknowledged := map[string]string{}
	for round := range rounds {
		// Some rounds end before the store is opened or seeded.
		killAfter(t, path, (round%7)*(round%5), acknowledged)
		d, err := Open(path, Seed{}, time.Now)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for name, secret := range acknowledged {
			app, ok := d.ApplicationByUniqueName(name)
			if !ok {
				t.Fatalf("round %d: %s is lost", round, name)
			}
			if len(app.PasswordCredentials) != 1 || !app.PasswordCredentials[0].Matches(secret) {
				t.Fatalf("round %d: the secret of %s is lost", round, name)
			}
			if _, ok := d.Load("seen", name); !ok {
				t.Fatalf("round %d: the value of %s is lost", round, name)
			}
		}
		for app := range d.Applications() {
			if _, ok := d.ServicePrincipalByAppID(app.AppID); !ok || len(app.PasswordCredentials) != 1 {
				t.Fatalf("round %d: half of an update was kept: %s", round, app.DisplayName)
			}
		}
		if admin := d.Administrator(); admin.Secret == "" {
			t.Fatalf("round %d: the tenant has no administrator", round)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) == 0 {
		t.Fatal("no write was ever acknowledged: the test proves nothing")
	}
	t.Logf("%d updates survived %d kills", len(acknowledged), rounds)
}

// killAfter runs a writer, kills it when it has acknowledged some updates, and records the
// acknowledged updates.
func killAfter(t *testing.T, path string, updates int, acknowledged map[string]string) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(executable)
	command.Env = append(os.Environ(), writerPath+"="+path)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for n := 0; ; n++ {
		if n == updates {
			if err := command.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := lines.ReadString('\n')
		if err == io.EOF { // a truncated line acknowledges nothing
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name, secret, _ := strings.Cut(strings.TrimSpace(line), " ")
		acknowledged[name] = secret
	}
	_ = command.Wait() // "signal: killed" is expected
	if complaint.Len() > 0 {
		t.Fatalf("the writer failed: %s", complaint.String())
	}
}
