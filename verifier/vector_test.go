// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto"
	"crypto/x509"
	"errors"
	"hash"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/vectors"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// jwsCase is a JWS and the key to verify it with.
type jwsCase struct {
	Name     string      `json:"name"`
	JWS      string      `json:"jws"`
	SPKI     vectors.DER `json:"spki"`
	Expected string      `json:"expected"`
}

// jwsSigner takes a JWS through steps 1 to 3, with a key instead of x5c. It
// skips the rules on typ and x5c.
func jwsSigner(raw string, key crypto.PublicKey) (*signer, compact, error) {
	t, err := split(raw)
	if err != nil {
		return nil, t, err
	}
	text, err := appendSegment(nil, t.header)
	if err != nil {
		return nil, t, reject(stapled.Malformed, "header: %w", err)
	}
	h, err := parseHeader(string(text))
	if err != nil {
		return nil, t, err
	}
	anyType := view{ViewConfig: ViewConfig{Type: h.typ}}
	h.hasTyp = true
	if len(h.x5c) == 0 {
		h.x5c = []string{"the key is given"}
	}
	alg, err := h.check(&anyType, algorithmNames())
	if err != nil {
		return nil, t, err
	}
	if err := certkey.Check(key); err != nil {
		return nil, t, err
	}
	s, err := newSigner(key, alg)
	if err != nil {
		return nil, t, err
	}
	return s, t, s.begin(t.header, nil)
}

// verifyJWS verifies a JWS with a new header, up to step 5.
func verifyJWS(raw string, key crypto.PublicKey) error {
	s, t, err := jwsSigner(raw, key)
	if err != nil {
		return err
	}
	decoded, err := t.decode(new(scratch))
	if err != nil {
		return err
	}
	return s.verify(t, decoded)
}

// verifyWarmJWS makes Verify verify a JWS with a cached header. Its staple has
// unknown status, so a good signature ends in step 6.
func verifyWarmJWS(raw string, key crypto.PublicKey) error {
	s, t, err := jwsSigner(raw, key)
	if err != nil {
		return err
	}
	v, err := New(theWorld().config(&clock{testca.Now}))
	if err != nil {
		return err
	}
	v.rememberHeader(&provenHeader{
		segment: t.header, typ: v.view.Type, signer: s, staples: []provenStaple{{staple: new(ocspstaple.Staple)}},
		window: certpath.Window{NotBefore: testca.Now, NotAfter: testca.Now},
	})
	if _, err = v.Verify(raw); errors.Is(err, stapled.StapleUnknown) {
		return nil
	}
	return err
}

// runs are the two ways to verify a JWS.
var runs = map[string]func(raw string, key crypto.PublicKey) error{"first-sight": verifyJWS, "warm": verifyWarmJWS}

const (
	noPayload = "the payload of a JWT is a JSON object, so an empty segment is refused (step 1)"
	keyAlg    = "the alg member of the JWK restricts the key, and x5c carries no JWK; with us Config.Algorithms restricts"
	keyUse    = "the use or key_ops member of the JWK restricts the key, and x5c carries no JWK; with us the certificate does (step 4)"
)

var jwsDisagreements = vectors.Disagreements{
	"wycheproof/signature/259": noPayload,
	"wycheproof/signature/264": noPayload,
	"wycheproof/signature/272": noPayload,
	"wycheproof/signature/320": noPayload,
	"wycheproof/signature/325": noPayload,
	"wycheproof/signature/332": keyAlg,
	"wycheproof/signature/334": keyAlg,
	"wycheproof/signature/336": keyAlg,
	"wycheproof/signature/340": keyAlg,
	"wycheproof/signature/353": keyUse,
	"wycheproof/signature/356": keyUse,
	"wycheproof/key/6":         keyUse,
	"wycheproof/key/19":        keyAlg,
	"wycheproof/key/21":        keyUse,
}

// outcomeOf translates an error into the terms of the suites.
func outcomeOf(err error) string {
	if err != nil {
		return "invalid"
	}
	return "valid"
}

func TestVectorJWSWycheproof(t *testing.T) {
	suite := vectors.Load[jwsCase](t, "jws-wycheproof.json")
	names := make(map[string]bool)
	for run, verify := range runs {
		tally := vectors.NewTally(suite, run)
		for _, c := range suite.Cases {
			names[c.Name] = true
			t.Run(run+"/"+c.Name, func(t *testing.T) {
				key, err := x509.ParsePKIXPublicKey(c.SPKI)
				if err == nil {
					err = verify(c.JWS, key)
				}
				tally.Add(t, c.Name, c.Expected, outcomeOf(err), jwsDisagreements)
			})
		}
		tally.Write(t)
	}
	vectors.CheckListed(t, jwsDisagreements, names)
}

// rawCase is a signature as JWS has it, over any message.
type rawCase struct {
	Name     string                  `json:"name"`
	Alg      jose.SignatureAlgorithm `json:"alg"`
	SPKI     vectors.DER             `json:"spki"`
	Message  vectors.DER             `json:"msg"`
	Sig      vectors.DER             `json:"sig"`
	Expected string                  `json:"expected"`
}

