// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"cmp"
	"crypto/x509"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/vectors"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var ocspSuites = []string{
	"ocsp-boringssl.json", "ocsp-openssl.json", "ocsp-awslc-s2n.json", "ocsp-mozpkix.json", "ocsp-pyhanko.json",
}

// ocspCases is the number of cases in all suites, so that none can get lost
// silently.
const ocspCases = 138

type ocspCase struct {
	Name     string      `json:"name"`
	Class    string      `json:"class"`
	Cert     vectors.DER `json:"cert"`
	Issuer   vectors.DER `json:"issuer"`
	Response vectors.DER `json:"ocsp_response"`
	Time     time.Time   `json:"evaluation_time"`
	MaxAge   int64       `json:"max_age_seconds"`
	Expected string      `json:"expected"`
	Needs    []string    `json:"policy_needed"`
	// Isolates is false if the response has no valid signature, so the case
	// does not prove the check that its class is named after.
	Isolates *bool `json:"isolates_class"`
	// The staples of a whole path.
	Chain     []vectors.DER `json:"chain"`
	Anchor    vectors.DER   `json:"trust_anchor"`
	Staples   []vectors.DER `json:"all_staples"`
	WholePath string        `json:"expected_whole_path"`
}

// The third-party cases under our policy: cases that need a permissive switch
// are refused, and all others have the suite's result.
func TestVectorOCSPPolicy(t *testing.T) {
	known := vectors.Disagreements{}
	for _, name := range []string{
		"awslc/ocsp_response_revoked_sha256+rsa_cert",
		"awslc/time_sha256/valid_after_ocsp_update_time",
		"awslc/time_sha256/valid_before_ocsp_expire_time",
		"s2n/offset_2", "s2n/offset_3", "s2n/offset_5",
	} {
		known[name] = "the responder's certificate lacks id-pkix-ocsp-nocheck, and nobody could look up whether it is revoked (RFC 6960 §4.2.2.2.1)"
	}
	for _, name := range []string{
		"mozpkix/DelegatedResponder/good_byKey", "mozpkix/DelegatedResponder/good_byName", "mozpkix/GetCertTrust/InheritTrust",
	} {
		known[name] = "the responder's certificate has no key usage, where RFC 5280 §4.2.1.3 wants digitalSignature, and lacks id-pkix-ocsp-nocheck"
	}
	runOCSP(t, "policy", known, func(t *testing.T, c *ocspCase, y *vectors.Tally) {
		got, err := c.evaluate(t, allowance{})
		t.Logf("expected %s, got %s: %v", c.Expected, got, err)
		if len(c.Needs) > 0 && c.Expected != "reject" {
			y.AddPolicy(t, c.Name, strings.Join(c.Needs, ", "), got)
			return
		}
		y.Add(t, c.Name, c.Expected, got, known)
	})
}

// The same cases with the switches they need: each must have the suite's
// result, and be refused for the reason it was made for.
func TestVectorOCSPSwitches(t *testing.T) {
	known := vectors.Disagreements{
		"boringssl/multiple_response": "two SingleResponses that contradict each other are refused as malformed, not weighed against each other (RFC 9919 §3.2.1)",
	}
	runOCSP(t, "switches", known, func(t *testing.T, c *ocspCase, y *vectors.Tally) {
		got, err := c.evaluate(t, c.allowance(t))
		t.Logf("expected %s, got %s: %v", c.Expected, got, err)
		y.Add(t, c.Name, c.Expected, got, known)
		if c.Expected != "reject" || c.Isolates != nil && !*c.Isolates {
			return
		}
		reasons := classReasons[c.Class]
		if other, ok := caseReasons[c.Name]; ok {
			reasons = []stapled.Reason{other}
		}
		if !slices.ContainsFunc(reasons, func(r stapled.Reason) bool { return errors.Is(err, r) }) {
			t.Errorf("class %s must give one of %v: %v", c.Class, reasons, err)
		}
	})
}

// classReasons are the reasons for refusing the cases of a class.
var classReasons = map[string][]stapled.Reason{
	"bad-response-type":      {stapled.StapleMalformed},
	"bad-signature":          {stapled.StapleUntrusted},
	"certid-hash":            {stapled.StapleMalformed, stapled.StapleMismatch},
	"certid-mismatch":        {stapled.StapleMismatch},
	"critical-extension":     {stapled.StapleMalformed},
	"error-status":           {stapled.StapleMalformed},
	"freshness":              {stapled.StapleNotYetValid, stapled.StapleStale},
	"malformed":              {stapled.StapleMalformed},
	"no-single-response":     {stapled.StapleMalformed},
	"produced-at":            {stapled.StapleMalformed},
	"responder-cert-missing": {stapled.StapleUntrusted},
	"responder-expired":      {stapled.StapleUntrusted},
	"responder-unauthorised": {stapled.StapleUntrusted},
	"weak-algorithm":         {stapled.StapleUntrusted},
	"wrong-issuer":           {stapled.StapleMismatch},
}

