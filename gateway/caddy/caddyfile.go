// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package caddy

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("stapled", parseDirective)
	httpcaddyfile.RegisterDirectiveOrder("stapled", httpcaddyfile.Before, "basic_auth")
}

// parseDirective sets up the authentication handler from a Caddyfile:
//
//	stapled [<matcher>] {
//		anchor <file...>
//		audience <name>
//		issuer <iss...>
//		type <typ>
//		max_staple_age <duration>
//		token_header <name>
//		unsafe_forward_token
//	}
//
// anchor and issuer may be repeated; the others may not.
func parseDirective(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	s := new(Stapled)
	if err := s.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return caddyauth.Authentication{ProvidersRaw: caddy.ModuleMap{"stapled": caddyconfig.JSON(s, nil)}}, nil
}

// UnmarshalCaddyfile reads the block of the directive.
func (s *Stapled) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the directive
	if d.NextArg() {
		return d.ArgErr()
	}
	seen := make(map[string]bool)
	for d.NextBlock(0) {
		name, args := d.Val(), d.RemainingArgs()
		switch {
		case name == "anchor" || name == "issuer":
			if len(args) == 0 {
				return d.ArgErr()
			}
		case seen[name]:
			return d.Errf("%s is given twice", name)
		case name == "unsafe_forward_token":
			if len(args) != 0 {
				return d.ArgErr()
			}
		case len(args) != 1 || args[0] == "":
			if !settings[name] {
				return d.Errf("unknown setting %q", name)
			}
			return d.ArgErr()
		}
		seen[name] = true
		switch name {
		case "anchor":
			s.Anchors = append(s.Anchors, args...)
		case "issuer":
			s.Issuers = append(s.Issuers, args...)
		case "audience":
			s.Audience = args[0]
		case "type":
			s.Type = args[0]
		case "token_header":
			s.TokenHeader = args[0]
		case "max_staple_age":
			age, err := caddy.ParseDuration(args[0])
			if err != nil || age <= 0 {
				return d.Errf("max_staple_age %q must be a positive duration such as 15m", args[0])
			}
			s.MaxStapleAge = caddy.Duration(age)
		case "unsafe_forward_token":
			s.UnsafeForwardToken = true
		default:
			return d.Errf("unknown setting %q", name)
		}
	}
	if err := s.complete(); err != nil {
		return d.Err(err.Error())
	}
	return nil
}

// settings take one value.
var settings = map[string]bool{"audience": true, "type": true, "token_header": true, "max_staple_age": true}

var _ caddyfile.Unmarshaler = (*Stapled)(nil)
