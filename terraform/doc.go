// Package terraform runs Terraform or OpenTofu over a module: it plans, applies,
// destroys and reads outputs. It also holds the built-in modules, a folder each.
//
// A Workspace is a folder of its own, readable by its owner only. In it stands a root
// module that calls the module with its input and passes its outputs on, so that
// nothing is ever written to the folder of a user's module. Text that is not known
// yet becomes a value that is unknown to Terraform too, so that a plan made with it
// says "known after apply" exactly where Terraform itself cannot know; secrets become
// sensitive variables, whose values are given in a file that is removed afterwards.
//
// Reference: https://developer.hashicorp.com/terraform/internals/json-format,
// https://developer.hashicorp.com/terraform/language/syntax/json.
package terraform
