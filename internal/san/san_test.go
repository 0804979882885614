// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package san_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/testca"
)

func TestForgeriesOfNames(t *testing.T) {
	names := san.Usable(
		[]string{"spiffe://good.example/orders", "https://good.example/%6frders"},
		[]string{"good.example", "orders.good.example", "*.wild.example", "",
			"https://elsewhere.example/x.host.example", "user@host.example", "host.example:443", "host.example/x.example", "host..example", "dot.example."},
	)
	accepted := []string{
		"spiffe://good.example/orders", "https://good.example/%6frders",
		"good.example", "orders.good.example",
		"https://good.example", "https://good.example/", "https://good.example/tenant/7",
		"https://orders.good.example", "https://good.example/a%20b", "https://good.example/~!$&'()*+,;=:@",
	}
	for _, iss := range accepted {
		t.Run("accepted/"+iss, func(t *testing.T) {
			if err := names.CheckIssuer(iss); err != nil {
				t.Error(err)
			}
		})
	}
	forgeries := map[string]string{
		"absent":                        "",
		"other":                         "evil.example",
		"prefix_of_the_URI":             "spiffe://good.example/order",
		"prefix_of_the_URI_host":        "spiffe://good.example",
		"suffix_of_the_URI":             "//good.example/orders",
		"URI_and_more":                  "spiffe://good.example/orders/7",
		"URI_with_a_slash":              "spiffe://good.example/orders/",
		"URI_in_another_case":           "SPIFFE://good.example/orders",
		"URI_path_in_another_case":      "spiffe://good.example/Orders",
		"URI_of_another_scheme":         "http://good.example/orders",
		"URI_decoded":                   "https://good.example/orders?x",
		"URI_with_a_query":              "spiffe://good.example/orders?a=b",
		"URI_with_a_fragment":           "spiffe://good.example/orders#a",
		"prefix_of_the_name":            "good.exampl",
		"suffix_of_the_name":            "ood.example",
		"name_of_another_leaf":          "payments.good.example",
		"parent_of_the_name":            "example",
		"name_in_another_case":          "Good.example",
		"name_with_a_trailing_dot":      "good.example.",
		"name_with_a_space":             "good.example ",
		"name_after_a_space":            " good.example",
		"name_with_a_zero":              "good.example\x00",
		"name_as_the_prefix_of_another": "good.example.evil.example",
		"name_with_a_port":              "good.example:443",
		"name_with_a_path":              "good.example/path",
		"host_as_the_prefix_of_another": "https://good.example.evil.example",
		"host_with_a_port":              "https://good.example:443",
		"host_with_a_port_and_a_path":   "https://good.example:443/",
		"host_with_a_trailing_dot":      "https://good.example./",
		"host_in_another_case":          "https://GOOD.example",
		"host_percent_encoded":          "https://good%2Eexample",
		"host_as_userinfo":              "https://good.example@evil.example",
		"host_as_userinfo_with_colon":   "https://good.example:x@evil.example/",
		"host_after_userinfo":           "https://evil.example@good.example",
		"host_after_a_backslash":        `https://good.example\@evil.example`,
		"host_with_a_query":             "https://good.example?x",
		"host_with_a_fragment":          "https://good.example#x",
		"path_with_a_query":             "https://good.example/?x",
		"path_with_a_fragment":          "https://good.example/#x",
		"path_with_a_space":             "https://good.example/a b",
		"path_with_a_line_break":        "https://good.example/a\nb",
		"path_with_a_backslash":         `https://good.example/a\b`,
		"path_with_a_quote":             `https://good.example/a"b`,
		"path_outside_ASCII":            "https://good.example/ä",
		"scheme_http":                   "http://good.example",
		"scheme_in_another_case":        "HTTPS://good.example",
		"scheme_twice":                  "https://https://good.example",
		"scheme_missing":                "//good.example",
		"scheme_only":                   "https://",
		"scheme_and_path_only":          "https:///path",
		"wildcard":                      "*.wild.example",
		"URI_in_a_DNS_name":             "https://elsewhere.example/x.host.example",
		"userinfo_in_a_DNS_name":        "user@host.example",
		"host_userinfo_in_a_DNS_name":   "https://user@host.example",
		"port_in_a_DNS_name":            "host.example:443",
		"host_port_in_a_DNS_name":       "https://host.example:443",
		"path_in_a_DNS_name":            "https://host.example/x.example",
		"path_after_one_in_a_DNS_name":  "https://host.example/x.example/y",
		"empty_label_in_a_DNS_name":     "host..example",
		"trailing_dot_of_a_DNS_name":    "dot.example.",
		"host_wildcard":                 "https://*.wild.example",
		"what_a_wildcard_matches":       "a.wild.example",
		"host_that_a_wildcard_matches":  "https://a.wild.example",
	}
	for name, iss := range forgeries {
		t.Run("T12_"+name, func(t *testing.T) {
			if err := names.CheckIssuer(iss); !errors.Is(err, stapled.IssuerMismatch) {
				t.Errorf("%q: %v", iss, err)
			}
		})
	}
	t.Run("T12_certificate_without_names", func(t *testing.T) {
		for _, iss := range []string{"", "https://", "https:///", "client"} {
			if err := (san.Names{}).CheckIssuer(iss); !errors.Is(err, stapled.IssuerMismatch) {
				t.Errorf("%q: %v", iss, err)
			}
		}
	})
	t.Run("T12_absent_although_a_name_is_empty", func(t *testing.T) {
		if err := san.Usable([]string{""}, []string{""}).CheckIssuer(""); !errors.Is(err, stapled.IssuerMismatch) {
			t.Error(err)
		}
	})
	t.Run("error_does_not_grow_with_the_claim", func(t *testing.T) {
		if err := names.CheckIssuer(strings.Repeat("x", 1<<14)); len(err.Error()) > 300 {
			t.Errorf("%d bytes", len(err.Error()))
		}
	})
}

