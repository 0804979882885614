// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
)

// GatewayPlan says how to measure `stapled gateway`.
type GatewayPlan struct {
	// Stapled, Wrk and Nginx are commands. Self is the command whose arguments
	// -role and -dir make it run [ServeGatewayPeer].
	Stapled, Wrk, Nginx, Self string
	// Dir is an empty directory to work in.
	Dir string
	// Tokens is the number of different tokens: more than a verifier remembers.
	Tokens int
	// In each round every path is asked for the length of a slot, a whole number
	// of seconds.
	Rounds   int
	Slot     time.Duration
	Progress func(format string, args ...any)
}

// Gateways holds the results.
type Gateways struct {
	Rounds int          `json:"rounds"`
	Slot   string       `json:"slot"`
	Tokens int          `json:"tokens"`
	Rows   []GatewayRow `json:"rows"`
}

// GatewayRow is one way to ask one server.
type GatewayRow struct {
	Name string `json:"name"`
	// PerSecond is the number of requests in a second, P99 the time within which
	// 99 of 100 were answered, in milliseconds, and PerProcessorSecond the number
	// of requests in a second of the server's processor time. All are medians of
	// the rounds; zero if not measured.
	PerSecond          float64 `json:"per_second"`
	P99                float64 `json:"p99_ms,omitempty"`
	PerProcessorSecond float64 `json:"per_processor_second,omitempty"`
	// Over and OverProcessor are the ratios of the first and the third to those of
	// the path that Compared names, within a round.
	Compared      string `json:"compared,omitempty"`
	Over          Spread `json:"over,omitzero"`
	OverProcessor Spread `json:"over_processor,omitzero"`
}

// The paths.
const (
	forwardReused = "forward_auth, token seen before"
	forwardNew    = "forward_auth, a new token each time"
	forwardOpen   = "forward_auth, an open route"
	bareForward   = "a bare handler, the same bytes"
	rawForward    = "a bare handler, one raw verify and the same bytes"
	checkReused   = "ext_authz gRPC, token seen before"
	checkNew      = "ext_authz gRPC, a new token each time"
	bareCheck     = "a gRPC no-op, the same bytes"
	rawCheck      = "a gRPC no-op after one raw verify, the same bytes"
	proxyReused   = "proxy, token seen before"
	proxyNew      = "proxy, a new token each time"
	bareProxy     = "httputil.ReverseProxy"
	nginxAlone    = "nginx"
	nginxReused   = "nginx + stapled gateway, token seen before"
	nginxNew      = "nginx + stapled gateway, a new token each time"
	nginxOCSP     = "nginx + an OCSP request for each request"
	nginxIntro    = "nginx + token introspection for each request"
)

type gatewayPath struct {
	name, compared string
	server         *server // whose processor time counts; nil for none
	fresh          bool    // a new token each time
	run            func(from int64) (load, error)

	perSecond, perProcessor, last []float64
}

// gatewayBench is a measurement under way.
type gatewayBench struct {
	plan        GatewayPlan
	tokens      *gatewayTokens
	peer        peerConfig
	servers     []*server
	connections []*grpc.ClientConn
	upstream    peerURLs
	gateway     *server
	fronts      map[string]string
	nginx       string
	paths       []*gatewayPath
	next        int64 // the first token that the verifier does not remember
}

// MeasureGateways carries out a plan.
func MeasureGateways(plan GatewayPlan) (_ *Gateways, err error) {
	g := &gatewayBench{plan: plan}
	defer func() { err = errors.Join(err, g.stop()) }()
	if err := g.start(); err != nil {
		return nil, err
	}
	// A round that does not count: caches, connections, the garbage collector.
	for round := range plan.Rounds + 1 {
		plan.Progress("round %d of %d", round, plan.Rounds)
		for i := range g.paths {
			p := g.paths[(i+3*round)%len(g.paths)]
			if err := g.measure(p); err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			if round == 0 {
				p.perSecond, p.perProcessor, p.last = nil, nil, nil
			}
		}
	}
	return g.summarize(), nil
}

// start starts every process, and lists the paths.
func (g *gatewayBench) start() (err error) {
	g.plan.Progress("%d tokens", g.plan.Tokens)
	if g.tokens, err = newGatewayTokens(g.plan.Dir, g.plan.Tokens); err != nil {
		return err
	}
	p, err := newPKI(100)
	if err != nil {
		return err
	}
	g.peer.OCSP, g.peer.Issuer = p.requests[0], p.intermediate.Raw
	if err := errors.Join(
		os.WriteFile(filepath.Join(g.plan.Dir, wrkFile), []byte(wrkScript), 0o600),
		p.writePEM(filepath.Join(g.plan.Dir, "ca.crt"), filepath.Join(g.plan.Dir, "ca.key"), p.intermediate, p.intermediateKey),
		p.index(filepath.Join(g.plan.Dir, "index.txt")),
	); err != nil {
		return err
	}
	if _, err := g.startPeer(upstreamRole, &g.upstream); err != nil {
		return err
	}
	g.peer.Upstream = g.upstream.HTTP
	if err := g.startGateway(); err != nil {
		return err
	}
	if err := errors.Join(g.record(), g.recordCheck()); err != nil {
		return err
	}
	var authority, lookUp, bare peerURLs
	if _, err := g.startPeer(authorityRole, &authority); err != nil {
		return err
	}
	g.peer.Authority = authority.HTTP
	if _, err := g.startPeer(lookUpRole, &lookUp); err != nil {
		return err
	}
	bareServer, err := g.startPeer(bareRole, &bare)
	if err != nil {
		return err
	}
	if err := g.startNginx(lookUp.HTTP); err != nil {
		return err
	}
	g.httpPaths(bareServer, bare)
	return g.checkPaths(bareServer, bare)
}

