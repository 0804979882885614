// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"

	"github.com/stapledjwt/stapled/ca"
)

// explain is the text of an error without the name of the package that it comes
// from.
func explain(err error) string {
	text := err.Error()
	var fromCA *ca.Error
	if !errors.As(err, &fromCA) {
		return text
	}
	own := fromCA.Err.Error()
	// These say everything before the cause, which only repeats it.
	if cause := errors.Unwrap(fromCA.Err); cause != nil && (errors.Is(err, ca.Locked) || errors.Is(err, ca.AddressInUse) || errors.Is(err, ca.WrongPassword)) {
		own = strings.TrimSuffix(own, ": "+cause.Error())
	}
	return strings.Replace(text, fromCA.Error(), own, 1)
}
