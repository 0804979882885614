// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// BenchmarkMillion reports what a file of 1,000,000 lines costs: to look at it
// when it has not changed, to load it, to hold it, and to find a serial.
func BenchmarkMillion(b *testing.B) {
	file := filepath.Join(b.TempDir(), "index.txt")
	out, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewWriter(out)
	var last []byte
	for i := range uint64(1_000_000) {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
		last = sum[:16]
		if _, err := fmt.Fprintf(lines, "V\t361207202352Z\t\t%X\tunknown\t/CN=service-%d.example.internal\n", last, i); err != nil {
			b.Fatal(err)
		}
	}
	if err := lines.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	before := inUse()
	x, err := New(Config{File: file})
	if err != nil {
		b.Fatal(err)
	}
	held := float64(inUse()-before) / 1e6
	b.Run("look", func(b *testing.B) {
		for b.Loop() {
			x.look()
		}
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, err := load(file); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(held, "B/entry")
	})
	x.look() // not too long ago
	n := new(big.Int).SetBytes(last)
	b.Run("status", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x.Status(b.Context(), n); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
