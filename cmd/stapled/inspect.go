// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
	"github.com/stapledjwt/stapled/internal/anatomy"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/terminal"
)

func newInspectCommand(a *app) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "inspect [TOKEN|-]",
		Short: "Show what a token says, verifying nothing",
		Long: `Show the anatomy of a token: header, certificates, staples and claims, and a
timeline of its validity windows around now. The token is the argument, or comes
from stdin for "-" or no argument. "Bearer " before it and the JSON of
"stapled token --json" around it are removed.

Nothing is verified, not even the signature: this shows only what the token says.
Use "stapled verify" to decide.

--at takes an RFC 3339 time, such as 2026-01-31T12:00:00Z, also with a space
instead of the T, as this command prints times; or an offset from now, such as
+11m or -1h.`,
		Example: `  stapled token --dir ./stack --audience echo | stapled inspect`,
		Args:    cli.OneToken,
		RunE: func(cmd *cobra.Command, args []string) error {
			clock, err := cli.ParseTime(at)
			if err != nil {
				return err
			}
			raw, err := a.ReadToken(cmd, args)
			if err != nil {
				return err
			}
			parts, err := anatomy.Dissect(raw, clock())
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(parts)
			}
			moment := "now"
			if at != "" {
				moment = "at"
			}
			return a.Print(parts.Text(terminal.Of(a.Stdout), moment))
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "`TIME`: time that the timeline is drawn for (default now)")
	return cmd
}
