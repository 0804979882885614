// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath_test

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/vectors"
)

var (
	errParse  = errors.New("not parsed")
	errAnchor = errors.New("anchor refused")

	errAccepted = errors.New("accepted, as crypto/x509 does")
)

type chainCase struct {
	Name     string     `json:"name"`
	Kind     string     `json:"kind"`
	Time     *time.Time `json:"evaluation_time"`
	AnyTime  *time.Time `json:"suggested_time"`
	Expected string     `json:"expected"`
	Gate     *bool      `json:"gate_hint"`
	// Relevance says what a case that we are not held to is about.
	Relevance string `json:"relevance"`
	// Either cert and intermediates, in no order, with several anchors; or an
	// x5c and one anchor, with what is thought of it.
	Cert          vectors.DER   `json:"cert"`
	Intermediates []vectors.DER `json:"intermediates"`
	Anchors       []vectors.DER `json:"trust_anchors"`
	X5C           []string      `json:"x5c"`
	Anchor        vectors.DER   `json:"trust_anchor"`
	Trust         string        `json:"trust"`
	// What the leaf is for: one or the other suite says so.
	Purpose string `json:"key_purpose"`
	Peer    string `json:"validation_kind"`
}

// usages are the purposes for which the case may be accepted.
func (c *chainCase) usages() []x509.ExtKeyUsage {
	switch {
	case c.Purpose == "CLIENT_AUTH" || c.Peer == "CLIENT":
		return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case c.Purpose == "SERVER_AUTH" || c.Peer == "SERVER":
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageEmailProtection}
}

// evaluate tries every chain that a sender could make of the certificates of a
// held case, and of others the one in the order given. Everything that is
// accepted is held against crypto/x509. The error has all refusals.
func (c *chainCase) evaluate(t *testing.T) error {
	leaf, others, err := c.certificates()
	if err != nil {
		return err
	}
	anchors, roots, err := c.anchors()
	if err != nil {
		return err
	}
	now := c.AnyTime
	if c.Time != nil {
		now = c.Time
	}
	var refusals []error
	try := func(chain []*x509.Certificate) bool {
		if _, err := certpath.Order(anchors, chain); err != nil {
			refusals = append(refusals, err)
			return false
		}
		for _, usage := range c.usages() {
			path, err := validate(anchors, chain, *now, usage, nil)
			if err == nil {
				if err := standardLibrary(path.Chain, roots, *now, usage); err != nil && !isTooMany(err, path) {
					t.Errorf("accepted, but crypto/x509 says: %v", err)
				}
				return true
			}
			refusals = append(refusals, err)
		}
		return false
	}
	if len(c.X5C) > 0 || !c.held() { // others have a hundred intermediates
		if try(append([]*x509.Certificate{leaf}, others...)) {
			return nil
		}
	} else if search([]*x509.Certificate{leaf}, others, try) {
		return nil
	}
	return errors.Join(refusals...)
}

// held tells whether the suite recommends to hold us to the case.
func (c *chainCase) held() bool { return c.Gate == nil || *c.Gate }

// search extends a chain by every certificate that its last one names as the
// issuer.
func search(chain, others []*x509.Certificate, try func([]*x509.Certificate) bool) bool {
	if try(chain) {
		return true
	}
	for i, c := range others {
		if len(chain) == stapled.MaxChain || string(chain[len(chain)-1].RawIssuer) != string(c.RawSubject) {
			continue
		}
		rest := append(append([]*x509.Certificate{}, others[:i]...), others[i+1:]...)
		if search(append(chain[:len(chain):len(chain)], c), rest, try) {
			return true
		}
	}
	return false
}

func (c *chainCase) certificates() (*x509.Certificate, []*x509.Certificate, error) {
	if len(c.X5C) > 0 {
		chain, err := certx5c.Parse(c.X5C)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errParse, err)
		}
		// One suite lets the chain carry its anchor, which the format leaves out.
		if last := len(chain) - 1; c.Kind == "chain" && string(chain[last].Raw) == string(c.Anchor) {
			chain = chain[:last]
		}
		return chain[0], chain[1:], nil
	}
	chain, err := parseAll(append([]vectors.DER{c.Cert}, c.Intermediates...))
	if err != nil {
		return nil, nil, err
	}
	return chain[0], chain[1:], nil
}

// anchors are those that the suite trusts. Where it distrusts its only one,
// another takes its place.
func (c *chainCase) anchors() (*certs.Anchors, []*x509.Certificate, error) {
	list := c.Anchors
	if c.Anchor != nil {
		list = append(list, c.Anchor)
	}
	if c.Trust == "DISTRUSTED" || c.Trust == "UNSPECIFIED" {
		list = []vectors.DER{testca.New().Cert.Raw}
	}
	roots, err := parseAll(list)
	if err != nil {
		return nil, nil, err
	}
	anchors, err := certs.NewAnchors(roots...)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errAnchor, err)
	}
	return anchors, roots, nil
}

