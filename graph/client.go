package graph

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	khttp "github.com/microsoft/kiota-http-go"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go-core/authentication"
)

// PublicEndpoint is Microsoft Graph's base URL in the public cloud.
const PublicEndpoint = "https://graph.microsoft.com/v1.0"

// DefaultScope is the scope of all permissions that the caller has in the public cloud.
const DefaultScope = "https://graph.microsoft.com/.default"

// Object is a JSON object under Graph's property names.
type Object = map[string]any

// Options contains the address of Graph. The zero value is the public cloud.
type Options struct {
	Endpoint  string            // base URL with the version; default PublicEndpoint
	Scope     string            // default DefaultScope
	Transport http.RoundTripper // default http.DefaultTransport

	// Parallel is the maximum number of simultaneous $batch requests;
	// default 4.
	Parallel int

	// Waiting, if set, is called for every pause of a second or more.
	Waiting func(pause time.Duration, why string)
}

// Client sends requests to one tenant's Microsoft Graph. It is safe for
// concurrent use.
type Client struct {
	adapter    *core.GraphRequestAdapterBase
	endpoint   string
	requests   *retrier
	limit      *limiter
	credential azcore.TokenCredential
	scope      string
}

// New returns a client that signs in with cred.
func New(cred azcore.TokenCredential, o Options) (*Client, error) {
	if o.Endpoint == "" {
		o.Endpoint = PublicEndpoint
	}
	if o.Scope == "" {
		o.Scope = DefaultScope
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	endpoint, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("graph endpoint: %w", err)
	}
	// For an unknown host the provider sends no token and returns no error, so the host
	// is added.
	auth, err := authentication.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(
		cred, []string{o.Scope}, []string{endpoint.Hostname()})
	if err != nil {
		return nil, fmt.Errorf("graph sign-in: %w", err)
	}
	registerJSON()
	requests := &retrier{next: o.Transport, waiting: o.Waiting}
	clientOptions := core.GraphClientOptions{}
	middlewares, err := khttp.GetDefaultMiddlewaresWithOptions(
		khttp.NewCompressionOptionsReference(false), // bodies are small; for compression see retrier
		&khttp.RetryHandlerOptions{ShouldRetry: func(time.Duration, int, *http.Request, *http.Response) bool { return false }})
	if err != nil {
		return nil, fmt.Errorf("graph client: %w", err)
	}
	middlewares = append([]khttp.Middleware{core.NewGraphTelemetryHandler(&clientOptions)}, middlewares...)
	transport := khttp.NewCustomTransportWithParentTransport(requests, middlewares...)
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		auth, clientOptions, nil, nil, &http.Client{Transport: transport})
	if err != nil {
		return nil, fmt.Errorf("graph client: %w", err)
	}
	adapter.SetBaseUrl(strings.TrimSuffix(o.Endpoint, "/"))
	return &Client{limit: newLimiter(o.Parallel), adapter: adapter, endpoint: strings.TrimSuffix(o.Endpoint, "/"), requests: requests,
		credential: cred, scope: o.Scope}, nil
}

func registerJSON() {
	abstractions.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory {
		return jsonserialization.NewJsonParseNodeFactory()
	})
}

// Requests returns the number of HTTP requests sent so far, repeated ones included.
func (c *Client) Requests() int { return int(c.requests.n.Load()) }

// beta returns the base URL of Graph's beta version.
func (c *Client) beta() string {
	if base, ok := strings.CutSuffix(c.endpoint, "/v1.0"); ok {
		return base + "/beta"
	}
	return c.endpoint
}
