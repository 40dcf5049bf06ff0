// Package reconcile reads a tenant through Microsoft Graph into the shape that
// plan compares, and carries a plan out.
//
// It has no state file: the objects that a stack owns are known by the marks in the
// tenant. Only what Graph never shows again is kept: the passwords of the users
// it made, on disk, and the text of client secrets, in the sink that the manifest
// names (Keep); each written so that a process killed at any moment leaves
// something a later apply can mend.
package reconcile
