// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/certs"
)

func TestParseAnchor(t *testing.T) {
	for _, row := range []struct {
		value string
		want  certs.AnchorFile
		says  string // "" for none
	}{
		{"a.pem", certs.AnchorFile{File: "a.pem"}, ""},
		{"a.pem,scope=spiffe://a.example,scope=.a.example,label=a", certs.AnchorFile{File: "a.pem", Scope: []string{"spiffe://a.example", ".a.example"}, Label: "a"}, ""},
		{"a.pem,label=a,scope=a.example", certs.AnchorFile{File: "a.pem", Scope: []string{"a.example"}, Label: "a"}, ""},
		{"a.pem,label=a=b c", certs.AnchorFile{File: "a.pem", Label: "a=b c"}, ""},

		// A comma in the name of a file.
		{"a,b.pem", certs.AnchorFile{File: "a,b.pem"}, ""},
		{"a,b.pem,scope=a.example", certs.AnchorFile{File: "a,b.pem", Scope: []string{"a.example"}}, ""},
		{"/x,y/a.pem,,label=a", certs.AnchorFile{File: "/x,y/a.pem,", Label: "a"}, ""},
		// An unknown option belongs to the name; there is hardly such a file.
		{"a.pem,scop=a.example", certs.AnchorFile{File: "a.pem,scop=a.example"}, ""},
		{"a.pem, scope=a.example", certs.AnchorFile{File: "a.pem, scope=a.example"}, ""},
		{"a.pem,SCOPE=a.example", certs.AnchorFile{File: "a.pem,SCOPE=a.example"}, ""},
		{"scope=a.example", certs.AnchorFile{File: "scope=a.example"}, ""},

		{"a.pem,scope=a.example,b.example", certs.AnchorFile{}, `"b.example" is neither scope=NAME nor label=NAME: write each name of a scope as its own scope=NAME`},
		{"a.pem,scope=a.example,scop=b.example", certs.AnchorFile{}, `"scop=b.example" is neither scope=NAME nor label=NAME`},
		{"a.pem,scope=a.example,b.example,label=a", certs.AnchorFile{}, `"b.example" is neither scope=NAME nor label=NAME`},
		{"a.pem,label=a,", certs.AnchorFile{}, `"" is neither scope=NAME nor label=NAME`},
		{"a.pem,scope=", certs.AnchorFile{}, `scope "": write example.com, .example.com for all names below it, or scheme://example.com for URIs`},
		{"a.pem,scope=A.example", certs.AnchorFile{}, `scope "A.example": write it in lower case`},
		{"a.pem,scope=*.a.example", certs.AnchorFile{}, `there are no wildcards`},
		{"a.pem,label=", certs.AnchorFile{}, "the label is empty: write label=NAME, or leave it out"},
		{"a.pem,label=a,label=b", certs.AnchorFile{}, "two labels: leave one out"},
		{",scope=a.example", certs.AnchorFile{}, `names no file: write FILE, or FILE,scope=NAME,label=NAME`},
	} {
		got, err := parseAnchor(row.value)
		switch {
		case row.says == "" && err != nil:
			t.Errorf("%s: %v", row.value, err)
		case row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)):
			t.Errorf("%s: error %v, want %q", row.value, err, row.says)
		case !reflect.DeepEqual(got, row.want):
			t.Errorf("%s: %+v, want %+v", row.value, got, row.want)
		}
	}
}

func TestCompleteAnchor(t *testing.T) {
	for value, want := range map[string][]string{
		"":                  nil,
		"a.p":               nil,
		"a.pem,":            {"a.pem,scope=", "a.pem,label="},
		"a.pem,s":           {"a.pem,scope="},
		"a.pem,scope=x,":    {"a.pem,scope=x,scope=", "a.pem,scope=x,label="},
		"a.pem,label=a,":    {"a.pem,label=a,scope="},
		"a.pem,scope=a.exa": nil,
	} {
		offers, directive := completeAnchor(nil, nil, value)
		files := directive == cobra.ShellCompDirectiveDefault
		if !reflect.DeepEqual(offers, want) || files != !strings.Contains(value, ",") {
			t.Errorf("%q: %q, files %t; want %q", value, offers, files, want)
		}
	}
}