func parseAll(list []vectors.DER) (all []*x509.Certificate, err error) {
	for _, der := range list {
		c, err := certx5c.ParseDER(der)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errParse, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// chainDisagreements are held cases in which we differ, all of them stricter.
var chainDisagreements = vectors.Disagreements{
	"limbo/pathlen::validation-ignores-pathlen-in-leaf":                   "the leaf is a CA certificate, which does not sign tokens",
	"limbo/rfc5280::eku::ee-without-eku":                                  "the leaf must list the extended key usage itself: without it any certificate of a CA could sign tokens",
	"limbo/rfc5280::no-keyusage":                                          "the leaf must have the key usage digitalSignature",
	"boringssl-chain/intermediate-eku-c2pamanifest/any":                   "there is no policy \"any purpose\": the leaf must list the extended key usage asked for",
	"boringssl-chain/intermediate-eku-server-gated-crypto/sha256-eku-any": "there is no policy \"any purpose\": the intermediate issues for another extended key usage only",
	"boringssl-chain/target-eku-none/any":                                 "the leaf must list the extended key usage itself",
	"boringssl-chain/target-eku-none/clientauth":                          "the leaf must list the extended key usage itself",
	"boringssl-chain/target-eku-none/serverauth":                          "the leaf must list the extended key usage itself",
	"boringssl-chain/target-has-ca-basic-constraints/main":                "the leaf is a CA certificate, which does not sign tokens",
	"apple/chain/apple_chain_is_valid_with_ocsp_and_strict":               "the leaf lists no extended key usage",
}

// chainReasons are the errors for which held cases are refused, by the first
// prefix that fits.
var chainReasons = []struct {
	prefix string
	want   []error
}{
	{"limbo/cve::", []error{stapled.ChainUntrusted}},
	{"limbo/pathlen::", []error{stapled.ChainUntrusted}},
	{"limbo/pathological::", []error{stapled.ChainUntrusted}},
	{"limbo/rfc5280::aki::", []error{errParse}},
	{"limbo/rfc5280::eku::", []error{stapled.KeyUsage}},
	{"limbo/rfc5280::nc::invalid-ipv", []error{errParse}},
	{"limbo/rfc5280::nc::", []error{stapled.ChainUntrusted}},
	{"limbo/rfc5280::san::", []error{errParse}},
	{"limbo/rfc5280::ski::", []error{errParse}},
	{"limbo/rfc5280::validity::expired", []error{stapled.CertificateExpired}},
	{"limbo/rfc5280::validity::not", []error{stapled.CertificateNotYetValid}},
	{"limbo/rfc5280::root-missing-basic-constraints", []error{errAnchor}},
	{"limbo/rfc5280::", []error{errParse, stapled.ChainUntrusted}},
	{"limbo/webpki::forbidden-", []error{errParse, stapled.AlgorithmRejected}},
	{"limbo/webpki::cryptographydotio", []error{stapled.ChainUntrusted}},
	{"limbo/webpki::", []error{errParse}},
	{"boringssl-chain/expired-", []error{stapled.CertificateExpired, stapled.CertificateNotYetValid}},
	{"boringssl-chain/intermediate-eku-mlsclientauth/", []error{stapled.ChainUntrusted}},
	{"boringssl-chain/intermediate-eku-server-gated-crypto/sha1", []error{stapled.AlgorithmRejected}},
	{"boringssl-chain/intermediate-eku-", []error{stapled.KeyUsage}},
	{"boringssl-chain/intermediate-invalid-spki/", []error{stapled.AlgorithmRejected}},
	{"boringssl-chain/intermediate-signed-with-sha1/", []error{stapled.AlgorithmRejected}},
	{"boringssl-chain/target-eku-", []error{stapled.KeyUsage}},
	{"boringssl-chain/", []error{stapled.ChainUntrusted}},
	{"apple/chain/invalid_data", []error{stapled.Malformed}},
	{"apple/chain/chain_different_than_root", []error{stapled.ChainUntrusted}},
	{"apple/chain/valid_expired", []error{stapled.CertificateExpired}},
	{"apple/chain/", []error{stapled.KeyUsage}},
}

func (c *chainCase) wanted() []error {
	for _, reason := range chainReasons {
		if strings.HasPrefix(c.Name, reason.prefix) {
			return reason.want
		}
	}
	return nil
}

// The third-party chains. The cases that the suites recommend for it are held
// against their expectation; the others are recorded.
func TestVectorChains(t *testing.T) {
	names := make(map[string]bool)
	for _, file := range []string{"x509-limbo.json", "chain-boringssl.json", "apple-x5c.json"} {
		suite := vectors.Load[chainCase](t, file)
		held, others := vectors.NewTally(suite, "held"), vectors.NewTally(suite, "others")
		for _, c := range suite.Cases {
			if c.Kind == "jws" {
				continue // for package verifier
			}
			names[c.Name] = true
			t.Run(c.Name, func(t *testing.T) {
				err := c.evaluate(t)
				outcome := map[bool]string{true: "valid", false: "invalid"}[err == nil]
				if !c.held() {
					others.Observe(c.Name, c.Expected, outcome, fmt.Sprintf("%s: %v", c.Relevance, cmp.Or(err, errAccepted)))
					return
				}
				held.Add(t, c.Name, c.Expected, outcome, chainDisagreements)
				if c.Expected == "invalid" && !isOneOf(err, c.wanted()) {
					t.Errorf("refused, but not for one of %q: %v", c.wanted(), err)
				}
			})
		}
		held.Write(t)
		others.Write(t)
	}
	vectors.CheckListed(t, chainDisagreements, names)
	if want := 125 + 130 + 6; len(names) != want {
		t.Errorf("%d cases, not %d", len(names), want)
	}
}

func isOneOf(err error, list []error) bool {
	for _, want := range list {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}