// caseReasons are the reasons for cases in which one of our earlier checks
// fails on something that the case was not made for.
var caseReasons = map[string]stapled.Reason{
	"boringssl/other_response":  stapled.StapleMalformed, // several SingleResponses
	"boringssl/stale_response":  stapled.StapleMalformed, // producedAt before thisUpdate
	"boringssl/future_response": stapled.StapleMalformed, // producedAt before thisUpdate
	"s2n/expired_2250":          stapled.StapleUntrusted, // the responder's certificate has expired too
	"s2n/wrong_signer":          stapled.StapleMismatch,  // for another serial number
}

// If a suite gives a staple for every certificate of a path, all of them must
// be good.
func TestVectorOCSPWholePath(t *testing.T) {
	known := vectors.Disagreements{
		"pyhanko/delegated_with_intermediate_success": "the suite covers the intermediate by a CRL; a path has a staple for every certificate or is refused",
	}
	suite := vectors.Load[ocspCase](t, "ocsp-pyhanko.json")
	names := make(map[string]bool)
	tally := vectors.NewTally(suite, "whole-path")
	for _, c := range suite.Cases {
		if c.WholePath == "" {
			continue
		}
		names[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			path := append(slices.Clone(c.Chain), c.Anchor)
			outcome := "good"
			for i := range c.Chain {
				step := c
				step.Cert, step.Issuer, step.Response = path[i], path[i+1], nil
				if i < len(c.Staples) {
					step.Response = c.Staples[i]
				}
				got, err := step.evaluate(t, c.allowance(t))
				t.Logf("certificate %d: %s: %v", i, got, err)
				if got != "good" && outcome == "good" {
					outcome = got
				}
			}
			tally.Add(t, c.Name, c.WholePath, outcome, known)
		})
	}
	tally.Write(t)
	vectors.CheckListed(t, known, names)
}

func runOCSP(t *testing.T, run string, known vectors.Disagreements, judge func(*testing.T, *ocspCase, *vectors.Tally)) {
	names := make(map[string]bool)
	for _, file := range ocspSuites {
		suite := vectors.Load[ocspCase](t, file)
		tally := vectors.NewTally(suite, run)
		for _, c := range suite.Cases {
			names[c.Name] = true
			t.Run(c.Name, func(t *testing.T) { judge(t, &c, tally) })
		}
		tally.Write(t)
	}
	if len(names) != ocspCases {
		t.Errorf("%d cases, not %d", len(names), ocspCases)
	}
	vectors.CheckListed(t, known, names)
}

// allowance turns on the switches that the case names, and two that the suites
// do not name because none of them requires what they relax.
func (c *ocspCase) allowance(t *testing.T) allowance {
	allow := allowance{missingNoCheck: true, missingKeyUsage: true}
	for _, need := range c.Needs {
		switch need {
		case "allow-sha1-signature":
			allow.sha1Signature = true
		case "accept-missing-next-update":
			allow.missingNextUpdate = true
		case "accept-malformed-serial":
			allow.malformedSerial = true
		case "accept-fractional-seconds":
			allow.fractionalSeconds = true
		case "understand-sct-extension": // 1.3.6.1.4.1.11129.2.4.5
			allow.extension = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x05"
		case "clock-skew-24h":
			// Nothing in this package extends nextUpdate, not even for a test.
			c.Time = c.Time.Add(-24 * time.Hour)
		default:
			t.Fatalf("unknown switch %q", need)
		}
	}
	return allow
}

// evaluate returns the outcome in the terms of the suites.
func (c *ocspCase) evaluate(t *testing.T, allow allowance) (string, error) {
	issuer, err := x509.ParseCertificate(c.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	maxAge := time.Duration(cmp.Or(c.MaxAge*int64(time.Second), math.MaxInt64))
	staple, err := authenticate(c.Response, subjectOf(t, c.Cert), issuer, clock{c.Time, stapled.NoLeeway}, allow)
	if err == nil {
		err = staple.Check(c.Time, Freshness{MaxAge: maxAge, Leeway: stapled.NoLeeway})
	}
	switch {
	case err == nil:
		return "good", nil
	case errors.Is(err, stapled.CertificateRevoked):
		return "revoked", err
	case errors.Is(err, stapled.StapleUnknown):
		return "unknown", err
	}
	return "reject", err
}

// subjectOf parses a certificate, or the two fields of it that a CertID is
// compared with, because one suite has a serial number that crypto/x509 does
// not parse.
func subjectOf(t *testing.T, der []byte) *x509.Certificate {
	c, err := x509.ParseCertificate(der)
	if err == nil {
		return c
	}
	input := cryptobyte.String(der)
	var certificate, tbs, serial, issuer cryptobyte.String
	if !input.ReadASN1(&certificate, cbasn1.SEQUENCE) || !certificate.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(ocspwire.Tag(0)) || !tbs.ReadASN1(&serial, cbasn1.INTEGER) ||
		!tbs.SkipASN1(cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) {
		t.Fatal(err)
	}
	return &x509.Certificate{RawIssuer: issuer, SerialNumber: new(big.Int).SetBytes(serial)}
}
