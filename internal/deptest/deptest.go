// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package deptest is a fence: its tests limit the packages of the project to
// their intended dependencies. A program that embeds the verifier gets the
// standard library, go-jose and x/crypto, and nothing else.
package deptest
