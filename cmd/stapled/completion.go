// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeStrictly has cobra make its completion command, and changes what is
// wrong with it for this program: an unknown shell is an error and not a
// request for help, and descriptions are plain text.
func completeStrictly(root *cobra.Command, args []string) {
	root.InitDefaultCompletionCmd(args...)
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		}
	}
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		forCompletion(root)
	}
}

// forCompletion removes from flags what marks the name of a value in its usage:
// help shows that name, and completion would show the marks. It also lets them be
// given twice, because cobra reads an unfinished command line more than once.
func forCompletion(cmd *cobra.Command) {
	plain := func(f *pflag.Flag) {
		f.Usage = strings.ReplaceAll(f.Usage, "`", "")
		if o, ok := f.Value.(*once); ok {
			f.Value = o.Value
		}
	}
	cmd.Flags().VisitAll(plain)
	cmd.PersistentFlags().VisitAll(plain)
	for _, sub := range cmd.Commands() {
		forCompletion(sub)
	}
}
