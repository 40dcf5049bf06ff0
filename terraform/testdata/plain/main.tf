# A module for the tests of the runner: outputs that equal variables, an output that is
# known only after the apply, a sensitive output, and a resource that takes time to create.
variable "text" {
  description = "Passed through."
  type        = any
  default     = null
}

variable "secret" {
  type      = string
  sensitive = true
  default   = ""
}

variable "wait" {
  description = "A file: the apply writes it and waits until another one, with .go at its end, is there."
  type        = string
  default     = ""
}

variable "refuse" {
  type    = bool
  default = false

  validation {
    condition     = !var.refuse
    error_message = "It is refused."
  }
}

resource "terraform_data" "text" {
  input = var.text
}

resource "terraform_data" "secret" {
  input = var.secret
}

resource "terraform_data" "wait" {
  count = var.wait == "" ? 0 : 1

  provisioner "local-exec" {
    command = "echo > '${var.wait}'; while [ ! -e '${var.wait}.go' ]; do sleep 0.05; done"
  }

  depends_on = [terraform_data.text]
}

output "text" {
  description = "The text."
  value       = terraform_data.text.output
}

output "id" {
  value = terraform_data.text.id
}

output "secret" {
  value     = terraform_data.secret.output
  sensitive = true
}
