package policy

import "strings"

// hygieneRules are about the people who are responsible for an application.
var hygieneRules = []Rule{
	{
		ID: "no-owner", Severity: Low, Reason: "nobody is responsible when a secret expires or the application is attacked",
		Fix: "name owners: owners: [NAME]", Source: "Microsoft: Security best practices for application properties, Application ownership; Maester: applications without owners",
		Violates: "displayName: A\nowners: []",
		Clean:    "displayName: A\nowners: [ada, ben]",
		find:     when(func(a subject) bool { return len(a.Owners) == 0 }, "it has no owner", "owners"),
	},
	{
		ID: "single-owner", Severity: Low, Reason: "when the owner leaves, nobody is responsible",
		Fix: "name a second owner", Source: "Microsoft: Security best practices for application properties, Application ownership",
		Violates: "displayName: A\nowners: [ada]",
		Clean:    "displayName: A\nowners: [ada, ben]",
		find:     when(func(a subject) bool { return len(a.Owners) == 1 }, "it has one owner", "owners", 0),
	},
	{
		ID: "no-privacy-statement", Severity: Low, Reason: "users of other tenants are asked for consent without being told what happens to their data",
		Fix: "set info: {privacyStatementUrl: …, termsOfServiceUrl: …}", Source: "Microsoft: Terms of service and privacy statement for registered apps",
		Violates: "displayName: A\nsignInAudience: AzureADMultipleOrgs",
		Clean:    "displayName: A\nsignInAudience: AzureADMultipleOrgs\ninfo: {privacyStatementUrl: 'https://contoso.example/privacy'}",
		find:     when(func(a subject) bool { return a.multiTenant() && a.Info.PrivacyStatementURL == nil }, "it has no privacy statement", "info", "privacyStatementUrl"),
	},
	{
		ID: "homepage-http", Severity: Low, Reason: "users follow a link from My Apps that is not encrypted",
		Fix: "use https", Source: "Microsoft: Security best practices for application properties",
		Violates: "displayName: A\nweb: {homePageUrl: 'http://a.contoso.example'}",
		Clean:    "displayName: A\nweb: {homePageUrl: 'https://a.contoso.example'}",
		find: when(func(a subject) bool {
			return a.Web.HomePageURL != nil && strings.HasPrefix(*a.Web.HomePageURL, "http://") && !strings.HasPrefix(*a.Web.HomePageURL, "http://localhost")
		}, "the home page is not encrypted", "web", "homePageUrl"),
	},
	{
		ID: "looks-like-microsoft", Severity: Medium, Reason: "users who consent to an application with such a name cannot tell it from one of Microsoft's",
		Fix: "use a name of your own", Source: "Microsoft: Branding guidelines for applications; Protect against consent phishing",
		Violates: "displayName: Microsoft Teams Orders",
		Clean:    "displayName: Orders for Teams",
		find: when(func(a subject) bool {
			name := strings.ToLower(a.DisplayName)
			return strings.HasPrefix(name, "microsoft") || strings.HasPrefix(name, "office 365") || strings.HasPrefix(name, "azure ad") || strings.HasPrefix(name, "entra")
		}, "its name is like that of an application of Microsoft", "displayName"),
	},
}
