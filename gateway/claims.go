// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/stapledjwt/stapled/verifier"
)

// decodedClaims are the claims of a token, for all rules that look at a call.
type decodedClaims struct {
	members map[string]any
	err     error
}

// Claims returns all claims of the token as encoding/json decodes them, with
// numbers as json.Number. The rules of a decision share the map, which is decoded
// when the first of them asks: do not modify it.
func (c Call) Claims() (map[string]any, error) {
	if c.claims == nil { // not a call of Decide
		return decodeClaims(c.Token)
	}
	if c.claims.members == nil && c.claims.err == nil {
		c.claims.members, c.claims.err = decodeClaims(c.Token)
	}
	return c.claims.members, c.claims.err
}

func decodeClaims(token verifier.Token) (map[string]any, error) {
	var raw json.RawMessage
	if err := token.Decode(&raw); err != nil {
		return nil, fmt.Errorf("decode the claims: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var members map[string]any
	if err := decoder.Decode(&members); err != nil {
		return nil, fmt.Errorf("decode the claims: %w", err)
	}
	return members, nil
}
