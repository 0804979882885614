// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled/internal/strictjson"
	"github.com/stapledjwt/stapled/internal/testca"
)

// acceptable is a token that must be accepted. What is left out is as in the world.
type acceptable struct {
	name   string
	party  func(*world) *testca.Party
	anchor func(*testca.Party) *testca.Party // of the party; its root by default
	// staples edits the staple of each certificate that needs one.
	staples func(p *testca.Party, r *testca.Response)
	all     bool // every certificate has a staple
	edit    edit
	after   func(raw string) string
	config  func(*Config)
}

func keyed(kind testca.Kind) func(*world) *testca.Party { return leafOf(testca.Keyed(kind)) }

// allOf is a chain all of whose keys are of a kind.
func allOf(kind testca.Kind) func(*world) *testca.Party {
	return func(*world) *testca.Party {
		return testca.New(testca.Keyed(kind)).Intermediate(testca.Keyed(kind)).Leaf(testca.Keyed(kind))
	}
}

func signedAs(alg string) edit {
	return func(_ *world, t *testca.Token) {
		t.Header.Set("alg", alg)
		t.Alg = alg
	}
}

func byAlgorithm(kind testca.Kind, alg x509.SignatureAlgorithm) acceptable {
	return acceptable{name: "staple signed by " + alg.String(), party: allOf(kind), staples: func(_ *testca.Party, r *testca.Response) {
		r.Algorithm = alg
	}}
}

func certID(hash crypto.Hash) acceptable {
	return acceptable{name: "CertID by " + hash.String(), staples: func(p *testca.Party, r *testca.Response) {
		r.Singles[0] = testca.NewSingle(p.Cert, p.Issuer.Cert, hash)
	}}
}

func claim(name, claim string, value any) acceptable {
	return acceptable{name: name, edit: setClaim(claim, value)}
}

func header1(name, member string, value any) acceptable {
	return acceptable{name: name, edit: setHeader(member, value)}
}

func top(p *testca.Party) *testca.Party {
	for p.Issuer != nil {
		p = p.Issuer
	}
	return p
}

func deep(cas int) func(*world) *testca.Party {
	return func(w *world) *testca.Party {
		p := w.root
		for i := range cas {
			p = p.Intermediate(testca.Named("Level " + string(rune('1'+i))))
		}
		return p.Leaf()
	}
}

