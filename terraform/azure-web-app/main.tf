# An API on Azure App Service: a resource group, a Linux service plan and a web app.

locals {
  resource_group_name = var.resource_group_name != "" ? var.resource_group_name : "rg-${var.name}"

  # Python packages are installed from requirements.txt when the code is deployed.
  build = var.runtime.language == "python" ? { SCM_DO_BUILD_DURING_DEPLOYMENT = "true" } : {}
}

resource "azurerm_resource_group" "this" {
  name     = local.resource_group_name
  location = var.location
  tags     = var.tags
}

resource "azurerm_service_plan" "this" {
  name                = trimsuffix(substr("plan-${var.name}", 0, 60), "-") # 60 characters at most
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  os_type             = "Linux"
  sku_name            = var.sku_name
  tags                = var.tags
}

resource "azurerm_linux_web_app" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_service_plan.this.location
  service_plan_id     = azurerm_service_plan.this.id

  https_only                                     = true
  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false

  app_settings = merge(local.build, var.app_settings)
  tags         = var.tags

  identity {
    type = "SystemAssigned"
  }

  site_config {
    always_on                         = !contains(["F1", "D1", "SHARED"], var.sku_name)
    app_command_line                  = var.startup_command
    ftps_state                        = "Disabled"
    health_check_path                 = var.health_check_path
    health_check_eviction_time_in_min = 5
    http2_enabled                     = true
    minimum_tls_version               = "1.2"

    application_stack {
      python_version = var.runtime.language == "python" ? var.runtime.version : null
      node_version   = var.runtime.language == "node" ? var.runtime.version : null
    }
  }
}
