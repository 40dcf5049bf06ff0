package graph

// AppManagementPolicy reads the tenant's default restrictions for applications. Source:
// Graph "Get tenantAppManagementPolicy"; it requires
// Policy.Read.ApplicationConfiguration.
func AppManagementPolicy() Read {
	return Read{Path: "/policies/defaultAppManagementPolicy", Optional: true}
}

// AppManagementPoliciesOf reads the policies that are assigned to an application. Source: Graph
// "List appManagementPolicies assigned to an application".
func AppManagementPoliciesOf(applicationID string) Read {
	return Read{Path: object(Applications, applicationID) + "/appManagementPolicies", List: true, Optional: true}
}

// AppManagementPolicies reads the custom policies that applications and service
// principals can have. Source: Graph "List appManagementPolicies".
func AppManagementPolicies() Read {
	return Read{Path: "/policies/appManagementPolicies", List: true, Optional: true}
}
