// Package doctor checks whether the commands for a target can work: the program and
// its configuration, the connection to the tenant, the sign-in, and the permissions of
// the account. It writes nothing.
package doctor