func TestNames(t *testing.T) {
	ca := testca.New()
	rows := []struct {
		name             string
		edit             testca.Edit
		want             san.Names
		identity, issuer string
	}{
		{"URI_and_DNS", func(*testca.Template) {},
			san.Names{URIs: []string{"spiffe://test.example/client"}, DNS: []string{"client.test.example"}},
			"spiffe://test.example/client", "spiffe://test.example/client"},
		{"DNS_only", func(c *testca.Template) { c.URIs = nil },
			san.Names{DNS: []string{"client.test.example"}}, "client.test.example", "https://client.test.example"},
		{"neither", func(c *testca.Template) { c.URIs, c.DNSNames = nil, nil }, san.Names{}, "", ""},
		{"mail_only", func(c *testca.Template) {
			c.URIs, c.DNSNames, c.EmailAddresses = nil, nil, []string{"client@test.example"}
		}, san.Names{}, "", ""},
		{"several_in_their_order", func(c *testca.Template) {
			c.URIs = append(c.URIs, &url.URL{Scheme: "https", Host: "a.example"})
			c.DNSNames = []string{"b.example", "a.example"}
		}, san.Names{URIs: []string{"spiffe://test.example/client", "https://a.example"}, DNS: []string{"b.example", "a.example"}},
			"spiffe://test.example/client", "spiffe://test.example/client"},
		// url.URL would write it as HTTPS://a.example/%41?#, or otherwise.
		{"URI_as_the_certificate_writes_it", func(c *testca.Template) {
			c.ExtraExtensions = []pkix.Extension{{Id: []int{2, 5, 29, 17}, Value: append([]byte{0x30, 24, 0x86, 22}, "HTTPS://A.example/%41?#"[:22]...)}}
		}, san.Names{URIs: []string{"HTTPS://A.example/%41?"}}, "HTTPS://A.example/%41?", "HTTPS://A.example/%41?"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			names, err := san.Of(ca.Leaf(row.edit).Cert)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(names, row.want) || names.Identity() != row.identity || names.Issuer() != row.issuer {
				t.Errorf("%+v, identity %q, issuer %q", names, names.Identity(), names.Issuer())
			}
			if row.issuer != "" {
				if err := names.CheckIssuer(names.Issuer()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for name, value := range map[string][]byte{
		"not_a_sequence": {0x05, 0}, "name_cut_short": {0x30, 2, 0x82, 9}, "nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			// crypto/x509 does not parse such a certificate.
			c := &x509.Certificate{Extensions: []pkix.Extension{{Id: []int{2, 5, 29, 17}, Value: value}}}
			if names, err := san.Of(c); !errors.Is(err, stapled.IssuerMismatch) || !reflect.DeepEqual(names, san.Names{}) {
				t.Errorf("%+v, %v", names, err)
			}
		})
	}
}

// A name that is there and empty is nobody's.
func TestForgeriesOfIssuers(t *testing.T) {
	for name, names := range map[string]san.Names{
		"T12_empty_URI":      {URIs: []string{""}}, // which Of leaves out
		"T12_empty_DNS_name": san.Usable(nil, []string{""}),
		"T12_both_empty":     san.Usable([]string{""}, []string{""}),
	} {
		t.Run(name, func(t *testing.T) {
			for _, iss := range []string{"", "https://", "https:///"} {
				if err := names.CheckIssuer(iss); !errors.Is(err, stapled.IssuerMismatch) {
					t.Errorf("%q: %v", iss, err)
				}
			}
		})
	}
}

// What crypto/x509 does not parse, and what a certificate can hold: see the
// catalogue for more of it.
func TestForgeriesOfURIs(t *testing.T) {
	for name, uri := range map[string]string{
		"scheme_empty":            "://good.example/",
		"scheme_with_underscore":  "a_b://good.example/",
		"scheme_with_first_digit": "1a://good.example/",
		"host_percent_encoded":    "https://good%2Eexample/",
		"host_outside_ASCII":      "https://gööd.example/",
		"host_with_a_space":       "https://good.example /",
		"host_with_a_backslash":   `https://good.example\evil.example/`,
		"host_of_IPvFuture":       "https://[v1.a]/",
		"IPv6_without_brackets":   "https://::1/",
		"IPv6_not_closed":         "https://[::1/",
		"IPv6_and_more":           "https://[::1]good.example/",
		"IPv6_with_a_zone":        "https://[fe80::1%eth0]/",
		"IPv6_with_userinfo":      "https://[::1]:443@good.example/",
		"port_of_letters":         "https://good.example:https/",
		"port_negative":           "https://good.example:-1/",
		"line_break":              "https://good.example/\n",
		"zero":                    "https://good.example/\x00",
		"outside_ASCII":           "https://good.example/ä",
	} {
		t.Run("T28_"+name, func(t *testing.T) {
			if names := san.Usable([]string{uri}, []string{uri}); names.Identity() != "" || names.Issuer() != "" || names.CheckIssuer(uri) == nil {
				t.Errorf("%q names %q", uri, names.Identity())
			}
		})
	}
}
