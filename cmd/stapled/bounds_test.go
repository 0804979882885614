// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/verifier"
)

// counterpart is a bound on time that verifiers have, and what keeps to it on
// the side that signs.
type counterpart struct {
	verify, token             string // flags
	verifier, issuer, stapler string // fields of the Config types; stapler's may be none
}

var counterparts = []counterpart{
	{"max-staple-age", "max-staple-age", "MaxStapleAge", "MaxStapleAge", "MaxAge"},
	{"max-lifetime", "ttl", "MaxLifetime", "TTL", ""},
	{"leeway", "leeway", "Leeway", "Leeway", "Leeway"},
}

// TestCounterparts: a bound that a verifier can be configured with is one that a
// signer can, or its tokens are refused and nothing can be done about it.
func TestCounterparts(t *testing.T) {
	find := func(name string) *cobra.Command {
		for _, cmd := range newRootCommand(&app{}).Commands() {
			if cmd.Name() == name {
				return cmd
			}
		}
		t.Fatalf("no command %s", name)
		return nil
	}
	token := find("token")
	docs, err := os.ReadFile("../../docs/issuing.md")
	if err != nil {
		t.Fatal(err)
	}
	find("verify").Flags().VisitAll(func(f *pflag.Flag) {
		if f.Value.Type() != "duration" {
			return
		}
		for _, c := range counterparts {
			if c.verify != f.Name {
				continue
			}
			if other := token.Flags().Lookup(c.token); other == nil || other.Value.Type() != "duration" {
				t.Errorf("verify --%s has no counterpart: token has no --%s", c.verify, c.token)
			}
			for _, text := range []string{"`--" + c.verify + "`", "`--" + c.token + "`", "`MaxStapleAge`"} {
				if !strings.Contains(string(docs), text) {
					t.Errorf("docs/issuing.md does not name %s", text)
				}
			}
			return
		}
		t.Errorf("verify --%s bounds time, and has no counterpart among the flags of token", f.Name)
	})

	lacks := func(config any, field string) bool {
		f, found := reflect.TypeOf(config).FieldByName(field)
		return !found || f.Type != reflect.TypeFor[time.Duration]()
	}
	for f := range reflect.TypeFor[verifier.Config]().Fields() {
		if f.Type != reflect.TypeFor[time.Duration]() {
			continue
		}
		found := false
		for _, c := range counterparts {
			if c.verifier != f.Name {
				continue
			}
			found = true
			if lacks(issuer.Config{}, c.issuer) {
				t.Errorf("verifier.Config.%s has no counterpart issuer.Config.%s", c.verifier, c.issuer)
			}
			if c.stapler != "" && lacks(stapler.Config{}, c.stapler) {
				t.Errorf("verifier.Config.%s has no counterpart stapler.Config.%s", c.verifier, c.stapler)
			}
		}
		if !found {
			t.Errorf("verifier.Config.%s bounds time, and has no counterpart", f.Name)
		}
	}
}

// TestDefaultsAgree: what is signed with defaults is accepted with defaults.
func TestDefaultsAgree(t *testing.T) {
	if issuer.DefaultTTL > stapled.DefaultMaxLifetime {
		t.Error("the default lifetime of tokens is longer than the one that verifiers permit")
	}
}
