// Package adopt converts live registrations to declarations: manifests of a stack that
// adopts them, or Terraform configuration with import blocks. It is the inverse of
// package plan: a plan of the manifests changes only the marks of the stack.
//
// Names replace ids. If the manifests cannot contain a part of a registration, the
// result contains a Lost and the file a comment, and apply does not change this part
// (for a property, by metadata.ignore).
package adopt
