variable "name" {
  description = "The name of the function app. It is part of the host name and must be unique in Azure."
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

variable "storage_account_name" {
  description = "The storage account of the function app. Its name must be unique in Azure. Empty: the letters and digits of the name."
  type        = string
  default     = ""

  validation {
    condition     = var.storage_account_name == "" || can(regex("^[a-z0-9]{3,24}$", var.storage_account_name))
    error_message = "A storage account's name has 3 to 24 lowercase letters and digits."
  }
}

variable "runtime" {
  description = "The language of the function app and its version, e.g. python and 3.12, or node and 22."
  type        = object({ language = string, version = string })
  default     = { language = "python", version = "3.12" }

  validation {
    condition     = contains(["python", "node"], var.runtime.language)
    error_message = "The language must be python or node."
  }

  validation {
    condition     = can(regex(var.runtime.language == "node" ? "^[0-9]{2}$" : "^3\\.[0-9]{1,2}$", var.runtime.version))
    error_message = "A version of Python is e.g. 3.12, of Node e.g. 22."
  }
}

variable "app_settings" {
  description = "Environment variables of the function app."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.app_settings) : can(regex("^[A-Za-z_][A-Za-z0-9_.]*$", name))])
    error_message = "The names of app settings consist of letters, digits, _ and periods."
  }
}

variable "sku_name" {
  description = "The size of the service plan: Y1 (Consumption), EP1 (Premium) or a size of App Service such as B1."
  type        = string
  default     = "Y1"

  validation {
    condition     = var.sku_name != "FC1"
    error_message = "The Flex Consumption plan (FC1) needs another resource than this module has."
  }
}
