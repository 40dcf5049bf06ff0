provider "azurerm" {
  features {}
}

variables {
  name = "heroes"
}

run "everything_is_in_one_group" {
  command = plan

  assert {
    condition     = azurerm_resource_group.this.name == "rg-heroes"
    error_message = "The group is named after the hosting."
  }
}

run "a_name_that_azure_refuses" {
  command = plan

  variables {
    name = "-heroes"
  }

  expect_failures = [var.name]
}
