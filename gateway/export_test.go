// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

// RequestOf is what Wrap makes of a request.
var RequestOf = requestOf
