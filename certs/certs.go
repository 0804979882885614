// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package certs holds what the parties to a stapled token configure: an
// [Identity], which is a certificate chain and its private key, and the
// [Anchors] that a verifier trusts.
//
// It reads and writes PEM files on request and otherwise does no I/O.
package certs
