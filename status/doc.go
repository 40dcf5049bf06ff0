// Package status says what the stacks of a tenant own: objects, who can sign in, and
// how long credentials are still valid. It is made of what was read of the tenant and
// of what is kept of it; it knows no password and no secret.
package status
