variable "name" {
  description = "The name of the vault. It is part of the host name and must be unique in Azure."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "The name has 3 to 24 letters, digits and single hyphens, begins with a letter and does not end with a hyphen."
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

variable "writers" {
  description = "Object ids of principals that may write secrets, in addition to the account that applies the module."
  type        = set(string)
  default     = []
}

variable "readers" {
  description = "Object ids of principals that may read secrets, each with a name of your choice, e.g. {api = OBJECT_ID}."
  type        = map(string)
  default     = {}
}

variable "purge_protection_enabled" {
  description = "Whether to prevent everybody from purging the vault before its retention ends. It cannot be turned off again."
  type        = bool
  default     = false
}

variable "soft_delete_retention_days" {
  description = "The number of days for which a deleted vault or secret can be recovered."
  type        = number
  default     = 30

  validation {
    condition     = var.soft_delete_retention_days >= 7 && var.soft_delete_retention_days <= 90
    error_message = "Azure keeps what is deleted for 7 to 90 days."
  }
}
