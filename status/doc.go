// Package status reports what the stacks of a tenant own: objects, the principals that
// can sign in, and the expiry dates of credentials. It uses the objects that were read
// from the tenant and the local records. It has no access to passwords and secrets.
package status
