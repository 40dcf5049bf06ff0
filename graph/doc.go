// Package graph is a small Microsoft Graph client over msgraph-sdk-go.
//
// It knows the calls that building and removing app registrations takes, and
// nothing of stacks or plans. Writes go one by one through the SDK's request
// builders and models; reads go through Read, twenty to a $batch request. A
// failed call is an *Error that carries Graph's own code and message, and Lag
// tells the answers that only mean "not visible yet" from those that last.
//
// Bodies and results are JSON objects under Graph's property names, so that a
// caller sends exactly the properties it wants to send.
//
// Source: learn.microsoft.com/graph/api/overview (v1.0).
package graph
