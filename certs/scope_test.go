// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

func TestScopeRefused(t *testing.T) {
	const write = "write example.com, .example.com for all names below it, or scheme://example.com for URIs"
	for _, row := range []struct {
		name  string
		scope []string
		says  string
	}{
		{"empty list", []string{}, "the scope is empty"},
		{"empty entry", []string{""}, `scope "": ` + write},
		{"empty entry beside another", []string{"a.example", ""}, `scope "": ` + write},
		{"dot", []string{"."}, write},
		{"two dots at the beginning", []string{"..example"}, write},
		{"empty label", []string{"a..example"}, write},
		{"space", []string{" a.example"}, write},
		{"comma", []string{"a.example,b.example"}, write},
		{"percent", []string{"a%2eexample"}, write},
		{"NUL", []string{"a.example\x00"}, write},
		{"upper case", []string{"A.example"}, "lower case"},
		{"upper case in a scheme", []string{"SPIFFE://a.example"}, "lower case"},
		{"upper case in a URI", []string{"spiffe://A.example"}, "lower case"},
		{"port", []string{"a.example:443"}, "neither port, path nor user"},
		{"port in a URI", []string{"https://a.example:443"}, "neither port, path nor user"},
		{"empty port in a URI", []string{"https://a.example:"}, "neither port, path nor user"},
		{"path", []string{"a.example/x"}, "neither port, path nor user"},
		{"path in a URI", []string{"spiffe://a.example/x"}, "neither port, path nor user"},
		{"slash in a URI", []string{"spiffe://a.example/"}, "neither port, path nor user"},
		{"query in a URI", []string{"spiffe://a.example?x"}, "neither port, path nor user"},
		{"fragment in a URI", []string{"spiffe://a.example#x"}, "neither port, path nor user"},
		{"user", []string{"u@a.example"}, "neither port, path nor user"},
		{"user in a URI", []string{"spiffe://u@a.example"}, "neither port, path nor user"},
		{"wildcard", []string{"*.example"}, "there are no wildcards"},
		{"wildcard for everything", []string{"*"}, "there are no wildcards"},
		{"wildcard in a URI", []string{"spiffe://*.example"}, "there are no wildcards"},
		{"dot at the end", []string{"a.example."}, "dot at the end"},
		{"dot at the end below a name", []string{".example."}, "dot at the end"},
		{"dot at the end of a URI", []string{"spiffe://a.example."}, "dot at the end"},
		{"below a host of URIs", []string{"spiffe://.example"}, write},
		{"IPv4", []string{"192.0.2.1"}, "IP address"},
		{"IPv4 in a URI", []string{"https://192.0.2.1"}, "IP address"},
		{"IPv4 as one number", []string{"3221225985"}, "IP address"},
		{"IPv4 in part", []string{"192.0.2"}, "IP address"},
		{"IPv6", []string{"2001:db8::1"}, "neither port, path nor user"},
		{"IPv6 in brackets", []string{"[2001:db8::1]"}, "neither port, path nor user"},
		{"IPv6 in a URI", []string{"https://[2001:db8::1]"}, "neither port, path nor user"},
		{"IPv6 in brackets without colons", []string{"[1]"}, write},
		{"not ASCII", []string{"bücher.example"}, write},
		{"Kelvin sign", []string{"\u212a.example"}, "lower case"},
		{"not ASCII in a scheme", []string{"spïffe://a.example"}, "not a URI scheme"},
		{"not UTF-8", []string{"a\xff.example"}, ""},
		{"no scheme", []string{"://a.example"}, "not a URI scheme"},
		{"scheme that begins with a digit", []string{"1a://a.example"}, "not a URI scheme"},
		{"no host", []string{"spiffe://"}, write},
		{"scheme with one slash", []string{"spiffe:/a.example"}, "neither port, path nor user"},
	} {
		t.Run(row.name, func(t *testing.T) {
			set, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: []*x509.Certificate{testca.New().Cert}, Scope: row.scope})
			if err == nil || set != nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, %v; want an error that says %q", set, err, row.says)
			}
			if checked := certs.CheckScope(row.scope); checked == nil || checked.Error() != err.Error() {
				t.Errorf("CheckScope: %v", checked)
			}
		})
	}
}

