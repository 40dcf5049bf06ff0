// Package doctor examines whether the commands for a target can work: the program and its
// configuration, the way to the tenant, the sign-in, and what the account may do for the
// manifests. It writes nothing.
package doctor
