output "url" {
  description = "The base URL of the function app."
  value       = "https://${azurerm_linux_function_app.this.default_hostname}"
}

output "name" {
  description = "The name of the function app, for a deployment of code."
  value       = azurerm_linux_function_app.this.name
}

output "principal_id" {
  description = "The object id of the function app's managed identity."
  value       = azurerm_linux_function_app.this.identity[0].principal_id
}

output "resource_group" {
  description = "The name of the resource group."
  value       = azurerm_resource_group.this.name
}
