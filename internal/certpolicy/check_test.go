// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpolicy_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/certpolicy"
	"github.com/stapledjwt/stapled/internal/testca"
)

const (
	required  = "requires a certificate policy"
	mapsAny   = "maps any-policy"
	malformed = "is malformed"
)

func edits(list ...testca.Edit) []testca.Edit { return list }

// path is a path of a leaf below CAs, the edits of the leaf first, and those
// of the anchor last.
func path(all ...[]testca.Edit) []*x509.Certificate {
	party := testca.New(all[len(all)-1]...)
	certs := []*x509.Certificate{party.Cert}
	for i := len(all) - 2; i >= 0; i-- {
		if i > 0 {
			party = party.Intermediate(append(edits(testca.Named(fmt.Sprintf("CA %d", i))), all[i]...)...)
		} else {
			party = party.Leaf(all[i]...)
		}
		certs = append([]*x509.Certificate{party.Cert}, certs...)
	}
	return certs
}

func raw(number int, critical bool, value ...byte) testca.Edit {
	return func(t *testca.Template) {
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, number}, Critical: critical, Value: value})
	}
}

func TestPolicies(t *testing.T) {
	p, anyPolicy := testca.Policy, testca.AnyPolicy
	has, require := testca.Policies, testca.PolicyConstraints(0, -1)
	mapping := func(from, to asn1.ObjectIdentifier) testca.Edit {
		return testca.PolicyMappings([2]asn1.ObjectIdentifier{from, to})
	}
	for _, row := range []struct {
		name string
		path []*x509.Certificate
		want string
	}{
		{"none", path(nil, nil, nil), ""},
		{"policies_that_nobody_requires", path(edits(has(p(1))), edits(has(p(2))), nil), ""},
		{"required_and_absent", path(nil, edits(require, has(p(1))), nil), required},
		{"required_and_present", path(edits(has(p(1))), edits(require, has(p(1))), nil), ""},
		{"required_and_another", path(edits(has(p(2))), edits(require, has(p(1))), nil), required},
		{"required_by_a_CA_without_one", path(edits(has(p(1))), edits(require), nil), required},
		{"required_by_the_leaf", path(edits(require), nil, nil), required},
		{"required_by_the_anchor", path(nil, nil, edits(require)), ""},
		{"policies_of_the_anchor", path(edits(has(p(1))), edits(require, has(p(1))), edits(has(p(2)))), ""},
		{"required_further_below", path(nil, edits(testca.PolicyConstraints(2, -1)), nil), ""},
		{"required_two_below", path(nil, nil, nil, edits(testca.PolicyConstraints(1, -1), has(p(1))), nil), required},
		{"required_three_below", path(nil, nil, nil, edits(testca.PolicyConstraints(2, -1), has(p(1))), nil), required},
		{"any_of_a_CA", path(edits(has(p(1))), edits(require, has(anyPolicy)), nil), ""},
		{"any_of_the_leaf", path(edits(has(anyPolicy)), edits(require, has(p(1))), nil), ""},
		{"any_of_the_leaf_inhibited", path(edits(has(anyPolicy)), edits(require, has(p(1)), testca.InhibitAnyPolicy(0)), nil), required},
		{"any_inhibited_one_below", path(edits(has(anyPolicy)), edits(has(p(1))), edits(require, has(p(1)), testca.InhibitAnyPolicy(1)), nil), required},
		{"mapped", path(edits(has(p(2))), edits(require, has(p(1)), mapping(p(1), p(2))), nil), ""},
		{"mapped_to_another", path(edits(has(p(3))), edits(require, has(p(1)), mapping(p(1), p(2))), nil), required},
		{"mapped_away", path(edits(has(p(1))), edits(require, has(p(1)), mapping(p(1), p(2))), nil), required},
		{"mapped_below_any", path(edits(has(p(2))), edits(require, has(anyPolicy), mapping(p(1), p(2))), nil), ""},
		{"mapping_inhibited", path(edits(has(p(2))), edits(has(p(1)), mapping(p(1), p(2))), edits(testca.PolicyConstraints(0, 0), has(p(1))), nil), required},
		{"mapped_from_any", path(nil, edits(has(p(1)), mapping(anyPolicy, p(2))), nil), mapsAny},
		{"mapped_to_any", path(nil, edits(has(p(1)), mapping(p(1), anyPolicy)), nil), mapsAny},
		{"mapped_to_any_without_policies", path(nil, edits(mapping(p(1), anyPolicy)), nil), mapsAny},
		{"mapped_to_any_by_the_leaf", path(edits(mapping(p(1), anyPolicy)), nil, nil), mapsAny},

		{"constraints_with_trailing_bytes", path(nil, edits(raw(36, true, 0x30, 5, 0x80, 1, 9, 5, 0)), nil), malformed},
		{"constraints_empty", path(nil, edits(raw(36, true, 0x30, 0)), nil), malformed},
		{"constraints_negative", path(nil, edits(raw(36, true, 0x30, 3, 0x80, 1, 0xff)), nil), malformed},
		{"constraints_negative_of_the_leaf", path(edits(raw(36, true, 0x30, 3, 0x80, 1, 0xff)), nil, nil), malformed},
		{"inhibit_negative", path(nil, edits(raw(54, true, 2, 1, 0xff)), nil), malformed},
		{"inhibit_with_trailing_bytes", path(nil, edits(raw(54, true, 2, 1, 9, 0)), nil), malformed},
		{"mappings_empty", path(nil, edits(raw(33, true, 0x30, 0)), nil), malformed},
		{"mappings_of_three", path(nil, edits(raw(33, true, 0x30, 11, 0x30, 9, 6, 1, 0x2a, 6, 1, 0x2b, 6, 1, 0x2c)), nil), malformed},
		{"policies_empty", path(edits(raw(32, false, 0x30, 0)), nil, nil), malformed},
		{"qualifier_without_a_value", path(edits(raw(32, false, 0x30, 12, 0x30, 10, 6, 1, 0x2a, 0x30, 5, 0x30, 3, 6, 1, 0x2a)), nil, nil), malformed},
		{"qualifier_unknown_not_critical", path(edits(raw(32, false, 0x30, 14, 0x30, 12, 6, 1, 0x2a, 0x30, 7, 0x30, 5, 6, 1, 0x2a, 5, 0)), nil, nil), ""},
		{"qualifier_unknown_critical", path(edits(raw(32, true, 0x30, 14, 0x30, 12, 6, 1, 0x2a, 0x30, 7, 0x30, 5, 6, 1, 0x2a, 5, 0)), nil, nil), malformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := certpolicy.Check(row.path)
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

// crypto/x509, which implements the same algorithm, says the same of random
// paths; it ignores any-policy in mappings that are inhibited anyway, or that
// no policy remains for.
func TestRandomPoliciesAsCryptoX509(t *testing.T) {
	const seed = 9618
	random := rand.New(rand.NewPCG(seed, 0))
	outcomes := make(map[string]int)
	for range 1500 {
		all := make([][]testca.Edit, 3+random.IntN(3))
		for i := range all {
			all[i] = randomPolicies(random)
			if i > 0 && i < len(all)-1 && random.IntN(4) == 0 {
				// Self-issued, if two follow each other.
				all[i] = append(all[i], testca.Named("Self"), testca.WithKey(testca.Key(testca.P256, fmt.Sprint("self ", i))))
			}
		}
		certs := path(all...)
		roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(certs[len(certs)-1])
		for _, c := range certs[1 : len(certs)-1] {
			intermediates.AddCert(c)
		}
		_, want := certs[0].Verify(x509.VerifyOptions{
			Roots: roots, Intermediates: intermediates, CurrentTime: testca.Now.Add(time.Minute), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
		err := certpolicy.Check(certs)
		outcomes[fmt.Sprintf("valid %v, valid to crypto/x509 %v", err == nil, want == nil)]++
		if (err == nil) != (want == nil) && (err == nil || !strings.Contains(err.Error(), mapsAny)) {
			t.Errorf("%v, but crypto/x509 says: %v", err, want)
		}
	}
	if outcomes["valid true, valid to crypto/x509 true"] < 200 || outcomes["valid false, valid to crypto/x509 false"] < 200 {
		t.Errorf("not enough of both: %v", outcomes)
	}
	t.Logf("seed %d: %v", seed, outcomes)
}

func randomPolicies(random *rand.Rand) []testca.Edit {
	policy := func() asn1.ObjectIdentifier {
		if random.IntN(4) == 0 {
			return testca.AnyPolicy
		}
		return testca.Policy(1 + random.IntN(3))
	}
	var all []testca.Edit
	if random.IntN(8) > 0 {
		var list []asn1.ObjectIdentifier
		for _, n := range random.Perm(4)[:1+random.IntN(3)] {
			if n == 0 {
				list = append(list, testca.AnyPolicy)
				continue
			}
			list = append(list, testca.Policy(n))
		}
		all = append(all, testca.Policies(list...))
	}
	if random.IntN(2) == 0 {
		pairs := make([][2]asn1.ObjectIdentifier, 1+random.IntN(2))
		for i := range pairs {
			pairs[i] = [2]asn1.ObjectIdentifier{policy(), policy()}
			if random.IntN(8) > 0 {
				pairs[i] = [2]asn1.ObjectIdentifier{testca.Policy(1 + random.IntN(3)), testca.Policy(1 + random.IntN(3))}
			}
		}
		all = append(all, testca.PolicyMappings(pairs...))
	}
	if random.IntN(2) == 0 {
		all = append(all, testca.PolicyConstraints(random.IntN(3), random.IntN(4)-1))
	}
	if random.IntN(4) == 0 {
		all = append(all, testca.InhibitAnyPolicy(byte(random.IntN(3))))
	}
	return all
}
