// Package manifests holds the ready-made stacks, so that a binary that was
// installed without them can write one.
package manifests

import "embed"

// Files are the stacks, a folder each.
//
//go:embed */*.yaml
var Files embed.FS
