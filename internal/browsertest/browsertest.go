// Package browsertest drives a headless Chromium from a test, as a person who
// opens a page would.
//
//	b := browsertest.Open(t, browsertest.Trust(tenant.CAFile))
//	b.Visit(url)
//	b.Fill("#i0116", "ada@contoso.onmicrosoft.com")
//	b.Click("#idSIButton9")
//	b.See("Permissions requested")
//
// It remembers every address that the pages asked for and every complaint on
// their consoles. Elements are named by CSS selectors; an action waits for its
// element, and the first that fails ends the test.
package browsertest

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// timeout is the maximum time of a test with one browser, and patience the maximum time
// to wait for one event. They are long because only a failure uses them up, even on a
// busy machine.
const (
	timeout  = 8 * time.Minute
	patience = 2 * time.Minute
)

// Browser is one browser with one tab and its own profile.
type Browser struct {
	testing.TB
	ctx context.Context

	mu        sync.Mutex
	requested []string
	messages  []string
}

// Option changes how a browser is started.
type Option func(testing.TB) chromedp.ExecAllocatorOption

// Trust makes the browser accept the certificates of the authority in a PEM file, in
// addition to the certificates that the system trusts.
func Trust(caFile string) Option {
	return func(t testing.TB) chromedp.ExecAllocatorOption {
		t.Helper()
		data, err := os.ReadFile(caFile)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(data)
		if block == nil {
			t.Fatalf("%s contains no certificate", caFile)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
		return chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(hash[:]))
	}
}

// Proxy sends the browser's requests to a proxy.
func Proxy(url string) Option {
	return func(testing.TB) chromedp.ExecAllocatorOption { return chromedp.ProxyServer(url) }
}

// Dark makes the browser prefer dark pages.
func Dark(testing.TB) chromedp.ExecAllocatorOption {
	return chromedp.Flag("blink-settings", "preferredColorScheme=0")
}

// Open starts a browser that ends with the test. Without Chromium the test is skipped,
// or fails if PROVISION_TEST_REQUIRE is all.
func Open(t testing.TB, options ...Option) *Browser {
	t.Helper()
	program := find()
	if program == "" {
		const missing = "Chromium is needed: apt-get install chromium"
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	arguments := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.NoSandbox, // root may not have a sandbox
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true),
	}
	for _, option := range options {
		arguments = append(arguments, option(t))
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, arguments...)
	t.Cleanup(cancel)
	b := &Browser{TB: t}
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	b.do("start", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		// The page has the focus even if its window is in the background.
		_, err := cdp.Call(ctx, target, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	}))
	return b
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return ""
}

func (b *Browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requested = append(b.requested, e.Request.URL)
	case *log.EventEntryAdded:
		b.messages = append(b.messages, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.messages = append(b.messages, e.ExceptionDetails.Text)
	}
}

func (b *Browser) do(what string, action chromedp.Action[chromedp.Void]) {
	b.Helper()
	run(b, what, action)
}

func run[T any](b *Browser, what string, action chromedp.Action[T]) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.Fatalf("browser: %s: %v", what, err)
	}
	return value
}

// Visit opens an address and waits until the page is loaded.
func (b *Browser) Visit(url string) {
	b.Helper()
	b.do("visit "+url, chromedp.Navigate(url))
}

// Phone gives the window the size and the touch screen of a small phone.
func (b *Browser) Phone() {
	b.Helper()
	b.do("become a phone", chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
}

// Fill types into a field.
func (b *Browser) Fill(selector, text string) {
	b.Helper()
	b.do("fill "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Click presses the mouse on an element once it is visible.
func (b *Browser) Click(selector string) {
	b.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// The keys other than characters that Press supports.
const (
	Enter = kb.Enter
	Tab   = kb.Tab
	Space = " "
)

// Press types keys into the element that has the focus, after the first painting of the
// page: a browser drops earlier keys, and sets the focus only then.
func (b *Browser) Press(keys string) {
	b.Helper()
	const ready = `document.readyState === "complete" && document.hasFocus() &&
		performance.getEntriesByType("paint").length > 0 &&
		document.activeElement !== null && document.activeElement !== document.body`
	if !b.until(ready) {
		b.Fatalf("browser: nothing on the page has the focus; it shows:\n%s", b.Text("body"))
	}
	b.do("press a key", chromedp.KeyEvent(keys))
}

// Wait waits until an element is visible.
func (b *Browser) Wait(selector string) {
	b.Helper()
	b.do("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// See waits until the page shows a text.
func (b *Browser) See(text string) {
	b.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		b.Fatal(err)
	}
	if !b.until("document.body !== null && document.body.innerText.includes(" + string(quoted) + ")") {
		b.Fatalf("browser: %q is not on the page; it shows:\n%s", text, b.Text("body"))
	}
}

// until waits until an expression is true in the page.
func (b *Browser) until(expression string) bool {
	deadline := time.Now().Add(patience)
	for {
		// An expression cannot be evaluated while the browser leaves a page.
		if met, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); err == nil && met {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Text waits for an element and returns its visible text.
func (b *Browser) Text(selector string) string {
	b.Helper()
	return strings.TrimSpace(run(b, "read "+selector, chromedp.Text(chromedp.CSS(selector))))
}

// Address returns the address of the page in the browser.
func (b *Browser) Address() string {
	b.Helper()
	return run(b, "read the address", chromedp.Location())
}

// Evaluate returns the value of a JavaScript expression in the page.
func Evaluate[T any](b *Browser, expression string) T {
	b.Helper()
	return run(b, "evaluate "+expression, chromedp.Evaluate[T](expression))
}

// Requested returns the addresses that the pages have requested so far, in order.
func (b *Browser) Requested() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requested)
}

// Messages returns the errors and warnings on the pages' consoles so far.
func (b *Browser) Messages() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// Screenshot writes an image of the whole page to a PNG file, for developers.
func (b *Browser) Screenshot(file string) {
	b.Helper()
	if err := os.WriteFile(file, run(b, "take a picture", chromedp.FullScreenshot(100)), 0o644); err != nil {
		b.Fatal(err)
	}
}
