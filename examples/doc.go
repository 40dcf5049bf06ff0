// Package examples holds a client for each system of manifests/, as its users
// would write it. The tests run each with its real library against the local
// tenant.
package examples
