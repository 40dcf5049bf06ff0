# One stack: an API, a public and a confidential client with a service principal each,
# a secret, two users, a group with a member, two assignments and two grants.

terraform {
  required_providers {
    azuread = { source = "hashicorp/azuread" }
  }
}

variable "name" { type = string }
variable "domain" { type = string }
variable "text" { type = string }

locals {
  ids = { for value in ["Orders.Read", "Orders.Write", "Orders.Admin", "Orders.Process"] : value => uuidv5("dns", "${value}.${var.name}") }
}

resource "azuread_user" "ada" {
  user_principal_name = "ada.${var.name}@${var.domain}"
  display_name        = "Ada"
  job_title           = var.text
  password            = "correct-Horse-7-battery"
}

resource "azuread_user" "ben" {
  user_principal_name = "ben.${var.name}@${var.domain}"
  display_name        = "Ben"
  job_title           = var.text
  password            = "correct-Horse-7-battery"
}

resource "azuread_group" "operators" {
  display_name     = "${var.name} operators"
  description      = var.text
  security_enabled = true
  members          = [azuread_user.ben.object_id]
}

resource "azuread_application" "api" {
  display_name = "${var.name} API"
  description  = var.text
  api {
    requested_access_token_version = 2
    oauth2_permission_scope {
      id                         = local.ids["Orders.Read"]
      value                      = "Orders.Read"
      type                       = "User"
      admin_consent_display_name = "Read orders"
      admin_consent_description  = "Read orders"
    }
    oauth2_permission_scope {
      id                         = local.ids["Orders.Write"]
      value                      = "Orders.Write"
      type                       = "User"
      admin_consent_display_name = "Change orders"
      admin_consent_description  = "Change orders"
    }
  }
  app_role {
    id                   = local.ids["Orders.Admin"]
    value                = "Orders.Admin"
    display_name         = "Administrator"
    description          = "Administrator"
    allowed_member_types = ["User"]
  }
  app_role {
    id                   = local.ids["Orders.Process"]
    value                = "Orders.Process"
    display_name         = "Processor"
    description          = "Processor"
    allowed_member_types = ["User", "Application"]
  }
}

resource "azuread_service_principal" "api" {
  client_id = azuread_application.api.client_id
}

resource "azuread_application" "spa" {
  display_name = "${var.name} page"
  public_client {
    redirect_uris = ["http://localhost"]
  }
  required_resource_access {
    resource_app_id = azuread_application.api.client_id
    resource_access {
      id   = local.ids["Orders.Read"]
      type = "Scope"
    }
  }
}

resource "azuread_service_principal" "spa" {
  client_id = azuread_application.spa.client_id
}

resource "azuread_application" "service" {
  display_name = "${var.name} service"
  description  = var.text
  required_resource_access {
    resource_app_id = azuread_application.api.client_id
    resource_access {
      id   = local.ids["Orders.Write"]
      type = "Scope"
    }
  }
}

resource "azuread_service_principal" "service" {
  client_id = azuread_application.service.client_id
}

resource "azuread_application_password" "key" {
  application_id = azuread_application.service.id
  display_name   = "key"
}

resource "azuread_app_role_assignment" "admin" {
  app_role_id         = local.ids["Orders.Admin"]
  principal_object_id = azuread_user.ada.object_id
  resource_object_id  = azuread_service_principal.api.object_id
}

resource "azuread_app_role_assignment" "process" {
  app_role_id         = local.ids["Orders.Process"]
  principal_object_id = azuread_group.operators.object_id
  resource_object_id  = azuread_service_principal.api.object_id
}

resource "azuread_service_principal_delegated_permission_grant" "spa" {
  service_principal_object_id          = azuread_service_principal.spa.object_id
  resource_service_principal_object_id = azuread_service_principal.api.object_id
  claim_values                         = ["Orders.Read"]
}

resource "azuread_service_principal_delegated_permission_grant" "service" {
  service_principal_object_id          = azuread_service_principal.service.object_id
  resource_service_principal_object_id = azuread_service_principal.api.object_id
  claim_values                         = ["Orders.Write"]
}
