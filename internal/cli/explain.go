// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
)

// explained are the reasons that an error text already explains in words.
var explained = []stapled.Reason{
	stapled.ConfigInvalid, stapled.Canceled, stapled.Unreachable, stapled.Refused, stapled.AlreadyRevoked, stapled.WrongPassword,
	stapled.NotCADirectory, stapled.DirectoryNotEmpty, stapled.PermissionDenied, stapled.DatabaseLocked, stapled.DatabaseDamaged,
	stapled.DatabaseWriteFailed, stapled.AddressInUse, stapled.Closed, stapled.Failed,
}

// explain returns the text of an error without its reason, if the text explains
// it.
func explain(err error) string {
	text := err.Error()
	e, ok := errors.AsType[*stapled.Error](err)
	if !ok || e.Err == nil || !slices.Contains(explained, e.Reason) {
		return text
	}
	own := strings.TrimPrefix(e.Error(), string(e.Reason)+": ")
	// These say everything before the cause, which only repeats it.
	if cause := errors.Unwrap(e.Err); cause != nil && (errors.Is(err, stapled.DatabaseLocked) || errors.Is(err, stapled.AddressInUse) || errors.Is(err, stapled.WrongPassword)) {
		own = strings.TrimSuffix(own, ": "+cause.Error())
	}
	return strings.Replace(text, e.Error(), own, 1)
}
