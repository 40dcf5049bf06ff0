package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is the version of a release. The linker sets it: -X main.version=1.2.3.
var version string

// build describes the source of this program.
type build struct {
	Version  string `json:"version"`            // "dev" where it is no release
	Commit   string `json:"commit,omitempty"`   // of the repository
	Date     string `json:"date,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the work tree had changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
	GraphSDK string `json:"graphSdk,omitempty"` // of msgraph-sdk-go-core
	Identity string `json:"identitySdk,omitempty"`
}

// readBuild reads the build information that Go stored in the program.
func readBuild() build {
	b := build{Version: cmp.Or(version, "dev"), Go: strings.TrimPrefix(runtime.Version(), "go"), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/microsoftgraph/msgraph-sdk-go-core":
			b.GraphSDK = strings.TrimPrefix(m.Version, "v")
		case "github.com/Azure/azure-sdk-for-go/sdk/azidentity":
			b.Identity = strings.TrimPrefix(m.Version, "v")
		}
	}
	return b
}

// String returns the line that --version prints.
func (b build) String() string {
	commit := ""
	if b.Commit != "" {
		commit = " (" + b.Commit[:min(12, len(b.Commit))]
		if b.Modified {
			commit += ", modified"
		}
		if b.Date != "" {
			commit += ", " + b.Date
		}
		commit += ")"
	}
	return fmt.Sprintf("provision %s%s, Go %s, %s, msgraph-sdk-go-core %s, azidentity %s", b.Version, commit, b.Go, b.Platform, cmp.Or(b.GraphSDK, "unknown"), cmp.Or(b.Identity, "unknown"))
}

func (a *app) versions() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version: commit, date, Go and SDK",
		Long:    "version prints the version, commit, date and tools of this build. `provision --version` prints the same.",
		Example: "  provision version\n  provision version -o json | jq -r .result.commit",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			a.give("version", b.Version)
			a.give("commit", b.Commit)
			a.give("date", b.Date)
			a.give("go", b.Go)
			a.give("platform", b.Platform)
			a.give("graphSdk", b.GraphSDK)
			a.give("identitySdk", b.Identity)
			fmt.Fprintln(a.stdout, b)
			return nil
		},
	}
}
