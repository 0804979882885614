// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import "bytes"

// Edits of DER, for testca.Response.Inside and Around.

func remove([]byte) []byte { return nil }

func instead(with ...byte) func([]byte) []byte { return func([]byte) []byte { return with } }

// more appends a NULL.
func more(der []byte) []byte { return append(bytes.Clone(der), 5, 0) }

// longer encodes a length of two bytes in three, which BER permits and DER does
// not.
func longer(der []byte) []byte {
	if der[1] != 0x82 {
		panic("the length is not of two bytes")
	}
	return append([]byte{der[0], 0x83, 0}, der[2:]...)
}
