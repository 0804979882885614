// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certx5c_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

func TestForgeriesOfX5C(t *testing.T) {
	leaf := testca.New().Intermediate().Leaf()
	x5c := certx5c.Encode(leaf.Chain())
	chain, err := certx5c.Parse(x5c)
	if err != nil || !slices.EqualFunc(chain, leaf.Chain(), (*x509.Certificate).Equal) {
		t.Fatalf("%d certificates, %v", len(chain), err)
	}
	if !slices.Equal(certx5c.Encode(chain), x5c) {
		t.Error("decoding and encoding gives something else")
	}
	if id := certx5c.KeyID(leaf.Cert); len(id) != 43 || id == certx5c.KeyID(leaf.Issuer.Cert) {
		t.Errorf("key identifier %q", id)
	}

	// A DER of each length modulo 3, so that there is padding to tamper with.
	der := leaf.Cert.Raw
	encode := base64.StdEncoding.EncodeToString
	padded := encode(append(slices.Clone(der), make([]byte, 3-len(der)%3+1)...)) // ends in "=="
	rows := []struct {
		name, value string
		want        error
	}{
		{"empty", "", stapled.Malformed},
		{"null", "null", stapled.ChainInvalid},
		{"base64url", strings.NewReplacer("+", "-", "/", "_").Replace(encode([]byte{0xfb, 0xff, 0xfe})), stapled.Malformed},
		{"without_padding", strings.TrimRight(padded, "="), stapled.Malformed},
		{"stray_trailing_bits", padded[:len(padded)-3] + "B==", stapled.Malformed},
		{"line_break_at_the_end", x5c[0] + "\n", stapled.Malformed},
		{"line_break_inside", x5c[0][:64] + "\r\n" + x5c[0][64:], stapled.Malformed},
		{"space_inside", x5c[0][:64] + " " + x5c[0][64:], stapled.Malformed},
		{"PEM", string(pemOf(leaf.Cert)), stapled.Malformed},
		{"PEM_in_base64", encode(pemOf(leaf.Cert)), stapled.ChainInvalid},
		{"twice_in_base64", encode([]byte(x5c[0])), stapled.ChainInvalid},
		{"trailing_bytes", encode(append(slices.Clone(der), 0)), stapled.ChainInvalid},
		{"cut_short", encode(der[:len(der)-1]), stapled.ChainInvalid},
		{"65_names", encode(named(65).Raw), stapled.ChainInvalid},
		{"1_MiB_of_zeros", encode(make([]byte, 1<<20)), stapled.ChainInvalid},
	}
	for _, row := range rows {
		t.Run("T04_"+row.name, func(t *testing.T) {
			if chain, err := certx5c.Parse([]string{x5c[0], row.value}); !errors.Is(err, row.want) || chain != nil {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := certx5c.ParseDER(append(slices.Clone(der), 0)); !errors.Is(err, stapled.ChainInvalid) {
		t.Errorf("trailing byte: %v", err)
	}
}

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// named is a leaf of so many names.
func named(n int) *x509.Certificate {
	return testca.New().Leaf(func(t *testca.Template) {
		t.URIs, t.DNSNames = nil, nil
		for i := range n {
			t.DNSNames = append(t.DNSNames, fmt.Sprintf("%d.good.example", i))
		}
	}).Cert
}

func TestNamesLimit(t *testing.T) {
	if _, err := certx5c.ParseDER(named(stapled.MaxNames).Raw); err != nil {
		t.Errorf("%d names: %v", stapled.MaxNames, err)
	}
}