func TestScopeCovers(t *testing.T) {
	scoped := func(t *testing.T, entries []string) *certs.Anchor {
		set, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: []*x509.Certificate{testca.New().Cert}, Scope: entries})
		if err != nil {
			t.Fatal(err)
		}
		return set.All()[0]
	}
	for _, row := range []struct {
		scope                string // entries
		dns, noDNS, uri, not []string
	}{
		{"a.example",
			[]string{"a.example", "A.EXAMPLE"},
			[]string{"", "b.a.example", "xa.example", "a.example.", "a.exampl", "a.example.com", ".a.example", "example"},
			nil,
			[]string{"https://a.example", "a.example", "spiffe://a.example/x"}},
		{".a.example",
			[]string{"b.a.example", "c.b.a.example", "B.A.Example"},
			[]string{"", "a.example", ".a.example", "xa.example", "b.xa.example", "b.a.example.", "b.a.example.com"},
			nil,
			[]string{"https://b.a.example", "b.a.example", "x.a.example"}},
		{"spiffe://a.example",
			nil,
			[]string{"a.example", "spiffe://a.example", ""},
			[]string{"spiffe://a.example", "spiffe://a.example/", "spiffe://a.example/x", "SPIFFE://A.example/X", "spiffe://a.example//x"},
			[]string{"", "spiffe://a.exampl", "spiffe://a.example.", "spiffe://a.example.com/x", "spiffe://a.example:8443/x", "spiffe://a.example@evil/", "spiffe://u@a.example/",
				"spiffe://b.a.example/x", "https://a.example/x", "spiffe:/a.example/x", "spiffe://a.example?x", "spiffe://a.example#x", "spiffe://a.example\\x", "xspiffe://a.example"}},
		{"k.example",
			nil,
			[]string{"\u212a.example"}, // folds to k
			nil, nil},
		{"a.example .b.example https://c.example",
			[]string{"a.example", "x.b.example"},
			[]string{"b.example", "x.a.example", "c.example"},
			[]string{"https://c.example/x"},
			[]string{"https://a.example", "https://x.b.example/"}},
		{"",
			[]string{"a.example", "", "anything at all"}, nil,
			[]string{"spiffe://a.example", "", "urn:x"}, nil},
	} {
		t.Run("scope "+row.scope, func(t *testing.T) {
			var entries []string
			if row.scope != "" {
				entries = strings.Fields(row.scope)
			}
			a := scoped(t, entries)
			for list, want := range map[*[]string]bool{&row.dns: true, &row.noDNS: false} {
				for _, name := range *list {
					if a.CoversDNS(name) != want {
						t.Errorf("DNS name %q: covered %t", name, !want)
					}
				}
			}
			for list, want := range map[*[]string]bool{&row.uri: true, &row.not: false} {
				for _, name := range *list {
					if a.CoversURI(name) != want {
						t.Errorf("URI %q: covered %t", name, !want)
					}
				}
			}
		})
	}
}

func TestScopeIsSortedAndOwn(t *testing.T) {
	given := []string{"b.example", "spiffe://a.example", "b.example", ".a.example"}
	set, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: []*x509.Certificate{testca.New().Cert}, Scope: given})
	if err != nil {
		t.Fatal(err)
	}
	given[0] = "changed.example"
	want := []string{".a.example", "b.example", "spiffe://a.example"}
	a := set.All()[0]
	a.Scope()[0] = "changed.example"
	if got := a.Scope(); !slices.Equal(got, want) {
		t.Errorf("the scope is %q, want %q", got, want)
	}
	all, err := certs.NewAnchors(testca.New().Cert)
	if err != nil {
		t.Fatal(err)
	}
	if scope := all.All()[0].Scope(); scope != nil {
		t.Errorf("no scope reads %q", scope)
	}
	if err := certs.CheckScope(nil); err != nil {
		t.Errorf("CheckScope of no scope: %v", err)
	}
}
