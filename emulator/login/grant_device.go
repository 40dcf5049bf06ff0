package login

import (
	"encoding/json"
	"strconv"
	"time"
)

// redeemDevice answers a device that polls (RFC 8628 section 3.4).
func (c *call) redeemDevice() (*tenantCall, issuance, *Error) {
	t := c.named
	sent, cl, err := c.sender()
	if err != nil {
		return t, issuance{}, err
	}
	text := c.form.Get("device_code")
	if text == "" {
		text = c.form.Get("code") // the parameter's name at v1 endpoints
	}
	if text == "" {
		return t, issuance{}, failure(900144, "device_code")
	}
	var d device
	if c.seal.open(deviceCode, c.acceptedClouds(), text, &d) != nil || d.Alias != c.alias && !c.shared() || d.ClientID != cl.app.AppID {
		return t, issuance{}, failure(70018).as("bad_verification_code")
	}
	public := cl.fallbackPublic() && !sent.any()
	if err := c.authenticate(&cl, sent, public); err != nil {
		return t, issuance{}, err
	}
	made, err := c.poll(d)
	if err != nil {
		return t, issuance{}, err
	}
	if t, cl, err = c.useTenant(cl, made.TenantID); err != nil {
		return t, issuance{}, err
	}
	user, err := t.activeUser(cl, made.Session)
	if err != nil {
		return t, issuance{}, err
	}
	asked, err := c.tokenScope(d.Scope)
	if err != nil {
		return t, issuance{}, err
	}
	i := issuance{client: cl, user: user, session: made.Session, asked: asked}
	if err := t.delegate(&i); err != nil {
		return t, issuance{}, err
	}
	if err := c.useCode(d.ID, d.Issued.Add(deviceLifetime)); err != nil {
		return t, issuance{}, err
	}
	return t, i, c.asError(c.forgetDevice(d.UserCode))
}

// poll returns the decision about a device, or the reason why there is none yet.
func (c *call) poll(d device) (decision, *Error) {
	var made decision
	if _, used := c.home.Load(codesBucket, d.ID); used {
		return made, failure(54005)
	}
	if d.expired(c.now) {
		expired := failure(70019)
		if c.version == v1 {
			expired = expired.as("code_expired")
		}
		return made, expired
	}
	record, decided := c.home.Load(devicesBucket, d.UserCode+"/decision")
	if !decided {
		return made, c.pending(d)
	}
	if err := json.Unmarshal(record, &made); err != nil {
		return made, c.asError(err)
	}
	if made.Declined {
		return made, failure(65004).as("authorization_declined")
	}
	return made, nil
}

// pending tells the device to ask again later, with slow_down if it asks too often.
func (c *call) pending(d device) *Error {
	key := d.UserCode + "/poll"
	before, _ := c.home.Load(devicesBucket, key)
	if err := c.home.Save(devicesBucket, key, []byte(strconv.FormatInt(c.now.UnixMilli(), 10))); err != nil {
		return c.asError(err)
	}
	last, err := strconv.ParseInt(string(before), 10, 64)
	if err == nil && c.now.Sub(time.UnixMilli(last)) < devicePatience {
		return failure(70016).as("slow_down")
	}
	return failure(70016)
}
