// Package output writes what an applied stack is known by in the formats that other
// programs read: shells, dotenv, Terraform, Postman, GitHub Actions and Azure DevOps.
// A value never ends the place that it is written to, whatever it holds.
package output
