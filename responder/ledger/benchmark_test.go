// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/responder"
)

// million are serials of 16 octets, and what a source says about them.
func million(yield func(*big.Int, responder.Status) bool) {
	for i := range uint64(1_000_000) {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
		if !yield(new(big.Int).SetBytes(sum[:16]), revoked(1, start.Add(time.Hour))) {
			return
		}
	}
}

// BenchmarkMillion reports what a ledger of 1,000,000 entries costs on disk, in
// memory, and at the start.
func BenchmarkMillion(b *testing.B) {
	w := newWorld(b, system{})
	check(b, w.Record(million))
	info, err := os.Stat(w.file())
	check(b, err)
	for b.Loop() {
		check(b, w.ledger.Close())
		w.ledger, w.Guarded, w.Recorder = nil, nil, nil
		before := inUse()
		w.open()
		b.ReportMetric(float64(inUse()-before)/1e6, "B/entry")
	}
	b.ReportMetric(float64(info.Size())/1e6, "file-B/entry")
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkStatus is what the ledger adds to a source that answers at once.
func BenchmarkStatus(b *testing.B) {
	w := newWorld(b, system{})
	check(b, w.Record(million))
	w.set(good(start.Add(time.Hour)), nil)
	for name, source := range map[string]responder.Source{"source": w.source0(), "guarded": w.Guarded} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := source.Status(b.Context(), number); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func (w *world) source0() responder.Source { return responder.SourceFunc(w.source) }

// BenchmarkRevoked is the first answer about a revoked certificate, which waits
// for the disk.
func BenchmarkRevoked(b *testing.B) {
	w := newWorld(b, system{})
	w.set(revoked(1, start.Add(time.Hour)), nil)
	n := new(big.Int)
	for i := int64(0); b.Loop(); i++ {
		w.says(n.SetInt64(i))
	}
}
