// Package adopt reads live registrations back as what declares them: manifests of
// a stack that takes them over, or Terraform configuration with import blocks. It
// is the inverse of package plan: a plan of what it writes changes nothing but the
// marks of the stack.
//
// Names take the place of ids. What the manifests cannot say is never dropped in
// silence: it is a Lost, which stands as a comment in the file, and apply leaves it
// alone (metadata.ignore where it is a property).
package adopt
