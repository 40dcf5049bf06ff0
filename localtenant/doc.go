// Package localtenant is the local tenant as commands use it: a folder that processes
// share, of which one serves the tenant and the others attach to it; the environment in
// which an unchanged program reaches it; and its management API, by which a conformance
// suite changes keys and has claims signed.
package localtenant
