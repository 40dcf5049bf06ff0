output "url" {
  description = "The URL of the vault, for the sinks of secrets. It is known only after the account that applies the module may write secrets."
  value       = trimsuffix(azurerm_key_vault.this.vault_uri, "/")

  depends_on = [azurerm_role_assignment.deployer]
}

output "id" {
  description = "The resource id of the vault."
  value       = azurerm_key_vault.this.id
}

output "principal_id" {
  description = "The object id of the account that applies the module, which may write secrets."
  value       = data.azurerm_client_config.current.object_id
}

output "resource_group" {
  description = "The name of the resource group."
  value       = azurerm_resource_group.this.name
}
