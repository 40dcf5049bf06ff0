package conformance

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"provision/conformance/forge"
)

// certificateHeaders contain the attacker's certificate, in each form in which proxies
// pass certificates on, and state that it was verified.
func certificateHeaders(f headerFacts) ([]disguise, error) {
	der, err := forge.AttackerCertificate()
	if err != nil {
		return nil, err
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	plain, escaped, sum := base64.StdEncoding.EncodeToString(der), url.PathEscape(text), sha256.Sum256(der)
	subject := "CN=" + f.who.name + ",O=Contoso"
	issuer := "CN=Contoso Issuing CA,O=Contoso"
	forwarded := fmt.Sprintf(`By=spiffe://cluster.local/ns/default/sa/api;Hash=%s;Subject="%s";URI=spiffe://cluster.local/ns/default/sa/frontend`, hex.EncodeToString(sum[:]), subject)
	return []disguise{
		together("all headers of a certificate of App Service, IIS and RFC 9440", append(each(plain, "X-Arr-Clientcert", "X-Client-Certificate"), http.Header{"Client-Cert": {":" + plain + ":"}})...),
		oneHeader(http.Header{"X-Forwarded-Client-Cert": {forwarded}}),
		oneHeader(http.Header{"X-Forwarded-Client-Cert": {forwarded + `;Cert="` + escaped + `"`}}),
		together("all headers of a certificate of nginx and Traefik", each(escaped, "X-Ssl-Client-Cert", "Ssl-Client-Cert", "X-Client-Cert", "X-Ssl-Cert")...),
		together("all headers of a certificate as base64", each(plain, "X-Forwarded-Tls-Client-Cert", "X-Ssl-Client-Cert", "X-Client-Cert")...),
		oneHeader(http.Header{"X-Amzn-Mtls-Clientcert": {escaped}}),
		together("all headers of a verified certificate", slices.Concat(
			each("SUCCESS", "X-Ssl-Client-Verify", "Ssl-Client-Verify", "X-Client-Verify", "SSL_CLIENT_VERIFY", "X-Client-Cert-Verified", "X-Ssl-Client-Verified"),
			each(subject, "X-Ssl-Client-S-Dn", "X-Ssl-Client-Dn", "X-Ssl-Client-Subject", "Ssl-Client-Subject-Dn", "X-Client-Dn", "X-Client-S-Dn", "SSL_CLIENT_S_DN", "X-Amzn-Mtls-Clientcert-Subject"),
			each(url.QueryEscape(`Subject="`+subject+`";Issuer="`+issuer+`"`), "X-Forwarded-Tls-Client-Cert-Info"),
			each(issuer, "X-Ssl-Client-I-Dn", "X-Ssl-Issuer", "Ssl-Client-Issuer-Dn", "X-Amzn-Mtls-Clientcert-Issuer"),
			each(f.who.name, "X-Ssl-Client-Cn", "X-Client-Cn", "X-Ssl-Client-S-Dn-Cn"),
			each(hex.EncodeToString(sum[:20]), "X-Ssl-Client-Fingerprint", "X-Ssl-Client-Sha1"),
		)...),
		together("all results of a verification of HAProxy", each("0", "X-Ssl-Client-Verify", "Ssl-Client-Verify", "X-Ssl-Client-Verify-Result")...),
	}, nil
}
