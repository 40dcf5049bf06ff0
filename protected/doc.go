// Package protected describes the APIs that the manifests protect: their documents, and the facts
// about their tokens, users and clients that a tenant and the manifests contain.
package protected
