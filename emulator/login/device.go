package login

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	deviceLifetime = 15 * time.Minute
	deviceInterval = 5 * time.Second // the interval between polls that the answer contains
	devicePatience = time.Second     // the minimum time between two polls

	// devicesBucket contains the state of waiting devices: under the user code the device,
	// under CODE/decision the decision of the user, and under CODE/poll the time of the
	// last poll. Each key has at most one writer.
	devicesBucket = "login-devices"
)

// userCodeLetters are difficult to confuse and form no words.
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXYZ23456789"

const userCodeLength = 9

// device is a device that waits for a user to sign in elsewhere (RFC 8628). The device
// code is this struct, sealed.
type device struct {
	ID       string    `json:"id"`
	UserCode string    `json:"userCode"`
	Alias    string    `json:"alias"` // the tenant's id, common or organizations
	Cloud    string    `json:"cloud"` // its name; "" is the tenant's own origin
	ClientID string    `json:"clientId"`
	Scope    string    `json:"scope"`
	Version  version   `json:"version"`
	Issued   time.Time `json:"issued"`
}

func (d device) expired(now time.Time) bool { return !now.Before(d.Issued.Add(deviceLifetime)) }

// decision is the answer of the user.
type decision struct {
	Session  session `json:"session"`
	TenantID string  `json:"tenantId"` // that the user signed in to
	Declined bool    `json:"declined"`
}

func newUserCode() string {
	random := make([]byte, userCodeLength)
	rand.Read(random)
	for i, b := range random {
		random[i] = userCodeLetters[int(b)%len(userCodeLetters)]
	}
	return string(random)
}

// typedUserCode normalizes a user code that a person has typed.
func typedUserCode(text string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(strings.ToUpper(text))
}

// deviceCode gives a device its codes (RFC 8628 section 3.1). A v1 endpoint
// writes numbers as text and has verification_url.
func (c *call) deviceCode() *Error {
	if c.r.Method != http.MethodPost && c.r.Method != http.MethodGet {
		return failure(900561, "POST", c.r.Method)
	}
	if err := c.readForm(true); err != nil {
		return err
	}
	cl, err := c.client(c.form.Get("client_id"))
	if err != nil {
		return err
	}
	asked, err := c.requestedScope()
	if err != nil {
		return err
	}
	if c.named != nil {
		if _, err := c.named.demands(cl, asked); err != nil {
			return err
		}
	}
	d := device{ID: opaque(16), Alias: c.alias, Cloud: c.cloudName(), ClientID: cl.app.AppID, Scope: asked.text, Version: c.version, Issued: c.now}
	for taken := true; taken; {
		d.UserCode = newUserCode()
		record, err := json.Marshal(d)
		if err != nil {
			return c.asError(err)
		}
		first, err := c.home.SaveOnce(devicesBucket, d.UserCode, record)
		if err != nil {
			return c.asError(err)
		}
		taken = !first
	}
	sealed, problem := c.seal.close(deviceCode, c.cloudName(), d)
	if problem != nil {
		return c.asError(problem)
	}
	page := c.url("/deviceauth")
	answer := map[string]any{
		"user_code": d.UserCode, "device_code": sealed,
		"message": "To sign in, use a web browser to open the page " + page + " and enter the code " + d.UserCode + " to authenticate.",
	}
	lifetime, interval := int(deviceLifetime/time.Second), int(c.pollInterval/time.Second)
	if c.version == v1 {
		answer["verification_url"], answer["expires_in"], answer["interval"] = page, strconv.Itoa(lifetime), strconv.Itoa(interval)
	} else {
		answer["verification_uri"], answer["expires_in"], answer["interval"] = page, lifetime, interval
	}
	c.log.Info("device code issued", "client", cl.app.AppID, "trace", c.traceID)
	c.noStore()
	c.json(http.StatusOK, answer)
	return nil
}

