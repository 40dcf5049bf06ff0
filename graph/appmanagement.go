package graph

// AppManagementPolicy reads what the tenant does not allow applications by default.
// Source: Graph "Get tenantAppManagementPolicy"; it takes Policy.Read.ApplicationConfiguration.
func AppManagementPolicy() Read {
	return Read{Path: "/policies/defaultAppManagementPolicy", Optional: true}
}
