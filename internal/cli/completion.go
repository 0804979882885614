// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/terminal"
)

// NewCompletionCommand replaces cobra's own, which answers an unknown shell
// with help and status 0.
func NewCompletionCommand(a *Console) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands and flags",
		Long: `Print a script that teaches bash, zsh, fish or powershell to complete commands,
flags and their values. In bash it needs the package bash-completion, in zsh
"autoload -U compinit; compinit".`,
		Example: `  # For this session.
  source <(stapled completion bash)

  # For every new session.
  stapled completion bash > /etc/bash_completion.d/stapled
  stapled completion zsh > "${fpath[1]}/_stapled"
  stapled completion fish > ~/.config/fish/completions/stapled.fish`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return Usagef("%s given: name one shell, bash, zsh, fish or powershell", terminal.Count(len(args), "argument"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			const descriptions = true
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.Stdout, descriptions)
			case "zsh":
				return root.GenZshCompletion(a.Stdout)
			case "fish":
				return root.GenFishCompletion(a.Stdout, descriptions)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.Stdout)
			}
			return Usagef("there is no completion for %q: use bash, zsh, fish or powershell", args[0])
		},
	}
}

// Completing reports whether a shell asks for completions. Cobra then reads an
// unfinished command line more than once.
func Completing(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd)
}
