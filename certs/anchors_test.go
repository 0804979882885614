// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/testca"
)

func anchorsOf(t *testing.T, list ...*x509.Certificate) *certs.Anchors {
	t.Helper()
	set, err := certs.NewAnchors(list...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func ending(end time.Time) testca.Edit { return testca.Valid(testca.Now.Add(-time.Hour), end) }

// namesake is a root of the usual name with a key of its own.
func namesake(key string) *testca.Party {
	return testca.New(testca.WithKey(testca.Key(testca.P256, key)))
}

func TestAnchorIsNameAndKey(t *testing.T) {
	root, other := testca.New(), testca.New(testca.Named("Other"))
	renewed := testca.New(ending(testca.Now.AddDate(20, 0, 0)))
	cross := other.Intermediate(testca.Named("Root"), testca.WithKey(root.Key), ending(testca.Now.AddDate(1, 0, 0)))
	twins := []*testca.Party{root, testca.New()} // they end together
	slices.SortFunc(twins, func(x, y *testca.Party) int {
		one, two := sha256.Sum256(x.Cert.Raw), sha256.Sum256(y.Cert.Raw)
		return bytes.Compare(one[:], two[:])
	})
	want := []*x509.Certificate{renewed.Cert, twins[0].Cert, twins[1].Cert, cross.Cert}
	given := []*x509.Certificate{root.Cert, cross.Cert, twins[0].Cert, twins[1].Cert, renewed.Cert, root.Cert}
	for range 20 {
		rand.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
		all := anchorsOf(t, given...).All()
		if len(all) != 1 || !slices.EqualFunc(all[0].Certificates(), want, (*x509.Certificate).Equal) {
			t.Fatalf("%d anchors; the certificates are not ordered by latest end, then digest", len(all))
		}
	}
	set := anchorsOf(t, root.Cert, other.Cert, namesake("second").Cert)
	id := set.All()[0].ID()
	if len(set.All()) != 3 || id.Subject != "CN=Root" || id.KeyDigest != sha256.Sum256(root.Cert.RawSubjectPublicKeyInfo) || id.Label != "" {
		t.Errorf("%d anchors, the first is %+v", len(set.All()), id)
	}
	if set.Of(renewed.Cert) != set.All()[0] || set.Of(testca.New(testca.Named("Other"), testca.WithKey(root.Key)).Cert) != nil || set.Of(namesake("third").Cert) != nil {
		t.Error("Of does not go by name and key")
	}
}

func TestAnchorsRefused(t *testing.T) {
	root, other := testca.New(), testca.New(testca.Named("Other"))
	renewed := testca.New(ending(testca.Now.AddDate(20, 0, 0)))
	list := func(scope []string, label string, parties ...*testca.Party) certs.AnchorConfig {
		cfg := certs.AnchorConfig{Scope: scope, Label: label}
		for _, p := range parties {
			cfg.Certificates = append(cfg.Certificates, p.Cert)
		}
		return cfg
	}
	a, b := []string{"a.example"}, []string{"a.example", "b.example"}
	const differ = `trust anchor "CN=Root": its name and key were given twice, with different scopes or labels: give each CA one scope and one label`
	keys := []*testca.Party{root, namesake("2"), namesake("3"), namesake("4")}
	for _, row := range []struct {
		name string
		list []certs.AnchorConfig
		says string // "" for none
	}{
		{"none", nil, "no trust anchor given"},
		{"no certificate", []certs.AnchorConfig{list(a, "a")}, "no trust anchor given"},
		{"nil", []certs.AnchorConfig{{Certificates: []*x509.Certificate{root.Cert, nil}}}, "trust anchor 1 is nil"},
		{"same scope", []certs.AnchorConfig{list(b, "", root), list([]string{"b.example", "a.example", "b.example"}, "", renewed)}, ""},
		{"another scope", []certs.AnchorConfig{list(a, "", root), list(b, "", renewed)}, differ},
		{"scope and none", []certs.AnchorConfig{list(a, "", root), list(nil, "", renewed)}, differ},
		{"none and scope", []certs.AnchorConfig{list(nil, "", root), list(a, "", renewed)}, differ},
		{"another scope, the same certificate", []certs.AnchorConfig{list(a, "", root), list(b, "", root)}, differ},
		{"another label", []certs.AnchorConfig{list(nil, "a", root), list(nil, "b", renewed)}, differ},
		{"label and none", []certs.AnchorConfig{list(nil, "a", root), list(nil, "", root)}, differ},
		{"another anchor, scope and label", []certs.AnchorConfig{list(a, "a", root), list(b, "b", other)}, ""},
		{"four keys of a name, with renewals", []certs.AnchorConfig{list(nil, "", append(keys, renewed, root, other)...)}, ""},
		{"five keys of a name", []certs.AnchorConfig{list(nil, "", append(keys, namesake("5"))...)}, "more than 4 keys of this name"},
		{"five keys of a name in two lists", []certs.AnchorConfig{list(nil, "", keys...), list(a, "", namesake("5"))}, "more than 4 keys of this name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			set, err := certs.NewScopedAnchors(row.list...)
			switch {
			case row.says == "" && err != nil:
				t.Error(err)
			case row.says != "" && (err == nil || set != nil || !strings.Contains(err.Error(), row.says)):
				t.Errorf("%v, %v", set, err)
			}
		})
	}
}

// TestKeyIdentifiers: whatever method a CA has used for the identifier of the
// anchor's key, that anchor comes first, and no other is left out.
func TestKeyIdentifiers(t *testing.T) {
	root, second := testca.New(), namesake("second")
	own := testca.New(func(c *testca.Template) { c.SubjectKeyId = []byte("the CA's own") })
	spki := root.Cert.RawSubjectPublicKeyInfo
	bits := spki[len(spki)-65:] // the point of a P-256 key
	first := sha1.Sum(bits)
	short := bytes.Clone(first[12:])
	short[0] = short[0]&0x0f | 0x40
	by256, by384, by512 := sha256.Sum256(bits), sha512.Sum384(bits), sha512.Sum512(bits)
	whole256, whole384, whole512 := sha256.Sum256(spki), sha512.Sum384(spki), sha512.Sum512(spki)
	for _, row := range []struct {
		name  string
		id    []byte
		means bool
	}{
		{"RFC 5280 (1)", first[:], true},
		{"RFC 5280 (2)", short, true},
		{"RFC 7093 (1)", by256[:20], true},
		{"RFC 7093 (2)", by384[:20], true},
		{"RFC 7093 (3)", by512[:20], true},
		{"RFC 7093 (4), SHA-256", whole256[:], true},
		{"RFC 7093 (4), SHA-384", whole384[:], true},
		{"RFC 7093 (4), SHA-512", whole512[:], true},
		{"the certificate's", root.Cert.SubjectKeyId, true},
		{"another certificate's", []byte("the CA's own"), true},
		{"unknown", []byte("unknown"), false},
		{"part of one", first[:19], false},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := root.Leaf(testca.WithKey(testca.Key(testca.P256, "leaf")), func(c *testca.Template) { c.AuthorityKeyId = row.id })
			leaf.Cert.AuthorityKeyId = row.id
			for _, order := range [][]*x509.Certificate{{root.Cert, own.Cert, second.Cert}, {second.Cert, own.Cert, root.Cert}} {
				set := anchorsOf(t, order...)
				issuers := set.IssuersOf(leaf.Cert)
				if meant := set.Of(root.Cert); len(issuers) != 2 || meant.HasKeyID(row.id) != row.means || row.means && issuers[0] != meant {
					t.Errorf("%d issuers; the anchor has this identifier: %t", len(issuers), meant.HasKeyID(row.id))
				}
				leaf.Cert.AuthorityKeyId = nil
				if len(set.IssuersOf(leaf.Cert)) != 2 {
					t.Error("an anchor is left out where there is no identifier")
				}
				leaf.Cert.AuthorityKeyId = row.id
			}
		})
	}
	if set := anchorsOf(t, root.Cert); set.All()[0].HasKeyID(nil) || set.All()[0].HasKeyID([]byte{}) {
		t.Error("no identifier means the anchor")
	}
}

