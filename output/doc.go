// Package output writes the settings of an applied stack in the formats of other
// programs: shells, dotenv, Terraform, Postman, GitHub Actions and Azure DevOps. Every
// value is escaped, so that it cannot change the structure of the output.
package output
