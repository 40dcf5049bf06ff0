// Package terraform runs Terraform or OpenTofu over a module: it plans, applies,
// destroys and reads outputs. It also contains the built-in modules, one folder for
// each.
//
// A Workspace is a separate folder that only its owner can read. It contains a root
// module that calls the module with its input and passes its outputs on, so that
// nothing is written to the folder of a user's module. Text that is not known yet
// becomes a value that is unknown to Terraform, so that the plan contains "known after
// apply" for every value that depends on it. Secrets become sensitive variables; a
// file that is removed afterwards contains their values.
//
// Reference: https://developer.hashicorp.com/terraform/internals/json-format,
// https://developer.hashicorp.com/terraform/language/syntax/json.
package terraform
