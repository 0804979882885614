// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/index"
)

// CachePlan says how to ask through a cache.
type CachePlan struct {
	Nginx, Dir   string
	Certificates int
	// PerSecond is how many requests to make each second, for Time.
	PerSecond int
	Time      time.Duration
	// Validity of an answer. A cache may keep it for half of that.
	Validity time.Duration
}

// Cached is what a cache in front of the responder is worth.
type Cached struct {
	Certificates int     `json:"certificates"`
	Validity     float64 `json:"validity_seconds"`
	// Asked and Reached are requests a second: at the cache, and at the responder.
	Asked   float64 `json:"asked_per_second"`
	Reached float64 `json:"reached_per_second"`
}

// nginxConfig is all that nginx needs to cache OCSP answers: it obeys the
// responder's Cache-Control.
const nginxConfig = `daemon off;
%[1]s
worker_processes 1;
pid %[2]s/nginx.pid;
error_log %[2]s/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path %[2]s/body;
  proxy_temp_path %[2]s/proxy;
  fastcgi_temp_path %[2]s/fastcgi;
  uwsgi_temp_path %[2]s/uwsgi;
  scgi_temp_path %[2]s/scgi;
  proxy_cache_path %[2]s/cache keys_zone=ocsp:10m max_size=100m;
  upstream responder { server %[3]s; keepalive 16; }
  server {
    listen %[4]s;
    keepalive_requests 1000000;
    location / {
      proxy_pass http://responder;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache ocsp;
      proxy_cache_key $request_uri;
      proxy_cache_lock on;
    }
  }
}
`

// cacheConnections is enough that a slow answer delays no other.
const cacheConnections = 16

// MeasureCached asks for each certificate once, and then counts what reaches the
// responder while all are asked for in turn.
func MeasureCached(plan CachePlan) (_ *Cached, err error) {
	p, err := newPKI(plan.Certificates)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var reached atomic.Int64
	file := filepath.Join(plan.Dir, "index.txt")
	if err := p.index(file); err != nil {
		return nil, err
	}
	handler, err := p.responder(ctx, file, plan.Validity)
	if err != nil {
		return nil, err
	}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		handler.ServeHTTP(w, r)
	}))
	defer upstream.Close()
	cache, err := startNginx(plan, upstream.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cache.stop()) }()

	urls := make([]string, plan.Certificates)
	for i, request := range p.requests {
		urls[i] = ocspwire.GetURL(cache.url, request)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: cacheConnections}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	if err := awaitGood(client, urls[0], p); err != nil {
		return nil, errors.Join(err, fmt.Errorf("nginx: %s", cache.log))
	}
	for _, url := range urls {
		if err := get(client, url); err != nil {
			return nil, err
		}
	}
	before, began := reached.Load(), time.Now()
	asked, err := askSteadily(client, urls, plan)
	if err != nil {
		return nil, err
	}
	took := time.Since(began).Seconds()
	return &Cached{
		Certificates: plan.Certificates, Validity: plan.Validity.Seconds(),
		Asked: rounded(float64(asked) / took), Reached: rounded(float64(reached.Load()-before) / took),
	}, nil
}

// responder returns ours for this PKI, whose index.txt it follows.
func (p *pki) responder(ctx context.Context, file string, validity time.Duration) (http.Handler, error) {
	source, err := index.New(index.Config{File: file})
	if err != nil {
		return nil, err
	}
	go source.Run(ctx)
	return responder.New(responder.Config{Validity: validity, Authorities: []responder.Authority{{
		Certificate: p.intermediate, Source: source, Signer: p.intermediateKey,
	}}})
}

// startNginx runs nginx on loopback, in front of an address.
func startNginx(plan CachePlan, upstream string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // the worker must be able to use the directory
	}
	file := filepath.Join(plan.Dir, "nginx.conf")
	if err := errors.Join(l.Close(), os.WriteFile(file, fmt.Appendf(nil, nginxConfig, user, plan.Dir, upstream, address), 0o600)); err != nil {
		return nil, err
	}
	s := &server{command: exec.Command(plan.Nginx, "-p", plan.Dir, "-e", filepath.Join(plan.Dir, "error.log"), "-c", file), url: "http://" + address, log: new(bytes.Buffer)}
	s.command.Stderr = s.log
	return s, s.command.Start()
}

// awaitGood waits until an answer says good.
func awaitGood(client *http.Client, url string, p *pki) error {
	var last error
	for range 100 {
		var body []byte
		if body, last = fetch(client, url); last == nil {
			var answer *ocsp.Response
			if answer, last = ocsp.ParseResponse(body, p.intermediate); last == nil && answer.Status == ocsp.Good {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("no good answer through the cache: %w", last)
}

// askSteadily makes the planned requests, evenly, over a few connections, and
// returns how many it made.
func askSteadily(client *http.Client, urls []string, plan CachePlan) (int64, error) {
	var asked atomic.Int64
	failures := make([]error, cacheConnections)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range cacheConnections {
		wg.Go(func() {
			for {
				elapsed := time.Since(began)
				if elapsed >= plan.Time {
					return
				}
				n := asked.Add(1)
				time.Sleep(time.Duration(n)*time.Second/time.Duration(plan.PerSecond) - elapsed)
				if failures[i] = get(client, urls[int(n)%len(urls)]); failures[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return asked.Load(), errors.Join(failures...)
}

func get(client *http.Client, url string) error {
	_, err := fetch(client, url)
	return err
}

func fetch(client *http.Client, url string) ([]byte, error) { return read(client.Get(url)) }

// Table returns the table of docs/performance.md.
func (c *Cached) Table() *Table {
	t := &Table{Head: []string{"certificates", "an answer is valid for", "requests a second at nginx", "requests a second that reach the responder"}}
	t.add(grouped(int64(c.Certificates)), fmt.Sprintf("%.0f s", c.Validity), grouped(int64(c.Asked+0.5)), decimal(c.Reached))
	return t
}
