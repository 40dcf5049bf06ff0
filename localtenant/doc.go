// Package localtenant gives commands access to the local tenant. Processes share a folder: one of
// them serves the tenant and the others attach to it. The package also contains the environment
// with which an unchanged program reaches the tenant, and a client of the management API, with
// which a conformance suite changes keys and signs claims.
package localtenant
