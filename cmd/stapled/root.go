// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/cli"
)

// app is the command with its streams.
type app struct{ *cli.Console }

// execute runs the command and returns its exit status.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{&cli.Console{Stdin: stdin, Stdout: stdout, Stderr: stderr}}
	root := newRootCommand(a)
	if !cli.Completing(args) {
		cli.PermitOnce(root)
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	return a.Finish(cmd, err)
}

func newRootCommand(a *app) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "stapled",
		Short: "JWTs whose certificate is provably not revoked",
		Long: `stapled makes JWTs that carry their certificate chain and a fresh OCSP response
for it, so that a verifier knows without any lookup that the signing
certificate was not revoked when the response was made, minutes ago at most.

Results go to stdout, logs and errors to stderr. Exit status: 0 done, 1
rejected, 2 usage, configuration, or a server that does not answer.`,
		Example: `  # See the whole story in a few seconds: accepted, revoked, rejected.
  stapled demo

  # Keep a stack, and send its echo service a token, from another terminal.
  stapled up --dir ./stack
  TOKEN=$(stapled token --dir ./stack --audience echo)
  curl -H "Authorization: Bearer $TOKEN" "$GATEWAY_URL"`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.UnknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return a.printVersion()
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(*cobra.Command, []string) error {
			_, err := a.Logger(cli.Silent)
			return err
		},
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
	}
	// Cobra's own flag does not support --json.
	root.Flags().BoolVar(&version, "version", false, "the version instead of this help")
	flags := root.PersistentFlags()
	flags.BoolVar(&a.JSON, "json", false, "results as JSON, one object per line")
	flags.StringVar(&a.LogLevel, "log-level", "", "`LEVEL`: lowest level of the log on stderr, debug, info, warn or error (default info for up, ocsp serve and gateway, otherwise no log)")
	cli.Complete(root, "log-level", "debug", "info", "warn", "error")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.FlagError(err) })
	root.AddCommand(
		newDemoCommand(a), newUpCommand(a), newTokenCommand(a), newVerifyCommand(a),
		newInspectCommand(a), newRevokeCommand(a), newCertsCommand(a), newOCSPCommand(a), newGatewayCommand(a), newDoctorCommand(a), newVersionCommand(a), cli.NewCompletionCommand(a.Console),
	)
	root.SetHelpCommand(cli.NewHelpCommand())
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		// If stdout is closed, nobody reads the help.
		_ = a.Print(a.Help(cmd))
	})
	root.CompletionOptions.DisableDefaultCmd = true
	cli.NameValues(flags)
	for _, cmd := range cli.Commands(root) {
		cli.NameValues(cmd.Flags())
		cmd.ValidArgsFunction = cobra.NoFileCompletions // no argument is a file
	}
	return root
}