var acceptables = []acceptable{
	{name: "as the issuer makes it"},
	{name: "P-256 ES256", party: keyed(testca.P256)},
	{name: "P-384 ES384", party: keyed(testca.P384)},
	{name: "P-521 ES512", party: keyed(testca.P521)},
	{name: "Ed25519 EdDSA", party: keyed(testca.Ed25519)},
	{name: "RSA RS256", party: keyed(testca.RSA2048)},
	{name: "RSA RS384", party: keyed(testca.RSA2048), edit: signedAs("RS384")},
	{name: "RSA RS512", party: keyed(testca.RSA2048), edit: signedAs("RS512")},
	{name: "RSA PS256", party: keyed(testca.RSA2048), edit: signedAs("PS256")},
	{name: "RSA PS384", party: keyed(testca.RSA2048), edit: signedAs("PS384")},
	{name: "RSA PS512", party: keyed(testca.RSA2048), edit: signedAs("PS512")},
	{name: "all P-256", party: allOf(testca.P256)},
	{name: "all P-384", party: allOf(testca.P384)},
	{name: "all P-521", party: allOf(testca.P521)},
	{name: "all Ed25519", party: allOf(testca.Ed25519)},
	{name: "all RSA", party: allOf(testca.RSA2048)},
	{name: "the other ECDSA signature of the same r", after: func(raw string) string {
		i := strings.LastIndexByte(raw, '.')
		signature, err := base64.RawURLEncoding.DecodeString(raw[i+1:])
		if err != nil {
			panic(err)
		}
		n := theWorld().leaf.Key.Public().(*ecdsa.PublicKey).Params().N
		s := new(big.Int).SetBytes(signature[32:])
		s.Sub(n, s).FillBytes(signature[32:])
		return raw[:i+1] + base64.RawURLEncoding.EncodeToString(signature)
	}},

	byAlgorithm(testca.P256, x509.ECDSAWithSHA256), byAlgorithm(testca.P256, x509.ECDSAWithSHA512),
	byAlgorithm(testca.P384, x509.ECDSAWithSHA384), byAlgorithm(testca.P521, x509.ECDSAWithSHA512),
	byAlgorithm(testca.RSA2048, x509.SHA256WithRSA), byAlgorithm(testca.RSA2048, x509.SHA384WithRSA),
	byAlgorithm(testca.RSA2048, x509.SHA512WithRSA), byAlgorithm(testca.RSA2048, x509.SHA256WithRSAPSS),
	byAlgorithm(testca.RSA2048, x509.SHA384WithRSAPSS), byAlgorithm(testca.RSA2048, x509.SHA512WithRSAPSS),
	byAlgorithm(testca.Ed25519, x509.PureEd25519),
	certID(crypto.SHA1), certID(crypto.SHA256), certID(crypto.SHA384), certID(crypto.SHA512),
	{name: "ResponderID by key", staples: func(p *testca.Party, r *testca.Response) { r.ResponderID = testca.ByKey(p.Issuer.Cert) }},
	{name: "staple that embeds the issuer", staples: func(p *testca.Party, r *testca.Response) {
		r.Certificates = []*x509.Certificate{p.Issuer.Cert}
	}},
	{name: "staple by a delegate", staples: func(p *testca.Party, r *testca.Response) {
		delegate := p.Issuer.Delegate()
		testca.SignedBy(delegate, delegate.Cert)(r)
	}},
	{name: "staple by a delegate named by key", staples: func(p *testca.Party, r *testca.Response) {
		delegate := p.Issuer.Delegate()
		testca.SignedBy(delegate, delegate.Cert)(r)
		r.ResponderID = testca.ByKey(delegate.Cert)
	}},
	{name: "staple by a delegate that is not embedded first", staples: func(p *testca.Party, r *testca.Response) {
		delegate := p.Issuer.Delegate()
		testca.SignedBy(delegate, p.Issuer.Cert, delegate.Cert)(r)
	}},
	{name: "staple produced 59 seconds before thisUpdate", staples: func(_ *testca.Party, r *testca.Response) {
		r.ProducedAt = r.Singles[0].ThisUpdate.Add(-59 * time.Second)
	}},
	{name: "staple with extensions", staples: func(_ *testca.Party, r *testca.Response) {
		r.Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Value: []byte{4, 1, 7}}}
		r.Singles[0].Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 55555, 3}, Value: []byte{5, 0}}}
	}},
	{name: "staple from the future within the leeway", staples: func(_ *testca.Party, r *testca.Response) {
		r.ProducedAt = testca.Now.Add(time.Minute)
		r.Singles[0].ThisUpdate = r.ProducedAt
	}},

	{name: "leaf directly below the anchor", party: func(w *world) *testca.Party { return w.root.Leaf() }},
	{name: "leaf directly below the anchor, all staples", party: func(w *world) *testca.Party { return w.root.Leaf() }, all: true,
		config: func(cfg *Config) { cfg.StapleChain = true }},
	{name: "an intermediate is the anchor", anchor: func(p *testca.Party) *testca.Party { return p.Issuer },
		party: func(w *world) *testca.Party {
			// The chain ends where the anchor begins.
			return (&testca.Party{Cert: w.intermediate.Cert, Key: w.intermediate.Key}).Leaf()
		}},
	{name: "three CAs below the anchor", party: deep(3)},
	{name: "five certificates", party: deep(4)},
	{name: "all staples, that of the intermediate by the root", all: true, config: func(cfg *Config) { cfg.StapleChain = true }},
	{name: "all staples of three CAs", party: deep(3), all: true, config: func(cfg *Config) { cfg.StapleChain = true }},
	{name: "all staples by delegates", all: true, config: func(cfg *Config) { cfg.StapleChain = true }, staples: func(p *testca.Party, r *testca.Response) {
		delegate := p.Issuer.Delegate()
		testca.SignedBy(delegate, delegate.Cert)(r)
	}},
	{name: "a staple of the intermediate that nobody asked for", all: true},
	{name: "two anchors of one name", config: func(cfg *Config) {
		cfg.Anchors = anchors(testca.New(testca.WithKey(testca.Key(testca.P256, "attacker"))), theWorld().root)
	}},
	{name: "two anchors of one name and no key identifier", party: func(*world) *testca.Party {
		return namesakes()[1].Intermediate(func(t *testca.Template) { t.NoAuthorityKeyID = true }).Leaf()
	}, config: func(cfg *Config) { cfg.Anchors = anchors(namesakes()...) }},
	{name: "path length 0", party: below(func(t *testca.Template) { t.MaxPathLenZero = true })},
	{name: "path length 1", party: func(w *world) *testca.Party {
		return w.root.Intermediate(func(t *testca.Template) { t.MaxPathLen = 1 }).Intermediate(testca.Named("Issuing")).Leaf()
	}},
	{name: "name constraint kept", party: below(func(t *testca.Template) {
		t.PermittedDNSDomainsCritical, t.PermittedDNSDomains = true, []string{"test.example"}
		t.ExcludedURIDomains = []string{"elsewhere.example"}
	})},
	{name: "leaf of 64 names", party: leafOf(func(t *testca.Template) {
		t.DNSNames = slices.Repeat([]string{"client.test.example"}, 64-len(t.URIs))
	})},
	{name: "intermediate for clientAuth", party: below(usages(x509.ExtKeyUsageClientAuth))},
	{name: "intermediate for any usage", party: below(usages(x509.ExtKeyUsageAny))},
	{name: "leaf for more usages", party: leafOf(usages(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth))},
	{name: "serverAuth where that is configured", party: leafOf(usages(x509.ExtKeyUsageServerAuth)),
		config: func(cfg *Config) { cfg.KeyUsage = x509.ExtKeyUsageServerAuth }},
	{name: "intermediate without keyUsage", party: below(func(t *testca.Template) { t.KeyUsage = 0 })},
	{name: "intermediate that is self-issued", party: func(w *world) *testca.Party { return w.intermediate.Intermediate().Leaf() }},
	{name: "leaf of the same key as another", party: func(w *world) *testca.Party { return w.intermediate.Leaf() }},
	{name: "leaf with another signature", party: func(w *world) *testca.Party {
		return &testca.Party{Cert: mauled(w.leaf.Cert, w.intermediate), Key: w.leaf.Key, Issuer: w.intermediate}
	}},

	{name: "no kid", edit: dropHeader("kid")},
	{name: "x5t#S256", edit: func(w *world, t *testca.Token) { t.Header.Add("x5t#S256", kidOf(w.leaf)) }},
	{name: "x5t#S256 and no kid", edit: func(w *world, t *testca.Token) {
		t.Header.Drop("kid")
		t.Header.Add("x5t#S256", kidOf(w.leaf))
	}},
	{name: "unknown header members", edit: func(_ *world, t *testca.Token) {
		t.Header.Add("cty", "x")
		t.Header.Add("exp", nil)
		t.Header.Add("https://test.example/x", json.RawMessage(`{"jwk":1,"alg":["none"],"A":1,"a":2}`))
	}},
	{name: "white space in the JSON", edit: func(w *world, t *testca.Token) {
		headerText(func(s string) string { return " \t" + strings.ReplaceAll(s, ",", " ,\r\n") + "\n" })(w, t)
		claimsText(func(s string) string { return strings.ReplaceAll(s, `":`, `" : `) + " " })(w, t)
	}},
	{name: "escaped names", edit: func(w *world, t *testca.Token) {
		headerText(func(s string) string { return strings.Replace(s, `"alg"`, `"\u0061l\u0067"`, 1) })(w, t)
		claimsText(func(s string) string { return strings.Replace(s, `"iss":"spiffe://`, `"\u0069ss":"spiffe:\/\u002f`, 1) })(w, t)
	}},
	{name: "members in another order", edit: func(_ *world, t *testca.Token) {
		for i, j := 0, len(t.Header)-1; i < j; i, j = i+1, j-1 {
			t.Header[i], t.Header[j] = t.Header[j], t.Header[i]
		}
	}},
	header1("typ in upper case", "typ", "STAPLED+JWT"),
	header1("typ with application/", "typ", "application/stapled+jwt"),
	header1("typ with APPLICATION/", "typ", "APPLICATION/Stapled+Jwt"),
	{name: "typ as configured", edit: setHeader("typ", "JWT"), config: func(cfg *Config) { cfg.Type = "jwt" }},
	{name: "typ configured with application/", config: func(cfg *Config) { cfg.Type = "application/stapled+jwt" }},
	{name: "alg as configured", config: func(cfg *Config) { cfg.Algorithms = []string{string(jose.EdDSA), string(jose.ES256)} }},

	claim("iss a DNS name", "iss", "client.test.example"),
	claim("iss https", "iss", "https://client.test.example"),
	claim("iss https and a slash", "iss", "https://client.test.example/"),
	claim("iss https and a path", "iss", "https://client.test.example/tenant/1"),
	claim("iss a URI", "iss", "spiffe://test.example/client"),
	{name: "iss of a leaf with DNS names only", party: leafOf(named("", "only.test.example"))},
	{name: "iss among the issuers configured", edit: setClaim("iss", "https://client.test.example/a"), config: func(cfg *Config) {
		cfg.Issuers = []string{"https://elsewhere.example", "https://client.test.example/a"}
	}},
	claim("aud an array", "aud", []string{"payments", "orders"}),
	claim("aud an array of one", "aud", []string{"orders"}),
	claim("aud an array of 64", "aud", strings.Split(strings.Repeat("a,", 63)+"orders", ",")),
	claim("aud escaped", "aud", json.RawMessage(`"order\u0073"`)),
	claim("sub", "sub", "user"),
	claim("sub empty", "sub", ""),
	claim("nbf within the leeway", "nbf", unix(time.Minute)),
	claim("iat within the leeway", "iat", unix(time.Minute)),
	{name: "the longest life", edit: period(0, time.Hour)},
	claim("a claim of any type", "roles", json.RawMessage(`[{"a":{"b":[1.5e3,null,true]}}]`)),
	{name: "64 claims", edit: func(_ *world, t *testca.Token) {
		for i := len(t.Claims); i < strictjson.MaxMembers; i++ {
			t.Claims.Add(fmt.Sprint("claim", i), i)
		}
	}},
}

// namesakes are two roots of one name that have different keys.
func namesakes() []*testca.Party {
	first := testca.New(testca.Named("Namesake"), testca.WithKey(testca.Key(testca.P256, "first namesake")))
	return []*testca.Party{first, testca.New(testca.Named("Namesake"))}
}
