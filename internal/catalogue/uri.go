// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"bytes"
	"crypto/x509/pkix"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// uriCases returns the cases about which URIs name an issuer (rule 7.3).
func uriCases() []Case {
	var cases []Case
	for i, uri := range []string{
		// No scheme.
		"", "orders.internal", "/orders", "//orders.internal/x", "orders.internal/x",
		// No host.
		"spiffe:///x", "spiffe://", "https://", "https:///path", "https://?x", "https://#x", "https://:443/x",
		"urn:example:orders", "mailto:orders@test.example", "spiffe:orders.internal", "spiffe:/orders.internal", "https:orders.internal",
		// Userinfo.
		"https://user@test.example/", "https://user:password@test.example/", "https://@test.example/", "https://good.example@test.example",
		"https://good.example:443@test.example/", "spiffe://x@test.example/client",
		// Hosts that are none.
		"https://*.test.example/", "https://test.example:/", "https://test.example:123456/", "https://test.example,other.example/",
		"https://[::1%25eth0]/", "https://!/", "https://<x>/",
		// Characters that no URI has.
		"https://test.example/a b", "https://test.example/\\evil", "https://test.example/\"", "https://test.example/<x>", "https://test.example/{x}",
		"https://test.example/^", "https://test.example/|", "https://test.example/`",
	} {
		cases = append(cases, Case{row: "T28", name: fmt.Sprintf("iss_is_a_URI_that_names_nobody_%d", i+1), rules: "7.3", want: stapled.IssuerMismatch,
			comment: "The URI of the leaf, and iss, is " + uri, leaf: sans(uriName(uri)), edit: claim("iss", uri)})
	}
	// What crypto/x509 does not parse. Another implementation may parse it, and
	// refuse it by rule 7.3.
	for i, uri := range []string{
		"https://[v1.a]/", "https://[::1]x/", "https://[192.0.2.1]/", "https://[]/", "-a://test.example/", "a_b://test.example/", "https://test.example\\evil.example/",
		"https://test.example:port/", "1a://test.example/", "https://%41.example/", "https://%zz.example/", "https://test.example./",
		"https://test..example/", "https://.test.example/", "https://[::1/", "https://::1/", "https://test.example/%zz", "https://test.example/\n", "://orders.internal/x", "https://test.example/\xe4",
	} {
		cases = append(cases, Case{row: "T28", name: fmt.Sprintf("iss_is_a_malformed_URI_%d", i+1), rules: "3.2", want: stapled.ChainInvalid,
			comment: fmt.Sprintf("The URI of the leaf, and iss, is %q.", uri), leaf: malformedURI(uri), unpublished: true})
	}
	const good = "https://test.example/%6frders?a=b#c"
	for i, uri := range []string{
		good, "https://test.example", "SPIFFE://Test_1.example/", "a+b-c.1://x", "https://test.example:8443/x", "https://test.example:0/",
		"https://192.0.2.1/x", "https://192.0.2.1:8443", "https://[2001:DB8::1]/x", "https://[::ffff:192.0.2.1]:8443", "https://test.example/a@b:c",
	} {
		cases = append(cases, Case{name: fmt.Sprintf("iss_is_a_URI_%d", i+1), rules: "7.3", leaf: sans(uriName(uri)), edit: claim("iss", uri), issuer: uri, identity: uri})
	}
	odd := []generalName{uriName(""), uriName("urn:example:orders"), uriName("https://user@test.example/"), uriName("orders.internal")}
	return append(cases,
		Case{name: "identity_is_the_first_URI_that_can_be_one", rules: "7.3", leaf: sans(append(odd, uriName(clientURI), uriName(good), dnsName(clientDNS))...), edit: claim("iss", clientURI)},
		Case{name: "identity_is_the_first_DNS_name_that_can_be_one", rules: "7.3",
			leaf: sans(append(odd, dnsName("*.test.example"), dnsName(""), dnsName(clientDNS), dnsName("b.test.example"))...),
			edit: claim("iss", "https://"+clientDNS), issuer: "https://" + clientDNS, identity: clientDNS},
	)
}

// generalName is a GeneralName in DER.
type generalName []byte

func uriName(text string) generalName { return der(cbasn1.Tag(6).ContextSpecific(), []byte(text)) }

func dnsName(text string) generalName { return der(cbasn1.Tag(2).ContextSpecific(), []byte(text)) }

// sans makes a client directly below the root that has exactly these names, as
// they are written here.
func sans(names ...generalName) func(*Maker) *testca.Party {
	return directly(func(t *testca.Template) {
		var list []byte
		for _, name := range names {
			list = append(list, name...)
		}
		t.URIs, t.DNSNames = nil, nil
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 17}, Value: der(cbasn1.SEQUENCE, list)})
	})
}

// malformedURI makes a leaf whose certificate crypto/x509 does not parse, below
// the root. The malformed URI replaces a valid one of the same length.
func malformedURI(uri string) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party {
		placeholder := strings.Repeat("a", len(uri))
		p := sans(uriName(placeholder))(m)
		raw := bytes.Replace(p.Cert.Raw, uriName(placeholder), uriName(uri), 1)
		c := *p.Cert
		c.Raw = raw
		return &testca.Party{Cert: &c, Key: p.Key, Issuer: p.Issuer}
	}
}
