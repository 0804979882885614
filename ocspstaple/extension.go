// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"errors"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspwire"
)

var errCritical = errors.New("a critical extension that is not understood")

// parseExtensions reads an optional, explicitly tagged Extensions. No extension
// changes what a staple proves, so a critical one, which must be understood, is
// refused (RFC 5280 §4.2).
func (r *response) parseExtensions(input *cryptobyte.String, tag cbasn1.Tag, allow allowance) error {
	var tagged cryptobyte.String
	var present bool
	if !input.ReadOptionalASN1(&tagged, &present, tag) {
		return fail(stapled.StapleMalformed, "malformed extensions")
	}
	if !present {
		return nil
	}
	err := ocspwire.ReadExtensions(tagged, func(ext ocspwire.Extension) error {
		if ext.Critical && !allow.understands(ext.ID) {
			return errCritical
		}
		if string(ext.ID) == ocspwire.ExtendedRevoke {
			r.extended = true
		}
		return nil
	})
	if err != nil {
		return fail(stapled.StapleMalformed, "%w", err)
	}
	return nil
}
