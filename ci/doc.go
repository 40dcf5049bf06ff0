// Package ci holds the pipelines that `provision ci init` writes into a repository, and
// the manifests of the deployer that `provision ci bootstrap` makes. Both are text
// files with [[ ]] around what depends on the repository.
package ci
