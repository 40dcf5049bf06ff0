// Package stack reads manifests into Stacks.
//
// A manifest is a YAML document with apiVersion, kind, metadata.name and spec.
// A folder that holds a document of kind Stack is a stack; the documents in it,
// and in folders below it that are no stack of their own, belong to it. Reading
// is strict and total: Load finds every mistake of every file in one go, each
// with its file, line and column, and returns stacks only when there is none.
//
// What a document may say is in schema.json (JSON Schema 2020-12), which is
// also what editors use; what must hold between documents is in check*.go.
// Names below spec are Microsoft Graph's own, except that things are referred
// to by name.
package stack
