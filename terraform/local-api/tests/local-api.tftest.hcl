run "the_reference_api_by_default" {
  command = plan

  assert {
    condition     = terraform_data.api.input.url == "http://127.0.0.1:8080"
    error_message = "The default port is 8080."
  }
}

run "a_command_is_quoted" {
  command = plan

  variables {
    command = ["sh", "-c", "echo 'it''s'"]
    port    = 9000
  }

  assert {
    condition     = local.command == "'sh' '-c' 'echo '\\''it'\\'''\\''s'\\'''"
    error_message = "Each word stands in single quotes: ${local.command}"
  }
}

run "a_port_of_the_system_is_refused" {
  command = plan

  variables {
    port = 80
  }

  expect_failures = [var.port]
}

run "a_change_of_the_health_check_path_restarts_the_api" {
  command = plan

  variables {
    health_check_path = "/health"
  }

  assert {
    condition     = terraform_data.api.triggers_replace.health_check_path == "/health"
    error_message = "The path is checked again after a restart."
  }
}
