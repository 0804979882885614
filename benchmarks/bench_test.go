// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import "testing"

// Benchmark runs each path by itself. What must be new to an operation is made
// in batches, while the clock stands still.
func Benchmark(b *testing.B) {
	s := newSetup(b)
	for _, p := range s.Paths() {
		b.Run(p.Name, func(b *testing.B) {
			batch := 100_000
			if p.Fresh {
				batch = 200
			}
			b.ReportAllocs()
			var do Operation
			for n := 0; b.Loop(); n++ {
				if n%batch == 0 {
					b.StopTimer()
					var err error
					if do, err = p.Batch(batch); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				if err := do(n % batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
