// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/cli"
)

func newOCSPCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ocsp",
		Short: "OCSP for any CA",
		Long: `Commands for people who run the OCSP responder of a CA, or depend on one (RFC
6960, profile RFC 9919).`,
		Example: `  stapled ocsp query --cert chain.pem
  stapled ocsp serve --config ocsp.yaml
  stapled ocsp delegate --print-template`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.UnknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		DisableFlagsInUseLine: true,
	}
	cmd.AddCommand(newOCSPDelegateCommand(a), newOCSPQueryCommand(a), newOCSPServeCommand(a))
	return cmd
}
