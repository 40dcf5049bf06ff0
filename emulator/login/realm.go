package login

import (
	"net/http"
	"strings"
)

// realm answers how a user's domain signs people in, which clients ask before
// they send a password. Every user here is
// managed: none belongs to another identity provider.
func (c *call) realm() *Error {
	name := c.r.PathValue("user")
	_, domain, _ := strings.Cut(name, "@")
	if !strings.EqualFold(domain, c.tenant.Domain) {
		c.json(http.StatusOK, map[string]string{"ver": "1.0", "account_type": "Unknown", "cloud_instance_name": cloudInstance})
		return nil
	}
	c.json(http.StatusOK, map[string]string{
		"ver": "1.0", "account_type": "Managed", "domain_name": c.tenant.Domain,
		"cloud_instance_name": cloudInstance, "cloud_audience_urn": "urn:federation:MicrosoftOnline",
	})
	return nil
}
