// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command caddy is Caddy with its standard modules and that of stapled.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/stapledjwt/stapled/gateway/caddy"
)

func main() { caddycmd.Main() }
