// Package protected knows the APIs that the manifests protect: which documents describe
// them, and what a tenant and the manifests say of their tokens, users and clients.
package protected
