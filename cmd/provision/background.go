package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"provision/internal/background"
)

// background returns the command with which the module local-api starts and stops its process.
func (a *app) background() *cobra.Command {
	c := &cobra.Command{
		Use:    "background",
		Short:  "Run a program that continues after the command that starts it",
		Hidden: true,
		Args:   noArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	start := &cobra.Command{
		Use:   "start DIR -- COMMAND [ARGS…]",
		Short: "Start a program in the background, and end the program that was started with the same DIR",
		Args:  cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from := a.config.GetString("working-directory")
			if !filepath.IsAbs(from) {
				from = filepath.Join(os.Getenv("PROVISION_FROM"), from)
			}
			dir, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			return background.Program{Dir: dir, Command: args[1:], Env: os.Environ(), WorkingDirectory: from,
				URL: a.config.GetString("wait-for"), Patience: a.config.GetDuration("timeout")}.Start(cmd.Context())
		},
	}
	start.Flags().String("wait-for", "", "URL that answers when the program is ready")
	start.Flags().Duration("timeout", time.Minute, "how long it may take until the URL answers")
	start.Flags().String("working-directory", "", "folder in which the program runs (default: that of the command that started Terraform)")
	stop := &cobra.Command{
		Use:   "stop DIR",
		Short: "End the program that was started with DIR",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return background.Stop(cmd.Context(), args[0])
		},
	}
	c.AddCommand(start, stop)
	return c
}
