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
	// Bare is the command whose arguments -bare and a file make it run
	// [ServeBare].
	Bare string
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
	// OverBare is that ratio to a bare handler of net/http, which writes the same
	// bytes; if no answer is given again, to one that also makes a signature.
	OverBare float64 `json:"over_bare,omitempty"`
}

type responderPath struct {
	name     string
	server   *server
	path     string // of the URL
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
		if program == plan.Bare { // it is no responder
			return s, nil
		}
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
	serve, err := start("serve", plan.Stapled, startServe)
	if err != nil {
		return nil, err
	}
	paths = append(paths,
		&responderPath{name: serveFirst, server: serve, requests: all, keep: true},
		&responderPath{name: serveAgain, server: serve, requests: again, keep: true})
	bare, err := start("bare", plan.Bare, func(program, dir string, p *pki) (*server, error) {
		return startBare(program, dir, stapled, p)
	})
	if err != nil {
		return nil, err
	}
	paths = append(paths,
		&responderPath{name: packageFirst, server: bare, path: packagePath, requests: all, keep: true},
		&responderPath{name: packageAgain, server: bare, path: packagePath, requests: again, keep: true},
		&responderPath{name: bareHandler, server: bare, path: barePath, requests: again, keep: true},
		&responderPath{name: signingHandler, server: bare, path: signingPath, requests: again, keep: true})
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
		path := ""
		if s == bare {
			path = packagePath
		}
		if _, err := (&responderPath{server: s, path: path, requests: all, keep: plan.OpenSSL == "" || s != servers[len(servers)-1]}).run(len(all), 0); err != nil {
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
	withoutReuse   = "stapled up, no answer given again"
	withReuse      = "stapled up, answers given again"
	serveFirst     = "stapled ocsp serve, no answer given again"
	serveAgain     = "stapled ocsp serve, answers given again"
	commitBefore   = "stapled, an earlier commit"
	opensslOCSP    = "openssl ocsp -port" + newConnections
	newConnections = ", a connection each"
	packageFirst   = "package responder, no answer given again"
	packageAgain   = "package responder, answers given again"
	bareHandler    = "a bare handler, the same bytes"
	signingHandler = "a bare handler, one signature and the same bytes"
)

// bareOf says which bare handler does what a path cannot do without.
var bareOf = map[string]string{
	withReuse: bareHandler, withoutReuse: signingHandler, serveAgain: bareHandler, serveFirst: signingHandler,
	packageAgain: bareHandler, packageFirst: signingHandler,
}

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
			OverBare: over(path.name, bareOf[path.name]),
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
				body, err := send(client, path.server.url+path.path, request)
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
	return read(client.Post(url, "application/ocsp-request", bytes.NewReader(request)))
}

// read returns the body of an answer with status 200.
func read(resp *http.Response, err error) ([]byte, error) {
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

// row returns the row of a name; a zero one if it was not measured.
func (r *Responders) row(name string) ResponderRow {
	for _, row := range r.Rows {
		if row.Name == name {
			return row
		}
	}
	return ResponderRow{}
}

// Targets returns the table of targets.
func (r *Responders) Targets() *Table {
	t := &Table{Head: []string{"responder", "answers", "compared with", "target", "measured", "met"}}
	for _, row := range []struct{ name, first, again string }{
		{"`stapled ocsp serve`", serveFirst, serveAgain},
		{"`stapled up`", withoutReuse, withReuse},
		{"package responder", packageFirst, packageAgain},
	} {
		first, again := r.row(row.first).OverBare, r.row(row.again).OverBare
		t.add(row.name, "given again", bareHandler, "≥ 0.75", decimal(again), met(again >= 0.75))
		t.add(row.name, "given for the first time", signingHandler, "≥ 0.8", decimal(first), met(first >= 0.8))
	}
	return t
}

// Table returns the table of docs/performance.md.
func (r *Responders) Table() *Table {
	t := &Table{Head: []string{"responder", "requests a second of one core", "over an earlier commit", "over openssl", "over a bare handler"}}
	optional := func(x float64) string {
		if x == 0 {
			return ""
		}
		return decimal(x)
	}
	for _, row := range r.Rows {
		t.add(row.Name, grouped(int64(row.PerSecond+0.5)), optional(row.OverBefore), optional(row.OverOpenSSL), optional(row.OverBare))
	}
	return t
}
