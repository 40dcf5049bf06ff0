variable "name" {
  description = "The display name of the API."
  type        = string
  default     = "api"
}

variable "port" {
  description = "The port of 127.0.0.1 on which the API listens. The command gets it in the environment variable PORT."
  type        = number
  default     = 8080

  validation {
    condition     = var.port >= 1024 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "The port must be a whole number from 1024 to 65535."
  }
}

variable "command" {
  description = "The command that runs the API, one word per element, e.g. [\"uvicorn\", \"main:app\", \"--port\", \"8080\"]. Empty: the bundled reference API of the stack."
  type        = list(string)
  default     = []
}

variable "working_directory" {
  description = "The folder in which the command runs. A relative path starts at the folder that contains .provision. Empty: that folder."
  type        = string
  default     = ""
}

variable "app_settings" {
  description = "Environment variables of the API."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.app_settings) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "The names of environment variables consist of letters, digits and _."
  }
}

variable "health_check_path" {
  description = "The path that the module requests until the API answers, with any status."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/[A-Za-z0-9._~/-]*$", var.health_check_path))
    error_message = "The path begins with / and consists of letters, digits and . _ ~ / -."
  }
}

variable "start_timeout" {
  description = "The maximum number of seconds until the API answers."
  type        = number
  default     = 60

  validation {
    condition     = var.start_timeout >= 1 && var.start_timeout <= 3600 && floor(var.start_timeout) == var.start_timeout
    error_message = "The timeout must be a whole number of seconds from 1 to 3600."
  }
}
