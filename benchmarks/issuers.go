// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/verifier"
)

// Issuers is the result of measuring many issuers in turn, each with its own
// certificate and so its own header: the caches do not help, and must not grow.
type Issuers struct {
	Count int
	// OverCold is the time of one verification over the time of the path "cold".
	OverCold Spread
	// Budget is what the caches may use, and Largest the largest measured growth of
	// the heap.
	Budget, Largest int64
}

// issuersBudget bounds the caches of the verifier that serves many issuers: the
// defaults, written out.
var issuersBudget = verifier.CacheSizes{Tokens: 32 << 20, Headers: 32 << 20, Certificates: 16 << 20}

func (s *Setup) manyIssuers(count int, budget time.Duration) (Issuers, error) {
	began := time.Now()
	const group, between = 1000, 10 // the heap is measured after every 10 groups
	cold := s.path("cold")
	if err := cold.run(1); err != nil {
		return Issuers{}, err
	}
	before := live()
	v, err := s.newVerifier(issuersBudget)
	if err != nil {
		return Issuers{}, err
	}
	result := Issuers{Budget: int64(issuersBudget.Tokens + issuersBudget.Headers + issuersBudget.Certificates)}
	var times, colds []float64
	for result.Count < count && time.Since(began) < budget {
		n := min(group, count-result.Count)
		each, err := s.verifyStrangers(v, n)
		if err != nil {
			return Issuers{}, err
		}
		times = append(times, float64(each))
		if each, err = cold.time(200); err != nil {
			return Issuers{}, err
		}
		colds = append(colds, float64(each))
		result.Count += n
		if result.Count%(group*between) == 0 {
			result.Largest = max(result.Largest, live()-before)
		}
	}
	result.Largest = max(result.Largest, live()-before)
	runtime.KeepAlive(v)
	result.OverCold = spread(times, colds, 1)
	return result, nil
}

// verifyStrangers returns the time of one verification.
func (s *Setup) verifyStrangers(v *verifier.Verifier, n int) (time.Duration, error) {
	raw := s.strangers(n)
	return timed("many issuers", n, func(i int) error {
		_, err := v.Verify(raw[i])
		return err
	})
}

// strangers returns the tokens of this many issuers. Making them takes longer
// than verifying them, so all processors share it.
func (s *Setup) strangers(n int) []string {
	raw := make([]string, n)
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for i := worker; i < n; i += workers {
				raw[i] = token(s.newLeaf(s.ca))
			}
		})
	}
	group.Wait()
	return raw
}

// headerBytes measures what a header in the cache uses: the heap that this many
// of them hold, with the other caches off.
func (s *Setup) headerBytes() (header, entry float64, err error) {
	const headers = 3000
	v, err := s.newVerifier(verifier.CacheSizes{Tokens: -1, Headers: 256 << 20, Certificates: -1})
	if err != nil {
		return 0, 0, err
	}
	before, total := live(), 0
	for range headers / 500 {
		for _, raw := range s.strangers(500) {
			if _, err := v.Verify(raw); err != nil {
				return 0, 0, fmt.Errorf("header cache: %w", err)
			}
			total += strings.IndexByte(raw, '.')
		}
	}
	after := live()
	runtime.KeepAlive(v)
	return float64(total) / headers, float64(after-before) / headers, nil
}
