// Package signin signs the users of a stack in to its clients on a tenant that requires
// more than a password: in a browser, with a device code, or by a command of the
// caller. It stores the refresh tokens, so that each user signs in to each client only
// once.
package signin
