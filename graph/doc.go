// Package graph is a small Microsoft Graph client over msgraph-sdk-go-core.
//
// It contains the calls that creating and removing app registrations needs. It does
// not depend on stacks or plans. Read and Write are values that constructors create.
// Do sends them, and the requests that follow from their answers: twenty in a $batch
// request, and several batches side by side. A refused request is an *Error that
// carries Graph's code and message, and Lag reports whether an answer only means "not
// visible yet".
//
// Bodies and results are JSON objects with Graph's property names, so a request
// contains exactly the properties that the caller sets.
//
// Source: learn.microsoft.com/graph/api/overview (v1.0).
package graph
