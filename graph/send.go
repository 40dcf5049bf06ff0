package graph

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// send is a request to a resource whose builders the SDK has in packages that
// would double the build: its models with a request of our own.
func (c *Client) send(ctx context.Context, op string, method abstractions.HttpMethod, path string, body serialization.Parsable, headers *abstractions.RequestHeaders) (models.DirectoryObjectable, error) {
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(method, "{+baseurl}"+path, c.pathParameters())
	info.Headers.AddAll(headers)
	info.Headers.TryAdd("Accept", "application/json")
	if body != nil {
		if err := info.SetContentFromParsable(ctx, c.adapter, "application/json", body); err != nil {
			return nil, fmt.Errorf("%s: %w", op, err)
		}
	}
	if method == abstractions.DELETE || body == nil {
		return nil, wrap(op, c.adapter.SendNoContent(ctx, info, odataErrors))
	}
	answer, err := c.adapter.Send(ctx, info, models.CreateDirectoryObjectFromDiscriminatorValue, odataErrors)
	if err != nil || answer == nil {
		return nil, wrap(op, err)
	}
	return answer.(models.DirectoryObjectable), nil
}

// quote writes an OData string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// MaxNames is how many values a filter compares a property with at most.
// Source: learn.microsoft.com/graph/filter-query-parameter (in).
const MaxNames = 15

// displayed is the filter of what has one of the display names.
func displayed(names []string) string {
	if len(names) == 1 {
		return "displayName eq " + quote(names[0])
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return "displayName in (" + strings.Join(quoted, ",") + ")"
}

// keyed is the path of the one object of a set that has a property's value.
func keyed(set, property, value string) string {
	return set + "(" + property + "='" + url.PathEscape(strings.ReplaceAll(value, "'", "''")) + "')"
}
