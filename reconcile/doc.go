// Package reconcile reads a tenant through Microsoft Graph into the shape that
// plan compares, and carries a plan out.
//
// It keeps no state of its own: what a stack owns is told by the marks in the
// tenant. Only what Graph never shows again is kept on disk: the text of client
// secrets and the passwords of the users it made (Keep), each written so that a
// process killed at any moment leaves something a later apply can mend.
package reconcile
