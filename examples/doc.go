// Package examples contains a client for each stack of manifests/, written as its
// users would write it. The tests run each client with its real library against the
// local tenant.
package examples