// httpPaths are those that wrk asks.
func (g *gatewayBench) httpPaths(bareServer *server, bare peerURLs) {
	add := func(name, compared string, s *server, fresh bool, url, head string) {
		g.paths = append(g.paths, &gatewayPath{name: name, compared: compared, server: s, fresh: fresh, run: func(from int64) (load, error) {
			return g.runWrk(url, head, from, g.plan.Slot)
		}})
	}
	forward, proxy := g.fronts["forward_auth"], g.fronts["proxy"]
	ask := func(uri string) string { return fmt.Sprintf(forwardHead, uri) }
	add(forwardReused, bareForward, g.gateway, false, forward, ask("/orders"))
	add(forwardNew, rawForward, g.gateway, true, forward, ask("/orders"))
	add(forwardOpen, bareForward, g.gateway, false, forward, ask("/open"))
	add(bareForward, "", bareServer, false, bare.HTTP, ask(barePath))
	add(rawForward, "", bareServer, true, bare.HTTP, ask(signingPath))
	add(proxyReused, bareProxy, g.gateway, false, proxy, clientHead)
	add(proxyNew, bareProxy, g.gateway, true, proxy, clientHead)
	add(bareProxy, "", bareServer, false, bare.Reverse, clientHead)
	for _, n := range []struct {
		name, compared, path string
		fresh                bool
	}{
		{nginxAlone, "", "/alone", false}, {nginxReused, nginxAlone, "/stapled", false}, {nginxNew, nginxAlone, "/stapled", true},
		{nginxOCSP, nginxAlone, ocspPath, false}, {nginxIntro, nginxAlone, introspectionPath, false},
	} {
		add(n.name, n.compared, nil, n.fresh, g.nginx, fmt.Sprintf(clientTarget, n.path))
	}
}

// checkPaths are those that a gRPC client asks.
func (g *gatewayBench) checkPaths(bareServer *server, bare peerURLs) error {
	for _, c := range []struct {
		name, compared, url string
		server              *server
		fresh               bool
	}{
		{checkReused, bareCheck, g.fronts["ext_authz_grpc"], g.gateway, false},
		{checkNew, rawCheck, g.fronts["ext_authz_grpc"], g.gateway, true},
		{bareCheck, "", bare.GRPC, bareServer, false},
		{rawCheck, "", bare.GRPCSigning, bareServer, true},
	} {
		client, err := g.dialChecks(c.url)
		if err != nil {
			return err
		}
		g.paths = append(g.paths, &gatewayPath{name: c.name, compared: c.compared, server: c.server, fresh: c.fresh, run: func(from int64) (load, error) {
			return g.runChecks(client, from, g.plan.Slot)
		}})
	}
	return nil
}

// measure asks for a slot.
func (g *gatewayBench) measure(p *gatewayPath) error {
	var began time.Duration
	var err error
	if p.server != nil {
		if began, err = p.server.processorTime(); err != nil {
			return err
		}
	}
	from := int64(-1)
	if p.fresh {
		from = g.next
	}
	l, err := p.run(from)
	if err != nil {
		return err
	}
	if p.fresh {
		g.next += l.Requests + wrkConnections
	}
	p.perSecond, p.last = append(p.perSecond, l.perSecond()), append(p.last, float64(l.P99)/1000)
	if p.server == nil {
		return nil
	}
	ended, err := p.server.processorTime()
	p.perProcessor = append(p.perProcessor, float64(l.Requests)/max(ended-began, time.Second/ticks).Seconds())
	return err
}

func (g *gatewayBench) summarize() *Gateways {
	byName := make(map[string]*gatewayPath)
	for _, p := range g.paths {
		byName[p.name] = p
	}
	r := &Gateways{Rounds: g.plan.Rounds, Slot: g.plan.Slot.String(), Tokens: g.plan.Tokens}
	for _, p := range g.paths {
		row := GatewayRow{Name: p.name, PerSecond: rounded(median(p.perSecond)), P99: rounded(median(p.last)), PerProcessorSecond: rounded(median(p.perProcessor)), Compared: p.compared}
		if other := byName[p.compared]; other != nil {
			row.Over = spread(p.perSecond, other.perSecond, 1)
			if p.perProcessor != nil {
				row.OverProcessor = spread(p.perProcessor, other.perProcessor, 1)
			}
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

// stop ends every process, the last first.
func (g *gatewayBench) stop() error {
	var errs []error
	for _, c := range g.connections {
		errs = append(errs, c.Close())
	}
	for i := range g.servers {
		errs = append(errs, g.servers[len(g.servers)-1-i].stop())
	}
	return errors.Join(errs...)
}

// freeAddress returns an address that was free a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
