// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package terminal

// Subject returns the text for a name, which may be empty (RFC 5280 §4.1.2.6).
func Subject(name string) string {
	if name == "" {
		return "(no subject)"
	}
	return name
}
