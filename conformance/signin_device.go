package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// SignInByDeviceCode lets a person sign in on any device, with a code that tell prints
// them (RFC 8628). Entra allows it for public clients (AADSTS7000218 otherwise).
func (a *Authority) SignInByDeviceCode(ctx context.Context, client Client, scopes []string, tell func(message string)) (Grant, error) {
	known, err := a.discover(ctx)
	if err != nil {
		return Grant{}, err
	}
	if known.Device == "" {
		return Grant{}, fmt.Errorf("discover %s: no device authorization endpoint", a.URL)
	}
	client.Secret = "" // the flow is for clients that cannot keep a secret
	form := url.Values{"client_id": {client.ID}, "scope": {signInScope(scopes)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, known.Device, strings.NewReader(form.Encode()))
	if err != nil {
		return Grant{}, fmt.Errorf("device authorization endpoint: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var code struct {
		DeviceCode       string `json:"device_code"`
		Message          string `json:"message"`
		ExpiresIn        int    `json:"expires_in"` // seconds
		Interval         int    `json:"interval"`   // seconds
		Error            string `json:"error"`
		ErrorDescription string `json:"error_description"`
	}
	status, err := a.getJSON(request, &code)
	switch {
	case err != nil:
		return Grant{}, fmt.Errorf("device authorization endpoint: %w", err)
	case code.Error != "":
		return Grant{}, oauthError(code.Error, code.ErrorDescription)
	case status != http.StatusOK || code.DeviceCode == "":
		return Grant{}, fmt.Errorf("device authorization endpoint: status %d without a code", status)
	}
	tell(code.Message)
	return a.pollDeviceCode(ctx, client, code.DeviceCode, time.Duration(max(code.Interval, 1))*time.Second, time.Duration(code.ExpiresIn)*time.Second)
}

// pollDeviceCode asks the token endpoint until the person has signed in (RFC 8628,
// section 3.5).
func (a *Authority) pollDeviceCode(ctx context.Context, client Client, code string, interval, expires time.Duration) (Grant, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, expires, errors.New("the code has expired"))
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return Grant{}, fmt.Errorf("wait for the sign-in: %w", context.Cause(ctx))
		case <-time.After(interval):
		}
		grant, err := a.redeem(ctx, client, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {code}})
		var refused *AADSTSError
		switch {
		case err == nil:
			return grant, nil
		case !errors.As(err, &refused):
			return Grant{}, err
		case refused.OAuth == "slow_down":
			interval += 5 * time.Second
		case refused.OAuth != "authorization_pending":
			return Grant{}, err
		}
	}
}
