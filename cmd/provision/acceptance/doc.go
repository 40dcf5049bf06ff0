// Package acceptance tests the built program as its users run it: the pipelines of
// `ci init` from the opening of a pull request to the night, hosting by Terraform, and
// commands that are interrupted. It has no code of its own.
package acceptance
