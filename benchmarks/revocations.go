// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/responder/crl"
)

// Revocations holds what it costs responder/crl to load a large CRL.
type Revocations struct {
	Entries   int   `json:"entries"`
	ListBytes int64 `json:"list_bytes"`
	// Seconds is the median time to read the file, check the list and its
	// signature, and hold it. OverX509 is the median of its ratio to
	// x509.ParseRevocationList, which checks no signature, in alternation.
	Seconds  float64 `json:"seconds"`
	OverX509 float64 `json:"over_x509"`
	// Held is the bytes of an entry in memory after loading, and Peak the growth
	// of the process at its largest while it loads the first list, with the list
	// itself, divided by the entries.
	Held float64 `json:"held"`
	Peak float64 `json:"peak"`
	// LookUpAllocs is the allocations of a look-up.
	LookUpAllocs float64 `json:"look_up_allocs"`
}

const listFile, issuerFile = "list.crl", "issuer.crt"

// WriteCRL writes a CRL with random serials of 16 octets, unsorted, each with a
// reason, as step-ca makes it, and its issuer.
func WriteCRL(dir string, entries int) error {
	p, err := newPKI(0)
	if err != nil {
		return err
	}
	random, octets := mathrand.New(mathrand.NewPCG(1, 2)), make([]byte, 16)
	list := &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour),
		RevokedCertificateEntries: make([]x509.RevocationListEntry, entries),
	}
	for i := range list.RevokedCertificateEntries {
		for j := range octets {
			octets[j] = byte(random.Uint32())
		}
		list.RevokedCertificateEntries[i] = x509.RevocationListEntry{
			SerialNumber: new(big.Int).SetBytes(octets), RevocationTime: list.ThisUpdate.Add(-time.Duration(i) * time.Second), ReasonCode: 1 + i%5,
		}
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, p.intermediate, p.intermediateKey)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, listFile), der, 0o600),
		os.WriteFile(filepath.Join(dir, issuerFile), p.intermediate.Raw, 0o600))
}

// MeasureCRL measures the CRL of [WriteCRL]. The process must not have done
// anything large before: it reports its own peak.
func MeasureCRL(dir string, rounds int) (*Revocations, error) {
	raw, err := os.ReadFile(filepath.Join(dir, issuerFile))
	if err != nil {
		return nil, err
	}
	issuer, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, listFile)
	load := func() (*crl.Source, error) {
		source, err := crl.New(crl.Config{Issuer: issuer, File: file})
		if err != nil {
			return nil, err
		}
		return source, source.Refresh(context.Background())
	}

	before, resident := live(), memoryOf("VmRSS")
	source, err := load()
	if err != nil {
		return nil, err
	}
	peak := memoryOf("VmHWM") - resident
	held := live() - before

	der, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err
	}
	entries := len(parsed.RevokedCertificateEntries)
	serials := make([]*big.Int, 1000)
	for i := range serials {
		serials[i] = parsed.RevokedCertificateEntries[i*entries/len(serials)].SerialNumber
	}
	r := &Revocations{
		Entries: entries, ListBytes: int64(len(der)),
		Held: rounded(float64(held) / float64(entries)), Peak: rounded(float64(peak) / float64(entries)),
	}
	next := 0
	r.LookUpAllocs = testing.AllocsPerRun(10*len(serials), func() {
		status, failure := source.Status(context.Background(), serials[next%len(serials)])
		next++
		if failure != nil || status.RevokedAt.IsZero() {
			err = errors.Join(fmt.Errorf("a listed serial is not revoked: %+v", status), failure)
		}
	})
	if err != nil {
		return nil, err
	}
	runtime.KeepAlive(source)
	source, parsed = nil, nil

	var ours, theirs []float64
	for range rounds {
		collect()
		began := time.Now()
		if _, err := load(); err != nil {
			return nil, err
		}
		ours = append(ours, time.Since(began).Seconds())
		collect()
		began = time.Now()
		if _, err := x509.ParseRevocationList(der); err != nil {
			return nil, err
		}
		theirs = append(theirs, time.Since(began).Seconds())
	}
	r.Seconds, r.OverX509 = rounded(median(ours)), rounded(spread(ours, theirs, 1).Median)
	return r, nil
}

// memoryOf returns a size of this process from proc(5), in bytes; 0 if the system
// does not say.
func memoryOf(field string) int64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		if name != field {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return 0
		}
		return n << 10
	}
	return 0
}

// Table returns the table of docs/performance.md.
func (r *Revocations) Table() *Table {
	t := &Table{Head: []string{"a CRL of " + grouped(int64(r.Entries)) + " entries", "target", "measured", "met"}}
	t.add("time to load, over x509.ParseRevocationList", "≤ 1.5", decimal(r.OverX509), met(r.OverX509 <= 1.5))
	t.add("time to load, in seconds", "", decimal(r.Seconds), "")
	t.add("bytes held, per entry", "≤ 60", decimal(r.Held), met(r.Held <= 60))
	t.add("bytes at the peak, per entry", "", decimal(r.Peak), "")
	t.add("bytes of the list, per entry", "", decimal(float64(r.ListBytes)/float64(r.Entries)), "")
	t.add("allocations of a look-up", "0", decimal(r.LookUpAllocs), met(r.LookUpAllocs == 0))
	return t
}