// device finds the device of a user code, unless the user has already decided about it.
func (c *call) device(userCode string) (device, bool) {
	var d device
	record, found := c.home.Load(devicesBucket, userCode)
	if !found || strings.Contains(userCode, "/") || json.Unmarshal(record, &d) != nil || d.expired(c.now) || !slices.Contains(c.acceptedClouds(), d.Cloud) {
		return device{}, false
	}
	_, decided := c.home.Load(devicesBucket, userCode+"/decision")
	return d, !decided
}

// deviceAuthorization returns the authorization that a device waits for.
func (c *call) deviceAuthorization(userCode string) (*authorization, *Error) {
	d, found := c.device(userCode)
	if !found {
		return nil, failure(70018)
	}
	if err := c.address(d.Alias); err != nil { // the page is one for all tenants
		return nil, err
	}
	c.version = d.Version
	cl, err := c.client(d.ClientID)
	if err != nil {
		return nil, err
	}
	a := &authorization{client: cl, device: &d}
	if a.scope, err = c.parseScope(d.Scope); err != nil {
		return a, err
	}
	if c.named != nil {
		a.demands, err = c.named.demands(cl, a.scope)
	}
	return a, err
}

// deviceAuth is the page where a person enters the code that a device shows. It always
// asks for a sign-in, even if the person is signed in: a person who enters an
// attacker's code must not sign the attacker in unknowingly.
func (c *call) deviceAuth() *Error {
	code := typedUserCode(c.form.Get("otc") + c.form.Get("user_code"))
	if c.r.Method != http.MethodPost {
		return c.deviceAuthPage(code, nil)
	}
	if err := http.NewCrossOriginProtection().Check(c.r); err != nil {
		return failure(9002313)
	}
	a, err := c.deviceAuthorization(code)
	if err != nil && err.Code == 70018 {
		return c.deviceAuthPage("", err)
	}
	if err != nil {
		return err
	}
	name := ""
	if _, who, signedIn := c.session(); signedIn {
		name = who.UserPrincipalName
	}
	return c.signInPage(a, name, nil)
}

func (c *call) deviceAuthPage(code string, problem *Error) *Error {
	view := struct{ Action, Code, Problem string }{"/" + c.alias + "/deviceauth", code, ""}
	if problem != nil {
		view.Problem = problem.Error()
	}
	return c.render(http.StatusOK, "device.html", view)
}

// decide stores the user's decision about a device, and shows it on a page. The first
// decision is final.
func (c *call) decide(a *authorization, made decision) *Error {
	record, err := json.Marshal(made)
	if err != nil {
		return c.asError(err)
	}
	first, err := c.home.SaveOnce(devicesBucket, a.device.UserCode+"/decision", record)
	if err != nil {
		return c.asError(err)
	}
	if !first {
		return failure(70018)
	}
	c.log.Info("device decided", "client", a.client.app.AppID, "user", made.Session.UserID, "declined", made.Declined, "trace", c.traceID)
	return c.render(http.StatusOK, "device_done.html", struct {
		Application string
		Declined    bool
	}{a.client.app.DisplayName, made.Declined})
}

func (l *Login) forgetDevice(userCode string) error {
	for _, key := range []string{userCode, userCode + "/decision", userCode + "/poll"} {
		if err := l.home.Remove(devicesBucket, key); err != nil {
			return fmt.Errorf("forget device: %w", err)
		}
	}
	return nil
}

// forgetExpiredDevices deletes devices whose code expired before anybody approved it.
func (l *Login) forgetExpiredDevices() error {
	for _, key := range l.home.Keys(devicesBucket) {
		if strings.Contains(key, "/") {
			continue
		}
		var d device
		record, _ := l.home.Load(devicesBucket, key)
		if err := json.Unmarshal(record, &d); err == nil && !d.expired(l.clock()) {
			continue
		}
		if err := l.forgetDevice(key); err != nil {
			return err
		}
	}
	return nil
}
