// Package reconcile reads a tenant through Microsoft Graph into the shape that plan
// compares, and carries a plan out.
//
// It has no state file: marks in the tenant identify the objects that a stack owns. It
// stores only data that Graph does not return: the passwords of the users that it
// created, on disk, and the values of client secrets, in the sink that the manifest
// names (Keep). If the process is killed at any moment, a later apply can complete or
// correct its work.
package reconcile
