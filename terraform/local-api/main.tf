# Runs an API in the background of this machine: the bundled reference API of the
# stack, or a command. terraform_data is built into Terraform, so that the module needs
# no provider. `provision background` starts and stops the process; PROVISION is the path
# of the program, which provision sets.

terraform {
  required_version = ">= 1.6"
}

locals {
  url = "http://127.0.0.1:${var.port}"

  # Quotes each word for the shell.
  words = [for word in var.command : "'${replace(word, "'", "'\\''")}'"]

  # provision sets PROVISION_MANIFESTS, PROVISION_TARGET and others, with which
  # `provision serve` finds the tenant and the stack.
  reference = "\"$PROVISION\" serve \"$PROVISION_MANIFESTS\" --independent --listen 127.0.0.1:${var.port}"

  command = length(var.command) > 0 ? join(" ", local.words) : local.reference
}

resource "terraform_data" "api" {
  input = {
    name = var.name
    url  = local.url
  }

  # A change of any of these restarts the process.
  triggers_replace = {
    command           = var.command
    working_directory = var.working_directory
    port              = var.port
    app_settings      = var.app_settings
    health_check_path = var.health_check_path
  }

  provisioner "local-exec" {
    command     = "\"$PROVISION\" background start run --wait-for '${local.url}${var.health_check_path}' --timeout ${var.start_timeout}s --working-directory \"$WORKING_DIRECTORY\" -- ${local.command}"
    environment = merge(var.app_settings, { PORT = tostring(var.port), WORKING_DIRECTORY = var.working_directory })
  }

  provisioner "local-exec" {
    when    = destroy
    command = "\"$${PROVISION:-provision}\" background stop run"
  }
}
