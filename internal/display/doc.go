// Package display makes text from elsewhere (a tenant, an API, a file) safe to show in
// a terminal and in the log of a CI job.
//
// Line escapes a text that has to stay on one line. Standard output and standard error
// are Writers: a Writer also escapes text that was not passed to Line.
//
// Escapes have the form \uXXXX, with surrogate pairs above U+FFFF as in JSON, so
// that a JSON document that passes a Writer keeps its meaning.
//
// Both also disarm the commands that CI systems read from a log:
//   - GitHub Actions: ::command:: at the beginning of a line after white space,
//     and ##[command] anywhere (ActionCommand.TryParseV2 and TryParse in
//     actions/runner, which compare by culture: characters that the Unicode
//     collation algorithm ignores do not separate the characters of a prefix).
//   - Azure Pipelines: ##vso[command] anywhere (Command.TryParse in
//     microsoft/azure-pipelines-agent), and the ##[…] that its log viewer formats.
package display
