// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"fmt"
	"slices"
	"time"
)

// Plan says how long to measure.
type Plan struct {
	// Rounds is the number of rounds, and Slot the time that each path has in
	// each round.
	Rounds int
	Slot   time.Duration
	// Tokens with one header, and Leaves with a header each, fill the caches before
	// the first round.
	Tokens, Leaves int
	// Issuers is the number of distinct issuers in turn.
	Issuers int
	// Budget ends the rounds early on a slow machine, but not before MinRounds; it
	// also limits the issuers.
	Budget time.Duration
	// Progress receives progress messages.
	Progress func(format string, args ...any)
}

// MinRounds is the number of rounds below which a median says little.
const MinRounds = 8

// Measurement holds the results of all paths.
type Measurement struct {
	Paths  []Path
	Rounds int
	// times holds the nanoseconds per operation of a path, by round, and beside
	// those of its primitive, measured in turn with it.
	times, beside map[string][]float64
	// Memory is what one operation allocates.
	Memory map[string]Memory
	// Scaling is the throughput of two goroutines over one.
	Scaling map[string]Scaling
	// Issuers is the result for many issuers.
	Issuers Issuers
	// HeaderBytes is the size of a header, and EntryBytes the memory that one in
	// the cache uses.
	HeaderBytes, EntryBytes float64
	// TokenSizes are the sizes of tokens by setup.
	TokenSizes []TokenSize
	// Strangers are what strangers' tokens cost, the most expensive first.
	Strangers []Stranger
}

// Measure carries out a plan.
func (s *Setup) Measure(plan Plan) (*Measurement, error) {
	m := &Measurement{
		Paths: s.Paths(), times: make(map[string][]float64), beside: make(map[string][]float64),
		Memory: make(map[string]Memory), Scaling: make(map[string]Scaling),
	}
	plan.Progress("filling the caches")
	if err := s.Fill(plan.Tokens, plan.Leaves); err != nil {
		return nil, err
	}
	plan.Progress("allocations")
	counts := make([]int, len(m.Paths))
	for i, p := range m.Paths {
		var err error
		if m.Memory[p.Name], err = p.Memory(256); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		if counts[i], err = p.count(plan.Slot); err != nil {
			return nil, err
		}
	}
	if err := s.rounds(m, plan, counts); err != nil {
		return nil, err
	}
	var err error
	plan.Progress("bytes of cached headers")
	if m.HeaderBytes, m.EntryBytes, err = s.headerBytes(); err != nil {
		return nil, err
	}
	plan.Progress("sizes of tokens")
	if m.TokenSizes, err = TokenSizes(); err != nil {
		return nil, err
	}
	plan.Progress("tokens of strangers")
	if m.Strangers, err = s.Strangers(plan.Slot / 8); err != nil {
		return nil, err
	}
	plan.Progress("%d issuers in turn", plan.Issuers)
	m.Issuers, err = s.manyIssuers(plan.Issuers, plan.Budget)
	return m, err
}

// count returns the number of operations that take about a slot.
func (p Path) count(slot time.Duration) (int, error) {
	each, err := p.time(32)
	if err != nil {
		return 0, err
	}
	if each < 20*time.Microsecond { // too short to measure
		if each, err = p.time(2000); err != nil {
			return 0, err
		}
	}
	n := min(max(16, int(slot/max(1, each))), 100_000)
	if p.Limit > 0 {
		n = min(n, p.Limit)
	}
	return n, nil
}

// rounds gives each path its slot in each round. The order changes from round
// to round, so that no path always follows the same one.
func (s *Setup) rounds(m *Measurement, plan Plan, counts []int) error {
	began := time.Now()
	scaling := make(map[string]*scalings)
	for _, name := range scaled {
		scaling[name] = new(scalings)
	}
	for m.Rounds < plan.Rounds && (m.Rounds < MinRounds || time.Since(began) < plan.Budget) {
		plan.Progress("round %d of %d", m.Rounds+1, plan.Rounds)
		for k := range m.Paths {
			i := (k + 5*m.Rounds) % len(m.Paths)
			p := m.Paths[i]
			if p.Primitive() == p.Name {
				each, err := p.time(counts[i])
				if err != nil {
					return err
				}
				m.times[p.Name] = append(m.times[p.Name], float64(each))
				continue
			}
			j := m.index(p.Primitive())
			each, raw, err := p.inTurn(m.Paths[j], counts[i], max(1, counts[i]/counts[j]))
			if err != nil {
				return err
			}
			m.times[p.Name] = append(m.times[p.Name], float64(each))
			m.beside[p.Name] = append(m.beside[p.Name], float64(raw))
		}
		for _, name := range scaled {
			i := slices.IndexFunc(m.Paths, func(p Path) bool { return p.Name == name })
			if err := scaling[name].measure(m.Paths[i], counts[i], m.Rounds); err != nil {
				return err
			}
		}
		m.Rounds++
	}
	for name, s := range scaling {
		m.Scaling[name] = s.result()
	}
	return nil
}

// Nanoseconds returns the median time of an operation.
func (m *Measurement) Nanoseconds(name string) float64 { return median(m.times[name]) }

// Ratio returns the time of a path over that of another with the same
// primitive. It compares both as multiples of the primitive's time, because the
// machine's speed changes between them.
func (m *Measurement) Ratio(name, over string) Spread {
	return spread(m.inPrimitives(name), m.inPrimitives(over), 1)
}

// Cost divides the time of a path by the time of the primitives that it needs.
func (m *Measurement) Cost(name string) Spread {
	return spread(m.times[name], m.beside[name], float64(m.path(name).Times))
}

func (m *Measurement) inPrimitives(name string) []float64 {
	result := make([]float64, m.Rounds)
	for i := range result {
		result[i] = 1 // a primitive itself
		if beside := m.beside[name]; beside != nil {
			result[i] = m.times[name][i] / beside[i]
		}
	}
	return result
}

func (m *Measurement) index(name string) int {
	return slices.IndexFunc(m.Paths, func(p Path) bool { return p.Name == name })
}

func (m *Measurement) path(name string) Path { return m.Paths[m.index(name)] }

// Spread is the median of ratios with the lower and upper quartile.
type Spread struct{ Median, Low, High float64 }

// spread computes the Spread of the ratios of times measured in the same round.
func spread(of, over []float64, times float64) Spread {
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = of[i] / (times * over[i])
	}
	return Spread{Median: median(ratios), Low: quantile(ratios, 0.25), High: quantile(ratios, 0.75)}
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile interpolates between the two nearest values.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}
