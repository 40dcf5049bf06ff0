package adopt

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"provision/plan"
	"provision/stack"
)

// tokenExchange is the audience of federated credentials without an audience.
const tokenExchange = "api://AzureADTokenExchange"

// credentials declares how the application signs in, without any secret value.
func (w *writer) credentials(a *stack.Application, live *plan.Live) {
	names := namer{}
	for _, c := range list(live.Properties, "passwordCredentials") {
		keyID := text(c, "keyId")
		secret := stack.Secret{Name: names.name(text(c, "displayName"), "secret-"+keyID[:min(8, len(keyID))]), KeyID: keyID}
		secret.NotBefore, _ = time.Parse(time.RFC3339, text(c, "startDateTime")) // zero if Graph does not return it
		secret.NotAfter, _ = time.Parse(time.RFC3339, text(c, "endDateTime"))
		a.Secrets = append(a.Secrets, secret)
	}
	slices.SortFunc(a.Secrets, func(x, y stack.Secret) int { return strings.Compare(x.Name, y.Name) })
	names = namer{}
	for _, e := range list(live.Properties, "keyCredentials") {
		m, _ := e.(map[string]any)
		if plan.UseOf(m, nil) == plan.OtherUse {
			continue // Entra signs with it
		}
		der, err := base64.StdEncoding.DecodeString(text(e, "key"))
		if err != nil || len(der) == 0 || !readable(der) {
			w.lose(a, "keyCredentials", "the certificate %q cannot be read; apply leaves it as it is", text(e, "displayName"))
			continue
		}
		c := stack.Certificate{Name: names.name(text(e, "displayName"), "certificate-"+strings.ToLower(plan.Thumbprint(m))[:8]), DER: der}
		c.File = "certificates/" + a.Name + "-" + c.Name + ".pem"
		w.out.certificates[c.File] = der
		a.Certificates = append(a.Certificates, c)
	}
	slices.SortFunc(a.Certificates, func(x, y stack.Certificate) int { return strings.Compare(x.Name, y.Name) })
	for _, o := range w.relations[w.key(a)] {
		if o.Kind == plan.Federated {
			w.federated(a, o)
		}
	}
	slices.SortFunc(a.FederatedCredentials, func(x, y stack.FederatedCredential) int { return strings.Compare(x.Name, y.Name) })
}

func readable(der []byte) bool {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return false
	}
	switch certificate.PublicKey.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return true
	}
	return false
}

func (w *writer) federated(a *stack.Application, o *plan.Live) {
	f := stack.FederatedCredential{Name: text(o.Properties, "name"), Description: text(o.Properties, "description"), Issuer: w.named(a, text(o.Properties, "issuer")), Subject: text(o.Properties, "subject")}
	if flexible := w.flexible[o.ID]; flexible != nil && f.Subject == "" {
		f.ClaimsMatchingExpression = &stack.ClaimsMatchingExpression{Value: text(member(flexible, "claimsMatchingExpression"), "value")}
	}
	for _, audience := range list(o.Properties, "audiences") {
		f.Audiences = append(f.Audiences, asText(audience))
	}
	if slices.Equal(f.Audiences, []string{tokenExchange}) {
		f.Audiences = nil
	}
	a.FederatedCredentials = append(a.FederatedCredentials, f)
}
