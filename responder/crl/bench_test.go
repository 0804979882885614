// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"crypto/x509"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/ledger"
)

// million is how many revocations the list of the benchmarks has.
const million = 1_000_000

// largeList returns a list with random serials of 16 octets, unsorted, each with
// a reason, as step-ca makes it.
func largeList(tb testing.TB, ca *testca.Party, count int) []byte {
	tb.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	l := listOf(1)
	l.RevokedCertificateEntries = make([]x509.RevocationListEntry, count)
	octets := make([]byte, 16)
	for i := range l.RevokedCertificateEntries {
		for j := range octets {
			octets[j] = byte(random.Uint32())
		}
		l.RevokedCertificateEntries[i] = x509.RevocationListEntry{
			SerialNumber: new(big.Int).SetBytes(octets), RevocationTime: testca.Now.Add(-time.Duration(i) * time.Second), ReasonCode: 1 + i%5,
		}
	}
	return sign(tb, ca, l)
}

// BenchmarkParse compares reading a list of a million revocations, including
// its signature, with the standard library, which does not check it.
func BenchmarkParse(b *testing.B) {
	ca := testca.New()
	der := largeList(b, ca, million)
	b.Run("stapled", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parse(der, ca.Cert); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("x509", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x509.ParseRevocationList(der); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHeld reports the bytes of an entry that stay in memory, and those at
// the peak, with the list itself.
func BenchmarkHeld(b *testing.B) {
	ca := testca.New()
	der := largeList(b, ca, million)
	size := len(der)
	for b.Loop() {
		before := inUse()
		l, err := parse(der, ca.Cert)
		if err != nil {
			b.Fatal(err)
		}
		held := float64(inUse()-before) / million
		b.ReportMetric(held, "B/entry")
		b.ReportMetric(held+float64(size)/million, "peak-B/entry")
		runtime.KeepAlive(l)
	}
	runtime.KeepAlive(der)
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkStatus looks serials up in a list of a million.
func BenchmarkStatus(b *testing.B) {
	ca := testca.New()
	s := sourceOf(b, ca, largeList(b, ca, million))
	all := s.current.Load().entries
	serials := make([]*big.Int, 1024)
	for i := range serials {
		serials[i] = all[i*len(all)/len(serials)].number()
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := s.Status(b.Context(), serials[i%len(serials)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkRecorded is a load of a list of a million: without a ledger, with one
// that has none of it, and with one that has all of it, as after a restart.
func BenchmarkRecorded(b *testing.B) {
	ca := testca.New()
	name := filepath.Join(b.TempDir(), "ca.crl")
	writeFile(b, name, largeList(b, ca, million))
	load := func(r responder.Recorder) {
		s, err := New(Config{Issuer: ca.Cert, File: name, Unlisted: UnlistedGood, MaxSize: 1 << 30, Recorder: r, Now: func() time.Time { return testca.Now }})
		if err == nil {
			err = s.Refresh(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	recorder := func(dir string) *ledger.Recorder {
		l, err := ledger.Open(ledger.Config{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = l.Close() })
		r, err := l.Recorder(ca.Cert)
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
	b.Run("no ledger", func(b *testing.B) {
		for b.Loop() {
			load(nil)
		}
	})
	b.Run("empty ledger", func(b *testing.B) {
		for b.Loop() {
			load(recorder(b.TempDir()))
		}
	})
	b.Run("known to the ledger", func(b *testing.B) {
		r := recorder(b.TempDir())
		load(r)
		for b.Loop() {
			load(r)
		}
	})
}
