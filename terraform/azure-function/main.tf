# An API on Azure Functions: a resource group, a storage account that the function app uses
# with its managed identity, a Linux service plan and a function app.

locals {
  resource_group_name  = var.resource_group_name != "" ? var.resource_group_name : "rg-${var.name}"
  storage_account_name = var.storage_account_name != "" ? var.storage_account_name : substr("st${replace(var.name, "-", "")}", 0, 24)
}

resource "azurerm_resource_group" "this" {
  name     = local.resource_group_name
  location = var.location
  tags     = var.tags
}

resource "azurerm_storage_account" "this" {
  name                            = local.storage_account_name
  resource_group_name             = azurerm_resource_group.this.name
  location                        = azurerm_resource_group.this.location
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  allow_nested_items_to_be_public = false
  https_traffic_only_enabled      = true
  min_tls_version                 = "TLS1_2"
  tags                            = var.tags
}

resource "azurerm_service_plan" "this" {
  name                = trimsuffix(substr("plan-${var.name}", 0, 60), "-") # 60 characters at most
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  os_type             = "Linux"
  sku_name            = var.sku_name
  tags                = var.tags
}

resource "azurerm_linux_function_app" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_service_plan.this.location
  service_plan_id     = azurerm_service_plan.this.id

  storage_account_name          = azurerm_storage_account.this.name
  storage_uses_managed_identity = true
  functions_extension_version   = "~4"

  https_only                                     = true
  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false

  app_settings = var.app_settings
  tags         = var.tags

  identity {
    type = "SystemAssigned"
  }

  site_config {
    # Without it, functions on a size of App Service stop. Free and shared sizes do not support
    # it; Consumption and Premium plans do not have it.
    always_on           = can(regex("^(Y|EP)", var.sku_name)) ? null : !contains(["F1", "D1", "SHARED"], var.sku_name)
    ftps_state          = "Disabled"
    http2_enabled       = true
    minimum_tls_version = "1.2"

    application_stack {
      python_version = var.runtime.language == "python" ? var.runtime.version : null
      node_version   = var.runtime.language == "node" ? var.runtime.version : null
    }
  }
}

# The runtime keeps its locks and queues in the storage account.
resource "azurerm_role_assignment" "storage" {
  for_each = toset(["Storage Blob Data Owner", "Storage Queue Data Contributor", "Storage Table Data Contributor"])

  scope                = azurerm_storage_account.this.id
  role_definition_name = each.value
  principal_id         = azurerm_linux_function_app.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}
