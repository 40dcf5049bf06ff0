variable "name" {
  description = "The name of the web app. It is part of the host name and must be unique in Azure."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$", var.name))
    error_message = "The name has 2 to 60 lowercase letters, digits and hyphens, and neither begins nor ends with a hyphen."
  }
}

variable "location" {
  description = "The Azure region, e.g. westeurope."
  type        = string
  default     = "westeurope"

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "Write the region as Azure's programs do, e.g. westeurope."
  }
}

variable "resource_group_name" {
  description = "The resource group that the module creates. Empty: rg-NAME."
  type        = string
  default     = ""

  validation {
    condition     = var.resource_group_name == "" || can(regex("^[A-Za-z0-9_().-]{1,89}[A-Za-z0-9_()-]$", var.resource_group_name))
    error_message = "A resource group's name has at most 90 letters, digits and _ ( ) . -, and does not end in a period."
  }
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}

variable "runtime" {
  description = "The language of the web app and its version, e.g. python and 3.12, or node and 22-lts."
  type        = object({ language = string, version = string })
  default     = { language = "python", version = "3.12" }

  validation {
    condition     = contains(["python", "node"], var.runtime.language)
    error_message = "The language must be python or node."
  }

  validation {
    condition     = can(regex(var.runtime.language == "node" ? "^[0-9]{2}-lts$" : "^3\\.[0-9]{1,2}$", var.runtime.version))
    error_message = "A version of Python is e.g. 3.12, of Node e.g. 22-lts."
  }
}

variable "app_settings" {
  description = "Environment variables of the web app."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.app_settings) : can(regex("^[A-Za-z_][A-Za-z0-9_.]*$", name))])
    error_message = "The names of app settings consist of letters, digits, _ and periods."
  }

  validation {
    condition = length(setintersection([for name in keys(var.app_settings) : upper(name)], [
      "DIAGNOSTICS_AZUREBLOBCONTAINERSASURL", "DIAGNOSTICS_AZUREBLOBRETENTIONINDAYS", "DOCKER_REGISTRY_SERVER_PASSWORD",
      "DOCKER_REGISTRY_SERVER_URL", "DOCKER_REGISTRY_SERVER_USERNAME", "WEBSITE_HEALTHCHECK_MAXPINGFAILURES",
      "WEBSITE_HTTPLOGGING_CONTAINER_URL", "WEBSITE_HTTPLOGGING_RETENTION_DAYS", "WEBSITE_VNET_ROUTE_ALL",
    ])) == 0
    error_message = "The azurerm provider manages this setting by another argument."
  }
}

variable "sku_name" {
  description = "The size of the service plan, e.g. B1 or P0v3. The free and shared sizes F1, D1 and SHARED do not support Always On."
  type        = string
  default     = "B1"
}

variable "startup_command" {
  description = "The command that starts the app, e.g. gunicorn -w 2 -k uvicorn.workers.UvicornWorker main:app. Empty: App Service detects it."
  type        = string
  default     = ""
}

variable "health_check_path" {
  description = "The path that App Service requests to check whether an instance is healthy. It must answer 200 without a token."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/", var.health_check_path))
    error_message = "The path begins with /."
  }
}
