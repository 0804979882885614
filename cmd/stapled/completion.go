// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// newCompletionCommand replaces cobra's own, to which an unknown shell is a
// request for help, with status 0.
func newCompletionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands and flags",
		Long: `Print a script with which a shell completes commands, flags and their values:
bash, zsh, fish or powershell. It needs the package bash-completion for bash,
and "autoload -U compinit; compinit" for zsh.`,
		Example: `  # For this session.
  source <(stapled completion bash)

  # For all that come.
  stapled completion bash > /etc/bash_completion.d/stapled
  stapled completion zsh > "${fpath[1]}/_stapled"
  stapled completion fish > ~/.config/fish/completions/stapled.fish`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s given where one shell belongs: bash, zsh, fish or powershell", count(len(args), "argument"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			const descriptions = true
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, descriptions)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, descriptions)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.stdout)
			}
			return usagef("there is no completion for %q, but for bash, zsh, fish and powershell", args[0])
		},
	}
}

// completing reports whether a shell asks for completions. Cobra then reads an
// unfinished command line more than once.
func completing(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd)
}
