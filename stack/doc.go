// Package stack reads manifests into Stacks.
//
// A manifest is a YAML document with apiVersion, kind, metadata.name and spec. A
// folder that holds a document of kind Stack is a stack; the documents in this folder,
// and in folders below it that are not stacks themselves, belong to it. Load is
// strict: it reports all mistakes of all files at once, each with its file, line and
// column, and returns stacks only if there are no mistakes.
//
// schema.json (JSON Schema 2020-12) defines the content of a document; editors use the
// same schema. check*.go contains the rules between documents. Names below spec are
// the names of Microsoft Graph, but references use names instead of ids.
package stack
