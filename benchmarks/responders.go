// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ocsp"
)

// connections is the number of concurrent clients.
const connections = 4

// ResponderPlan says which responders to measure, and for how long.
type ResponderPlan struct {
	// Stapled is the command. Before is the command of another commit, for
	// comparison, and OpenSSL is openssl; both may be empty.
	Stapled, Before, OpenSSL string
	// Dir is an empty directory to work in.
	Dir string
	// Certificates is the number of certificates to ask about in turn: more than
	// the responder has room for answers, so that it repeats none. Again is the
	// number when it should repeat them.
	Certificates, Again int
	// In each round every responder is asked for the length of a slot.
	Rounds   int
	Slot     time.Duration
	Progress func(format string, args ...any)
}

// Responders holds the results.
type Responders struct {
	Certificates int            `json:"certificates"`
	Again        int            `json:"again"`
	Rows         []ResponderRow `json:"rows"`
}

// ResponderRow is one way to ask one responder.
type ResponderRow struct {
	Name string `json:"name"`
	// PerSecond is the number of requests answered per second of the responder's
	// processor time, the median of the rounds.
	PerSecond float64 `json:"per_second"`
	// OverBefore and OverOpenSSL are the medians of the ratios within a round: to
	// the earlier commit, asked in the same way, and to openssl, which closes every
	// connection; 0 if there is nothing to compare.
	OverBefore  float64 `json:"over_before,omitempty"`
	OverOpenSSL float64 `json:"over_openssl,omitempty"`
}

type responderPath struct {
	name     string
	server   *server
	requests [][]byte
	keep     bool
	rates    []float64
	next     atomic.Int64
}

// MeasureResponders carries out a plan.
func MeasureResponders(plan ResponderPlan) (_ *Responders, err error) {
	plan.Progress("%d certificates", plan.Certificates)
	p, err := newPKI(plan.Certificates)
	if err != nil {
		return nil, err
	}
	var paths []*responderPath
	var servers []*server
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
	}()
	start := func(name, program string, run func(program, dir string, p *pki) (*server, error)) (*server, error) {
		plan.Progress("starting %s", name)
		s, err := run(program, filepath.Join(plan.Dir, name), p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		servers = append(servers, s)
		return s, p.check(s)
	}
	all, again := p.requests, p.requests[:plan.Again]
	stapled, err := start("stapled", plan.Stapled, startStapled)
	if err != nil {
		return nil, err
	}
	paths = append(paths,
		&responderPath{name: withoutReuse, server: stapled, requests: all, keep: true},
		&responderPath{name: withReuse, server: stapled, requests: again, keep: true},
		&responderPath{name: withoutReuse + newConnections, server: stapled, requests: all},
		&responderPath{name: withReuse + newConnections, server: stapled, requests: again})
	if plan.Before != "" {
		before, err := start("before", plan.Before, startStapled)
		if err != nil {
			return nil, err
		}
		paths = append(paths,
			&responderPath{name: commitBefore, server: before, requests: all, keep: true},
			&responderPath{name: commitBefore + newConnections, server: before, requests: all})
	}
	if plan.OpenSSL != "" {
		openssl, err := start("openssl", plan.OpenSSL, startOpenSSL)
		if err != nil {
			return nil, err
		}
		paths = append(paths, &responderPath{name: opensslOCSP, server: openssl, requests: all})
	}

	// Ask about every certificate once, as for a responder that has run for a
	// while.
	for _, s := range servers {
		if _, err := (&responderPath{server: s, requests: all, keep: plan.OpenSSL == "" || s != servers[len(servers)-1]}).run(len(all), 0); err != nil {
			return nil, err
		}
	}
	for round := range plan.Rounds {
		plan.Progress("round %d of %d", round+1, plan.Rounds)
		for i := range paths {
			path := paths[(i+round)%len(paths)]
			rate, err := path.run(0, plan.Slot)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path.name, err)
			}
			path.rates = append(path.rates, rate)
		}
	}
	return summarize(plan, paths), nil
}

const (
	withoutReuse   = "stapled, no answer given again"
	withReuse      = "stapled, answers given again"
	commitBefore   = "stapled, an earlier commit"
	opensslOCSP    = "openssl ocsp -port" + newConnections
	newConnections = ", a connection each"
)

func summarize(plan ResponderPlan, paths []*responderPath) *Responders {
	rates := make(map[string][]float64)
	for _, path := range paths {
		rates[path.name] = path.rates
	}
	over := func(name, other string) float64 {
		if rates[other] == nil || name == other {
			return 0
		}
		return rounded(spread(rates[name], rates[other], 1).Median)
	}
	before := func(keep bool) string {
		if keep {
			return commitBefore
		}
		return commitBefore + newConnections
	}
	r := &Responders{Certificates: plan.Certificates, Again: plan.Again}
	for _, path := range paths {
		r.Rows = append(r.Rows, ResponderRow{
			Name: path.name, PerSecond: rounded(median(path.rates)),
			OverBefore: over(path.name, before(path.keep)), OverOpenSSL: over(path.name, opensslOCSP),
		})
	}
	return r
}

// check makes sure that the responder says good, so that no run measures how
// fast it fails.
func (p *pki) check(s *server) error {
	for _, request := range p.requests[:10] {
		body, err := send(newClient(false), s.url, request)
		if err != nil {
			return err
		}
		answer, err := ocsp.ParseResponse(body, p.intermediate)
		if err != nil {
			return err
		}
		if answer.Status != ocsp.Good {
			return fmt.Errorf("%s says %d of %s", s.url, answer.Status, answer.SerialNumber)
		}
	}
	return nil
}

// run asks a number of times, or for a time, and returns the requests per
// second of processor time.
func (path *responderPath) run(times int, slot time.Duration) (float64, error) {
	began, err := path.server.processorTime()
	if err != nil {
		return 0, err
	}
	client := newClient(path.keep)
	defer client.CloseIdleConnections()
	deadline := time.Now().Add(slot)
	var done atomic.Int64
	failures := make([]error, connections)
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			for times > 0 && done.Load() < int64(times) || times == 0 && time.Now().Before(deadline) {
				request := path.requests[int(path.next.Add(1))%len(path.requests)]
				body, err := send(client, path.server.url, request)
				if err == nil && len(body) < 200 {
					err = fmt.Errorf("an answer of %d bytes", len(body))
				}
				if err != nil {
					failures[i] = err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		return 0, err
	}
	ended, err := path.server.processorTime()
	if err != nil {
		return 0, err
	}
	return float64(done.Load()) / max(ended-began, time.Second/ticks).Seconds(), nil
}

func send(client *http.Client, url string, request []byte) ([]byte, error) {
	resp, err := client.Post(url, "application/ocsp-request", bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %s: %.100s", resp.Status, body)
	}
	return body, nil
}

// Table returns the table of docs/performance.md.
func (r *Responders) Table() *Table {
	t := &Table{Head: []string{"responder", "requests a second of one core", "over an earlier commit", "over openssl"}}
	optional := func(x float64) string {
		if x == 0 {
			return ""
		}
		return decimal(x)
	}
	for _, row := range r.Rows {
		t.add(row.Name, grouped(int64(row.PerSecond+0.5)), optional(row.OverBefore), optional(row.OverOpenSSL))
	}
	return t
}
