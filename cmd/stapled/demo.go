// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/demo"
	"github.com/stapledjwt/stapled/internal/timetext"
)

func newDemoCommand(a *app) *cobra.Command {
	var validity time.Duration
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole story in one process: accepted, revoked, rejected",
		Long: `Run the whole story in a few seconds, in one process on loopback: a step-ca
with its OCSP responder, a service that signs tokens, and two gateways that
verify them. A certificate is revoked, and the demo measures when its last good
token is refused.

Nothing in it is simulated. The CA lives in a temporary directory that is
removed at the end.

With --json, one object per step: step, expected and outcome ("accepted" or
"rejected"), reason (as in the log of the gateway; its callers never see it),
http_status (0 for steps that are not HTTP requests), and ms: how long the
verification took where a gateway decided, else the step. For
last_good_token_after_next_update, ms is the revocation window that was
measured.

Exit status 1 if any outcome differs from the expected one.`,
		Example: `  stapled demo
  stapled demo --json --staple-validity 10s`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := a.Logger(cli.Silent)
			if err != nil {
				return err
			}
			if validity < demo.MinValidity || validity > demo.MaxValidity || validity%time.Second != 0 {
				return cli.Usagef("--staple-validity %s must be a whole number of seconds from %s to %s", timetext.Duration(validity), timetext.Duration(demo.MinValidity), timetext.Duration(demo.MaxValidity))
			}
			ctx, stop := cli.UntilSignal(cmd.Context())
			defer stop()
			return demo.Run(ctx, a.Console, validity, log)
		},
	}
	cmd.Flags().DurationVar(&validity, "staple-validity", demo.DefaultValidity, "`DURATION`: validity of each staple, in whole seconds from 3s to 1m; it is the bound that the demo measures")
	return cmd
}