// verify uses the first bytes of the message as the header. If they are cached,
// another message was verified before, and refused.
func (c *rawCase) verify(header int, warm bool) error {
	key, err := x509.ParsePKIXPublicKey(c.SPKI)
	if err != nil {
		return err
	}
	s, err := newSigner(key, c.Alg)
	if err != nil {
		return err
	}
	if s.hash != 0 {
		s.prefix = s.hash.New().(hash.Cloner)
		s.prefix.Write(c.Message[:header])
	}
	t := compact{header: string(c.Message[:header]), payload: string(c.Message[header:]), input: string(c.Message)}
	decoded := segments{signature: c.Sig, end: make([]byte, 0, 1<<12)}
	if warm {
		other := t
		other.payload, other.input = "b3RoZXI", t.header+"b3RoZXI"
		_ = s.verify(other, decoded)
	}
	return s.verify(t, decoded)
}

// rawDisagreements: none.
var rawDisagreements vectors.Disagreements

func TestVectorJWSRawWycheproof(t *testing.T) {
	suite := vectors.Load[rawCase](t, "jws-wycheproof-raw.json")
	names := make(map[string]bool)
	for run, warm := range map[string]bool{"first-sight": false, "warm": true} {
		tally := vectors.NewTally(suite, run)
		for _, c := range suite.Cases {
			names[c.Name] = true
			t.Run(run+"/"+c.Name, func(t *testing.T) {
				header := 0
				if warm {
					header = len(c.Message) / 2
				}
				err := c.verify(header, warm)
				tally.Add(t, c.Name, c.Expected, outcomeOf(err), rawDisagreements)
			})
		}
		tally.Write(t)
	}
	vectors.CheckListed(t, rawDisagreements, names)
}

// appleCase is a chain, or a JWS with a chain in x5c.
type appleCase struct {
	Name     string      `json:"name"`
	Kind     string      `json:"kind"`
	JWS      string      `json:"jws"`
	Anchor   vectors.DER `json:"trust_anchor"`
	Time     time.Time   `json:"evaluation_time"`
	Expected string      `json:"expected"`
}

var appleDisagreements = vectors.Disagreements{
	"apple/jws/renewalInfo":     "x5c ends with the anchor, which the format leaves out",
	"apple/jws/transactionInfo": "the certificate that issued the leaf is no CA",
	"apple/jws/wrongBundleId":   "x5c ends with the anchor, which the format leaves out",
}

func TestVectorJWSApple(t *testing.T) {
	suite := vectors.Load[appleCase](t, "apple-x5c.json")
	names := make(map[string]bool)
	tally := vectors.NewTally(suite, "token")
	for _, c := range suite.Cases {
		if c.Kind != "jws" {
			continue // package certs runs the chains
		}
		names[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			anchor, err := x509.ParseCertificate(c.Anchor)
			if err != nil {
				t.Fatal(err)
			}
			set, err := certs.NewAnchors(anchor)
			if err != nil {
				t.Fatal(err)
			}
			v := newVerifier(t, Config{Anchors: set, Audience: "com.example", Type: "JWT", Now: func() time.Time { return c.Time }})
			_, err = v.Verify(c.JWS)
			tally.Add(t, c.Name, c.Expected, outcomeOf(err), appleDisagreements)
		})
	}
	tally.Write(t)
	vectors.CheckListed(t, appleDisagreements, names)
}

// TestVectorJWSAppleSignature checks what the tokens of the suite have in
// common with ours against the suite's expectations: a signature by the key of
// x5c[0].
func TestVectorJWSAppleSignature(t *testing.T) {
	suite := vectors.Load[appleCase](t, "apple-x5c.json")
	known := vectors.Disagreements{
		"apple/jws/xcode-signed-transaction":  "the signature is good, and the chain is not looked at here",
		"apple/jws/xcode-signed-renewal-info": "the signature is good, and the chain is not looked at here",
	}
	names := make(map[string]bool)
	for run, verify := range runs {
		tally := vectors.NewTally(suite, "signature-"+run)
		for _, c := range suite.Cases {
			if c.Kind != "jws" {
				continue
			}
			names[c.Name] = true
			t.Run(run+"/"+c.Name, func(t *testing.T) {
				key, err := embeddedKey(c.JWS)
				if err == nil {
					err = verify(c.JWS, key)
				}
				tally.Add(t, c.Name, c.Expected, outcomeOf(err), known)
			})
		}
		tally.Write(t)
	}
	vectors.CheckListed(t, known, names)
}

// embeddedKey is the key of x5c[0].
func embeddedKey(raw string) (crypto.PublicKey, error) {
	t, err := split(raw)
	if err != nil {
		return nil, err
	}
	text, err := appendSegment(nil, t.header)
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(string(text))
	if err != nil {
		return nil, err
	}
	chain, err := certx5c.Parse(h.x5c)
	if err != nil {
		return nil, err
	}
	if len(chain) == 0 {
		return nil, stapled.ChainInvalid
	}
	return chain[0].PublicKey, nil
}
