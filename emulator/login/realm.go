package login

import "net/http"

// realm answers how the users of a domain sign in. Clients ask this before they send a
// password. Every user of the local tenant is managed: no domain is federated with
// another identity provider.
func (c *call) realm() *Error {
	name := c.r.PathValue("user")
	home, found := c.realmOf(name)
	if !found {
		c.json(http.StatusOK, map[string]string{"ver": "1.0", "account_type": "Unknown", "cloud_instance_name": c.cloud.Instance})
		return nil
	}
	c.json(http.StatusOK, map[string]string{
		"ver": "1.0", "account_type": "Managed", "domain_name": home.Tenant().Domain,
		"cloud_instance_name": c.cloud.Instance, "cloud_audience_urn": "urn:federation:MicrosoftOnline",
	})
	return nil
}
