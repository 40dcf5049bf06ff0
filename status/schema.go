package status

import _ "embed"

// Schema is the JSON Schema (2020-12) of the result of `provision status -o json`.
//
//go:embed schema.json
var Schema []byte
