output "url" {
  description = "The base URL of the API."
  value       = terraform_data.api.output.url
}

output "principal_id" {
  description = "Empty: a process of this machine has no managed identity."
  value       = ""
}

output "resource_group" {
  description = "Empty: a process of this machine has no resource group."
  value       = ""
}
