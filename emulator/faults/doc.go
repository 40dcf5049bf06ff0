// Package faults injects faults into a local tenant: latency, throttling, broken
// and ambiguous answers, so that a client can be tested against failures of Entra.
//
// A Rule states which requests it applies to and what happens to them. The first rule in the
// order of Add that matches a request applies. A rule with Next ends after that many requests.
// Nothing is random, so a run can be repeated. Fired counts how often each rule applied: a test
// whose fault never occurred has proved nothing.
//
// The package knows the method, path and client of a request. The caller of Decide separates
// the requests of a $batch.
//
// Quotas are the limits of Graph for an application and a tenant, as token buckets of the
// costs of requests.
//
// Source for the answers: learn.microsoft.com/graph/throttling and
// learn.microsoft.com/graph/errors.
package faults
