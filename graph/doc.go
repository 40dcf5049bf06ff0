// Package graph is a small Microsoft Graph client over msgraph-sdk-go.
//
// It knows the calls that creating and removing app registrations takes, and
// nothing of stacks or plans. A Read and a Write are values, made by constructors;
// Do sends them, and the requests that follow from their answers, twenty to a $batch
// request and several batches side by side. A refused request is an *Error that
// carries Graph's own code and message, and Lag tells whether an answer only means
// "not visible yet".
//
// Bodies and results are JSON objects under Graph's property names, so that a
// caller sends exactly the properties it wants to send.
//
// Source: learn.microsoft.com/graph/api/overview (v1.0).
package graph
