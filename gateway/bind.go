// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"encoding/json"

	"github.com/stapledjwt/stapled"
)

// bound checks that the token belongs to the peer of the connection, if the
// route asks for that.
func (r *Route) bound(call Call) error {
	if r.Bind == Unbound {
		return nil
	}
	peer := call.Request.Peer
	if peer == nil {
		return stapled.Errorf(stapled.BindingMismatch, "%s: the route is bound to TLS, and the client has no certificate", caller(call.Token))
	}
	// If cnf is present it alone decides, and the verifier has compared it (rule
	// 7.9).
	if call.Token.PeerBound() {
		return nil
	}
	leaf, err := call.Token.Leaf()
	if err != nil {
		return err
	}
	if !bytes.Equal(leaf.Raw, peer.Raw) {
		return stapled.Errorf(stapled.BindingMismatch, "%s: the TLS client's certificate is not the token's", caller(call.Token))
	}
	return nil
}

// checkClaims checks that the claims that the route requires are present.
func (r *Route) checkClaims(call Call) error {
	if len(r.Claims) == 0 {
		return nil
	}
	var claims map[string]json.RawMessage
	if err := call.Token.Decode(&claims); err != nil {
		return err
	}
	for _, name := range r.Claims {
		if value, ok := claims[name]; !ok || string(value) == "null" {
			return stapled.Errorf(stapled.PolicyDenied, "%s: the token has no claim %q", caller(call.Token), name)
		}
	}
	return nil
}
