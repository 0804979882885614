// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import "testing"

func testHeaderVariants(t *testing.T) {}
