// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// Confirmation is the member of a cnf claim that names a certificate: the
// unpadded base64url SHA-256 digest of its DER (RFC 8705 §3.1).
const Confirmation = "x5t#S256"

// confirmation has no registered names: a cnf has one member, by its exact name.
var confirmation = register()

// ParseConfirmation reads the value of a cnf claim, and returns the digest as it
// is written there. It refuses an object with other members: each names another
// way to confirm (RFC 7800 §3.1), and to ignore one is to accept what it forbids.
func ParseConfirmation(value string) (string, error) {
	var buffer [1]Member
	members, err := ParseObject(value, confirmation, buffer[:0])
	if err != nil {
		return "", err
	}
	if len(members) != 1 || members[0].Name != Confirmation {
		return "", errors.New("cnf must have x5t#S256 and no other member")
	}
	digest, err := Unquote(members[0].Value)
	if err != nil {
		return "", err
	}
	var sum [sha256.Size + 1]byte
	if len(digest) == base64.RawURLEncoding.EncodedLen(sha256.Size) {
		if n, err := base64.RawURLEncoding.Strict().Decode(sum[:], []byte(digest)); err == nil && n == sha256.Size {
			return digest, nil
		}
	}
	return "", errors.New("x5t#S256 is not the unpadded base64url form of a SHA-256 digest")
}
