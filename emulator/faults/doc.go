// Package faults is the weather of a local tenant: latency, throttling, broken
// and ambiguous answers, so that a client can be tried against an Entra that is
// not at its best.
//
// A Rule says which requests it meets and what happens to them. Rules are met
// in the order in which they were set, and a request meets the first that
// matches. A rule with Next is spent after that many requests; nothing happens
// by chance, so a run can be repeated. Whether a rule was ever met is told by
// Fired: a test whose fault never struck has proven nothing.
//
// The room knows requests only by method, path and client; whether a request
// came by itself or inside a $batch is its caller's business (Decide).
//
// Quotas are the other half: not what a test orders, but what Graph itself
// allows an application and a tenant, as token buckets of what requests cost.
//
// Source for the answers: learn.microsoft.com/graph/throttling and
// learn.microsoft.com/graph/errors.
package faults
