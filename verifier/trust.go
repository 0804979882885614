// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"

	"github.com/stapledjwt/stapled/certs"
)

// trust is a set of anchors. Every proof in a cache holds the generation of the
// set with which its verification began, and counts for no other.
type trust struct {
	anchors    *certs.Anchors
	generation uint64
}

var errNoAnchors = errors.New("Config.Anchors is required: name the CA certificates to trust")

// SetAnchors replaces the anchors, for this verifier and all its views. A
// verification that has begun ends with the old ones; nothing that was proven
// with them counts afterwards. What is known of revocations stays. It refuses a
// set without anchors, and the old ones stay in use.
func (v *Verifier) SetAnchors(anchors *certs.Anchors) error {
	if v.core == nil {
		return errZeroVerifier
	}
	if anchors == nil || len(anchors.All()) == 0 {
		return errNoAnchors
	}
	for {
		old := v.trust.Load()
		if v.trust.CompareAndSwap(old, &trust{anchors: anchors, generation: old.generation + 1}) {
			return nil
		}
	}
}
