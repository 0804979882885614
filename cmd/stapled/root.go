// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/timetext"
)

// app is one run of the command: its streams and the flags that every
// subcommand has.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	json           bool
	logLevel       string
}

// execute runs the command and returns its exit status.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
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
	a.complete(root, "log-level", "debug", "info", "warn", "error")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.AddCommand(
		newDemoCommand(a), newUpCommand(a), newTokenCommand(a), newVerifyCommand(a),
		newInspectCommand(a), newRevokeCommand(a), newVersionCommand(a), newCompletionCommand(a),
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

// complete offers the values of a flag to shell completion.
func (a *app) complete(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag does not exist, or has its completion already
	}
}

// silent is the level of commands whose only line on stderr is their error.
const silent = slog.LevelError + 4

// logger writes to stderr, from the level that the user asked for or else from
// the one that suits the command.
func (a *app) logger(standard slog.Level) (*slog.Logger, error) {
	level := standard
	if a.logLevel != "" {
		if err := level.UnmarshalText([]byte(a.logLevel)); err != nil {
			return nil, usagef("--log-level %q is none of debug, info, warn and error", a.logLevel)
		}
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level, ReplaceAttr: plainAttr})), nil
}

// plainAttr keeps a log line a line: slog formats errors with %+v, to which
// those of step-ca add a stack trace. It writes durations as flags take them.
func plainAttr(_ []string, attr slog.Attr) slog.Attr {
	switch value := attr.Value.Any().(type) {
	case error:
		return slog.String(attr.Key, value.Error())
	case time.Duration:
		return slog.String(attr.Key, timetext.Duration(value))
	}
	return attr
}

// printJSON prints one object on one line. What it holds may come from a token
// that nobody has verified, so control characters that encoding/json leaves
// alone (U+007F to U+009F, which some terminals obey) are escaped too.
func (a *app) printJSON(value any) error {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	raw := encoded.Bytes()
	var line strings.Builder
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		// A byte that is no UTF-8 may be one of these in another encoding.
		if r >= 0x7f && r <= 0x9f || r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&line, `\u%04x`, r)
		} else {
			line.Write(raw[:size])
		}
		raw = raw[size:]
	}
	return a.print(line.String())
}

// print writes a result. A reader that has gone is an error: half a result is none.
func (a *app) print(text string) error {
	if _, err := io.WriteString(a.stdout, text); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