func TestWarnings(t *testing.T) {
	root := testca.New()
	ca := root.Intermediate()
	renewed := root.Intermediate(ending(testca.Now.AddDate(2, 0, 0)))
	cross := testca.New(testca.Named("Other")).Intermediate(testca.Named("Root"), testca.WithKey(root.Key))
	const sentence = `the trust anchor "CN=Intermediate" is an intermediate: verifiers do not see its revocation, and ignore the constraints that "CN=Root" put on it`
	for _, row := range []struct {
		name string
		list []*x509.Certificate
		want []string
	}{
		{"root", []*x509.Certificate{root.Cert}, nil},
		{"intermediate", []*x509.Certificate{ca.Cert}, []string{sentence}},
		{"both", []*x509.Certificate{root.Cert, ca.Cert}, []string{sentence}},
		{"intermediate and its renewal", []*x509.Certificate{ca.Cert, renewed.Cert}, []string{sentence}},
		{"root and a cross-certificate for it", []*x509.Certificate{root.Cert, cross.Cert}, nil},
		{"cross-certificate", []*x509.Certificate{cross.Cert}, []string{strings.NewReplacer("CN=Root", "CN=Other", "CN=Intermediate", "CN=Root").Replace(sentence)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := anchorsOf(t, row.list...).Warnings(); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestHaveKeyOf(t *testing.T) {
	for _, kind := range testca.Kinds() {
		root := testca.New(testca.Keyed(kind))
		set := anchorsOf(t, testca.New(testca.Named("Other")).Cert, root.Cert)
		// The key is enough: the name may be another.
		if !set.HaveKeyOf(testca.New(testca.WithKey(root.Key), testca.Named("Another")).Cert) {
			t.Errorf("%s: the anchor's key is unknown", kind)
		}
		if set.HaveKeyOf(root.Leaf(testca.Keyed(kind)).Cert) || set.HaveKeyOf(new(x509.Certificate)) {
			t.Errorf("%s: another key, or none, is the anchor's", kind)
		}
	}
}

func TestZeroAnchors(t *testing.T) {
	leaf := testca.New().Leaf().Cert
	var set certs.Anchors
	if len(set.All())+len(set.Certificates())+len(set.Warnings())+len(set.IssuersOf(leaf)) > 0 || set.Of(leaf) != nil || set.HaveKeyOf(leaf) || set.Missing(leaf) == "" {
		t.Error("the zero Anchors trust something")
	}
	if _, err := certpath.Order(&set, []*x509.Certificate{leaf}); err != nil {
		t.Error(err)
	}
	var zero certs.Anchor
	if zero.CoversDNS("a.example") || zero.CoversURI("spiffe://a.example") || zero.HasKeyID([]byte{1}) || len(zero.Certificates())+len(zero.Scope()) > 0 || zero.ID() != (certs.AnchorID{}) {
		t.Error("the zero Anchor vouches for something")
	}
}

// TestMoreCertificatesNeverRefuse: an anchor accepts a path exactly if one of
// its certificates alone would. So adding one never turns an accept into a
// refusal, at any time.
func TestMoreCertificatesNeverRefuse(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	root := testca.New()
	leaves := []*testca.Party{root.Leaf(), root.Intermediate().Leaf(), root.Intermediate().Intermediate(testca.Named("Second")).Leaf()}
	accepts := func(list []*x509.Certificate, leaf *testca.Party, now time.Time) bool {
		ordered, err := certpath.Order(anchorsOf(t, list...), leaf.Chain())
		if err != nil {
			t.Fatal(err)
		}
		linked, err := ordered.Link(certpath.Rules{Now: now, KeyUsage: x509.ExtKeyUsageClientAuth}, nil)
		if err != nil {
			return false
		}
		_, err = linked.Path()
		return err == nil
	}
	accepted, refused := 0, 0
	for range 150 {
		var list []*x509.Certificate
		for range 1 + random.IntN(5) {
			list = append(list, testca.New(randomAnchor(random)).Cert)
		}
		leaf, now := leaves[random.IntN(len(leaves))], testca.Now.Add(time.Duration(random.IntN(6))*time.Hour)
		alone := 0
		for _, c := range list {
			if accepts([]*x509.Certificate{c}, leaf, now) {
				alone++
			}
		}
		if together := accepts(list, leaf, now); together != (alone > 0) {
			t.Fatalf("together: %t; alone: %d of %d accept", together, alone, len(list))
		}
		if alone == 0 {
			refused++
		} else if alone < len(list) {
			accepted++
		}
	}
	if accepted < 20 || refused < 10 {
		t.Errorf("%d sets have certificates of both kinds and %d only those that refuse: too few", accepted, refused)
	}
}

// randomAnchor varies everything in a certificate of an anchor that may refuse a
// path.
func randomAnchor(random *rand.Rand) testca.Edit {
	likely := func(n int) bool { return random.IntN(n) == 0 }
	return func(c *testca.Template) {
		c.NotBefore = testca.Now.Add(time.Duration(random.IntN(4)-2) * time.Hour)
		c.NotAfter = c.NotBefore.Add(time.Duration(1+random.IntN(8)) * time.Hour)
		c.SubjectKeyId = []byte(fmt.Sprint("by method ", random.IntN(3)))
		if likely(3) {
			c.MaxPathLen, c.MaxPathLenZero = random.IntN(2), true
		}
		if likely(4) {
			c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{[]string{"test.example", "other.example"}[random.IntN(2)]}, true
		}
		if likely(4) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{[]x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageAny}[random.IntN(3)]}
		}
		if likely(6) {
			c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}
	}
}
