package login

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"provision/internal/microsoft"
)

// metadata is the OpenID provider configuration, with the fields that Entra adds.
// Source: OpenID Connect Discovery 1.0 section 3.
type metadata struct {
	TokenEndpoint                     string   `json:"token_endpoint"`
	TokenEndpointAuthMethodsSupported []string `json:"token_endpoint_auth_methods_supported"`
	JWKSURI                           string   `json:"jwks_uri"`
	ResponseModesSupported            []string `json:"response_modes_supported"`
	SubjectTypesSupported             []string `json:"subject_types_supported"`
	IDTokenSigningAlgValuesSupported  []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypesSupported            []string `json:"response_types_supported"`
	ScopesSupported                   []string `json:"scopes_supported"`
	Issuer                            string   `json:"issuer"`
	MicrosoftMultiRefreshToken        bool     `json:"microsoft_multi_refresh_token,omitempty"`
	RequestURIParameterSupported      bool     `json:"request_uri_parameter_supported"`
	UserinfoEndpoint                  string   `json:"userinfo_endpoint"`
	AuthorizationEndpoint             string   `json:"authorization_endpoint"`
	DeviceAuthorizationEndpoint       string   `json:"device_authorization_endpoint"`
	HTTPLogoutSupported               bool     `json:"http_logout_supported"`
	FrontchannelLogoutSupported       bool     `json:"frontchannel_logout_supported"`
	EndSessionEndpoint                string   `json:"end_session_endpoint"`
	ClaimsSupported                   []string `json:"claims_supported"`
	TenantRegionScope                 *string  `json:"tenant_region_scope"`
	CloudInstanceName                 string   `json:"cloud_instance_name"`
	CloudGraphHostName                string   `json:"cloud_graph_host_name"`
	MSGraphHost                       string   `json:"msgraph_host"`
	RBACURL                           string   `json:"rbac_url"`
}

// metadata contains the members that both versions of the document have.
func (c *call) metadata() metadata {
	m := metadata{
		TokenEndpointAuthMethodsSupported: []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		ResponseModesSupported:            []string{"query", "fragment", "form_post"},
		SubjectTypesSupported:             []string{"pairwise"},
		IDTokenSigningAlgValuesSupported:  []string{"RS256"},
		UserinfoEndpoint:                  c.graphURL() + "/oidc/userinfo",
		HTTPLogoutSupported:               true,
		FrontchannelLogoutSupported:       true,
		CloudInstanceName:                 c.cloud.Instance,
		CloudGraphHostName:                c.cloud.DirectoryGraph,
		MSGraphHost:                       strings.TrimPrefix(c.graphURL(), "https://"),
		RBACURL:                           c.cloud.RBAC,
	}
	if !c.shared() {
		region := c.cloud.Region
		m.TenantRegionScope = &region
	}
	return m
}

func (c *call) discoveryV2() *Error {
	m := c.metadata()
	m.TokenEndpoint = c.url("/oauth2/v2.0/token")
	m.JWKSURI = c.url("/discovery/v2.0/keys")
	m.ResponseTypesSupported = []string{"code", "id_token", "code id_token", "id_token token"}
	m.ScopesSupported = []string{"openid", "profile", "email", "offline_access"}
	m.Issuer = c.issuerV2(c.documentTenant())
	m.AuthorizationEndpoint = c.url("/oauth2/v2.0/authorize")
	m.DeviceAuthorizationEndpoint = c.url("/oauth2/v2.0/devicecode")
	m.EndSessionEndpoint = c.url("/oauth2/v2.0/logout")
	m.ClaimsSupported = []string{
		"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
		"aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email",
	}
	return c.document(m)
}

func (c *call) discoveryV1() *Error {
	m := c.metadata()
	m.TokenEndpoint = c.url("/oauth2/token")
	m.JWKSURI = c.url("/discovery/keys")
	m.ResponseTypesSupported = []string{"code", "id_token", "code id_token", "token id_token", "token"}
	m.ScopesSupported = []string{"openid"}
	m.Issuer = c.issuerV1(c.documentTenant())
	m.MicrosoftMultiRefreshToken = true
	m.AuthorizationEndpoint = c.url("/oauth2/authorize")
	m.DeviceAuthorizationEndpoint = c.url("/oauth2/devicecode")
	m.EndSessionEndpoint = c.url("/oauth2/logout")
	m.ClaimsSupported = []string{
		"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
		"aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "given_name", "family_name", "nickname",
	}
	return c.document(m)
}

// document answers metadata.
func (c *call) document(body any) *Error {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return failure(900561, "GET", c.r.Method)
	}
	c.w.Header().Set("Cache-Control", "max-age=86400, private")
	c.json(http.StatusOK, body)
	return nil
}

// instanceMetadata lists the hosts of one cloud.
type instanceMetadata struct {
	PreferredNetwork string   `json:"preferred_network"`
	PreferredCache   string   `json:"preferred_cache"`
	Aliases          []string `json:"aliases"`
}

// instance answers whether an authority may be trusted: the tenant's own origin and the
// hosts of every cloud, whichever host receives the request. As in Entra, the answer
// lists all clouds, the requested one first. Only the host name is compared: MSAL
// Python omits the port from its request.
func (c *call) instance() *Error {
	asked, err := url.Parse(c.r.URL.Query().Get("authorization_endpoint"))
	if err != nil {
		return failure(50049)
	}
	own, err := url.Parse(c.localhost)
	if err != nil {
		return c.asError(err)
	}
	host := strings.ToLower(asked.Hostname())
	var metadata []instanceMetadata
	of, _ := microsoft.CloudOf(host)
	switch {
	case host == own.Hostname():
		metadata = []instanceMetadata{{own.Host, own.Host, []string{own.Host}}}
	case slices.Contains(of.Login, host):
		metadata = []instanceMetadata{{of.Login[0], of.Cache, of.Login}}
	default:
		return failure(50049)
	}
	for _, c := range microsoft.Clouds {
		if !slices.ContainsFunc(metadata, func(m instanceMetadata) bool { return m.PreferredNetwork == c.Login[0] }) {
			metadata = append(metadata, instanceMetadata{c.Login[0], c.Cache, c.Login})
		}
	}
	segment, _, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	named, _, refused := c.authorityOf(host, segment)
	if refused != nil {
		return refused
	}
	return c.document(struct {
		TenantDiscoveryEndpoint string             `json:"tenant_discovery_endpoint"`
		APIVersion              string             `json:"api-version"`
		Metadata                []instanceMetadata `json:"metadata"`
	}{named.url("/v2.0/.well-known/openid-configuration"), "1.1", metadata})
}
