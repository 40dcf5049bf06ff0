// Package ci contains the pipelines that `provision ci init` writes into a repository,
// and the manifests of the deployer that `provision ci bootstrap` creates. Both are
// text templates: [[ ]] encloses the parts that depend on the repository.
package ci
