// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/signer"
)

// refusal turns a verdict on the certificate into a rejection, which is status
// 1, and leaves every other error unchanged, which is status 2.
func refusal(err error) error {
	if signer.VerdictOf(err) == nil {
		return err
	}
	return &cli.Rejection{Err: fmt.Errorf("not signed: %w", err)}
}

// refusedToken is what `stapled token --json` prints with status 1.
type refusedToken struct {
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// refused prints a refusal as JSON if that was requested.
func (a *app) refused(err error) error {
	var rejected *cli.Rejection
	if !a.JSON || !errors.As(err, &rejected) {
		return err
	}
	cause := errors.Unwrap(rejected.Err)
	result := refusedToken{Reason: signer.VerdictOf(cause).Error(), Detail: cli.OneLine(cause)}
	// A missing staple wraps the reason why it is missing.
	if _, after, found := strings.Cut(result.Detail, result.Reason+": "); found {
		result.Detail = after
	}
	if err := a.PrintJSON(result); err != nil {
		return err
	}
	return &cli.Rejection{}
}
