// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// number returns the serial of an entry.
func (e *entry) number() *big.Int {
	octets := binary.BigEndian.AppendUint64(nil, e.high)
	octets = binary.BigEndian.AppendUint64(octets, e.middle)
	return new(big.Int).SetBytes(binary.BigEndian.AppendUint32(octets, e.low))
}

// listOf returns a list with this number, made that many minutes after
// testca.Now, for an hour, that revokes these serials for keyCompromise.
func listOf(number int64, serials ...int64) *x509.RevocationList {
	l := &x509.RevocationList{Number: big.NewInt(number)}
	l.ThisUpdate = testca.Now.Add(time.Duration(number) * time.Minute)
	l.NextUpdate = l.ThisUpdate.Add(time.Hour)
	for _, serial := range serials {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: big.NewInt(serial), RevocationTime: testca.Now, ReasonCode: 1,
		})
	}
	return l
}

func sign(tb testing.TB, ca *testca.Party, l *x509.RevocationList) []byte {
	tb.Helper()
	der, err := x509.CreateRevocationList(rand.Reader, l, ca.Cert, ca.Key)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

// writeFile replaces a file.
func writeFile(tb testing.TB, name string, data []byte) {
	tb.Helper()
	if err := os.WriteFile(name+".new", data, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		tb.Fatal(err)
	}
}

// sourceOf returns a source that has taken this list from a file, at the time
// of testca.Now.
func sourceOf(tb testing.TB, ca *testca.Party, der []byte) *Source {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "ca.crl")
	writeFile(tb, name, bytes.Clone(der))
	s, err := New(Config{Issuer: ca.Cert, File: name, Now: func() time.Time { return testca.Now.Add(time.Minute) }})
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Refresh(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s
}

func pemOf(der []byte, kind string) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
