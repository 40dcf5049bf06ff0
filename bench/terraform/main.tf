# The stacks of bench (stacks.go) for Terraform with the azuread provider.

terraform {
  required_providers {
    azuread = { source = "hashicorp/azuread" }
  }
}

variable "stacks" {
  type        = number
  description = "How many stacks."
}

variable "domain" {
  type        = string
  description = "The domain of the users."
}

variable "text" {
  type        = string
  description = "The text of five properties of every stack."
}

provider "azuread" {}

module "stack" {
  source = "./stack"
  count  = var.stacks
  name   = format("orders%04d", count.index)
  domain = var.domain
  text   = var.text
}
