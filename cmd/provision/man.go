package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// man writes the man pages, for packages.
func (a *app) man() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the man pages into a folder, for packages",
		Long: `man writes a man page for each command into the folder DIR, for packages. It creates DIR if
it does not exist.`,
		Example: "  provision man share/man/man1",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return hint(usagef("man takes one folder, not %d arguments", len(args)), "e.g. `provision man man/`")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			header := &doc.GenManHeader{Title: "PROVISION", Section: "1", Source: "provision " + readBuild().Version}
			if date, err := time.Parse(time.RFC3339, readBuild().Date); err == nil {
				header.Date = &date // reproducible
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("write the man pages: %w", err)
			}
			a.give("folder", args[0])
			fmt.Fprintf(a.stdout, "wrote the man pages to %s\n", args[0])
			return nil
		},
	}
}
