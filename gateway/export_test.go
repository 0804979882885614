// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

// RequestOf is the conversion that Wrap uses.
var RequestOf = (*Gateway).requestOf
