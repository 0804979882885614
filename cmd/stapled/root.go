// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/spf13/cobra"
)

// app is the command with the streams that it works on.
type app struct{ *console }

// execute runs the command and returns its exit status.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{&console{stdin: stdin, stdout: stdout, stderr: stderr, explain: explain}}
	root := newRootCommand(a)
	if !completing(args) {
		permitOnce(root)
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	return a.finish(cmd, err)
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
				return unknownCommand(cmd, args[0])
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
			_, err := a.logger(silent)
			return err
		},
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
	}
	// Not cobra's own, which knows no --json.
	root.Flags().BoolVar(&version, "version", false, "print the version")
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "print results as JSON, one object per line")
	flags.StringVar(&a.logLevel, "log-level", "", "log to stderr from this `LEVEL` on: debug, info, warn or error (default info for up, else none)")
	complete(root, "log-level", "debug", "info", "warn", "error")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.AddCommand(
		newDemoCommand(a), newUpCommand(a), newTokenCommand(a), newVerifyCommand(a),
		newInspectCommand(a), newRevokeCommand(a), newVersionCommand(a), newCompletionCommand(a.console),
	)
	root.SetHelpCommand(newHelpCommand())
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		// If stdout is gone there is nobody to help.
		_ = a.print(a.help(cmd))
	})
	root.CompletionOptions.DisableDefaultCmd = true
	nameValues(flags)
	for _, cmd := range root.Commands() {
		nameValues(cmd.Flags())
		cmd.ValidArgsFunction = cobra.NoFileCompletions // no argument is a file
	}
	return root
}
