package graphapi

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The cost of requests in the quotas of applications.
// Source:
// learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits.

// Cost is the cost of a request in its caller's quotas.
type Cost struct {
	Tenant   string // the tenant's id
	Client   string // the caller's appId
	Units    int    // resource units
	Writes   int
	Personal bool // a write to an application that admits personal accounts
}

// Throttled is the result of charging a Cost. The zero value lets the request pass.
type Throttled struct {
	RetryAfter  time.Duration // if set, the request is refused
	Scope       string        // SCOPE/LIMIT/APPID/TENANTID
	Information string        // e.g. WriteLimitExceeded
	Used        float64       // the used share of the quota, 0 to 1
}

// baseUnits are the resource units of requests that cost more than one, by method and
// pattern. A path below me costs the same as the path below users/{id}.
var baseUnits = map[string]int{
	"GET applications":                              2,
	"POST directoryObjects/getByIds":                3,
	"GET groups/{id}/members":                       3,
	"GET groups/{id}/transitiveMembers":             5,
	"POST users/{id}/checkMemberGroups":             4,
	"POST users/{id}/checkMemberObjects":            4,
	"POST users/{id}/getMemberGroups":               2,
	"POST users/{id}/getMemberObjects":              2,
	"GET users/{id}/memberOf":                       2,
	"GET users/{id}/ownedObjects":                   2,
	"GET users/{id}/transitiveMemberOf":             2,
	"GET oauth2PermissionGrants":                    2,
	"GET oauth2PermissionGrants/{id}":               2,
	"GET servicePrincipals/{id}/appRoleAssignments": 2,
	"GET users": 2,
}

// queries are the operations with the method POST that change nothing.
var queries = []string{"/getByIds", "/checkMemberGroups", "/checkMemberObjects", "/getMemberGroups", "/getMemberObjects"}

func (c *call) cost() Cost {
	pattern := strings.Replace(c.route.pattern, "microsoft.graph.", "", 1)
	if below, ok := strings.CutPrefix(pattern, "me/"); ok {
		pattern = "users/{id}/" + below
	}
	cost := Cost{Tenant: c.service.directory.Tenant().ID, Client: c.caller.AppID,
		Units: max(1, baseUnits[c.method+" "+pattern]), Writes: 1}
	if c.method == http.MethodGet {
		cost.Writes = 0
		cost.Units = max(1, cost.Units+optionUnits(c.rawQuery))
	}
	for _, query := range queries {
		if strings.HasSuffix(pattern, query) {
			cost.Writes = 0
		}
	}
	cost.Personal = cost.Writes > 0 && c.collection() == "applications" && c.forPersonalAccounts()
	return cost
}

// optionUnits returns the number of units that query options add to a read, or save
// (negative).
func optionUnits(rawQuery string) (units int) {
	options, err := url.ParseQuery(rawQuery)
	if err != nil {
		return 0
	}
	if options.Has("$select") {
		units--
	}
	if options.Has("$expand") {
		units++
	}
	if top, err := strconv.Atoi(options.Get("$top")); err == nil && top < 20 {
		units--
	}
	return units
}

// forPersonalAccounts reports whether the request writes an application that admits
// personal accounts.
func (c *call) forPersonalAccounts() bool {
	var audience string
	if app, err := c.application(c.view); err == nil {
		audience = app.SignInAudience
	}
	var sent struct {
		SignInAudience string `json:"signInAudience"`
	}
	if json.Unmarshal(c.body, &sent) == nil && sent.SignInAudience != "" {
		audience = sent.SignInAudience
	}
	return strings.Contains(audience, "PersonalMicrosoftAccount")
}

// alarm is the used share of a quota above which answers report it.
const alarm = 0.8

// spend charges the cost of a request to the caller's quotas. If a quota is exceeded,
// it refuses the request.
func (c *call) spend() error {
	if c.route.pattern == "$batch" { // each of its items is charged separately
		return nil
	}
	cost := c.cost()
	c.metered = http.Header{"X-Ms-Resource-Unit": {strconv.Itoa(cost.Units)}}
	if c.service.meter == nil {
		return nil
	}
	t := c.service.meter(cost)
	if t.RetryAfter == 0 {
		if t.Used > alarm {
			c.metered.Set("x-ms-throttle-limit-percentage", strconv.FormatFloat(t.Used, 'f', 2, 64))
		}
		return nil
	}
	c.metered = http.Header{
		"Retry-After":               {strconv.Itoa(int(math.Ceil(t.RetryAfter.Seconds())))},
		"X-Ms-Throttle-Scope":       {t.Scope},
		"X-Ms-Throttle-Information": {t.Information},
	}
	return refuse(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
}
