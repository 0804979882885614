// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/exhaustive"
)

// The tests of this file measure the memory of the process, so they must not be
// parallel to others.

const everyFront = `proxy: 127.0.0.1:0
forward_auth: 127.0.0.1:0
ext_authz: 127.0.0.1:0
ext_authz_grpc: 127.0.0.1:0
anchors: [root.pem]
audience: billing
metrics_address: 127.0.0.1:0
access_log: access.log
routes:
  - {path: /only, host: billing.internal, methods: GET, callers: any, upstream: %[1]q}
  - {prefix: /, callers: any, upstream: %[1]q}
`

// heap returns the bytes of live objects.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one has found to be finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// settled waits until no more than so many goroutines are left, and returns how
// many there are.
func settled(most int) int {
	for end := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > most && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
	}
	return runtime.NumGoroutine()
}

// TestGarbageLeavesNothing: after a million requests of strangers there is no
// more memory, goroutine or metric than after the first few, and the logs are
// short.
func TestGarbageLeavesNothing(t *testing.T) {
	upstream := httptest.NewServer(http.NotFoundHandler())
	defer upstream.Close()
	w := newWorld(t)
	w.start(fmt.Sprintf(everyFront, upstream.URL))
	n := exhaustive.Of(t, 1_000_000, 10_000)
	garbage := newGarbage(w)

	goroutines := runtime.NumGoroutine()
	garbage.send(t, 2000) // all kinds, several times
	settled(goroutines + 4)
	series, memory := w.series(), heap()
	garbage.send(t, n)
	http.DefaultClient.CloseIdleConnections()
	if is := settled(goroutines + 4); is > goroutines+4 {
		t.Errorf("%d goroutines, and %d before", is, goroutines)
	}
	if is := w.series(); is != series {
		t.Errorf("%d series, and %d before", is, series)
	}
	if is := heap(); is > memory+2<<20 {
		t.Errorf("%d bytes of memory, and %d before", is, memory)
	}
	for name, text := range map[string]string{"log": w.log.String(), "access log": w.read("access.log")} {
		t.Logf("%s: %d bytes", name, len(text))
		if len(text) > 256<<10 {
			t.Errorf("%s: %d bytes", name, len(text))
		}
	}
	w.want(200, w.token("billing", nil), "GET", "/a")
}

// series counts the series of /metrics about what is asked.
func (w *world) series() int {
	w.Helper()
	r, err := http.NewRequest("GET", w.Ready().MetricsURL, nil)
	check(w.T, err)
	body, err := io.ReadAll(w.do(http.DefaultClient, r).Body)
	check(w.T, err)
	return strings.Count(string(body), "\nstapled_")
}

// garbage makes requests that nobody may make.
type garbage struct {
	fronts []string // host and port
	forged string   // a token whose signature is wrong
	long   string
}

func newGarbage(w *world) *garbage {
	g := &garbage{long: strings.Repeat("x", 7500)}
	for _, name := range []string{"forward_auth", "proxy", "ext_authz"} {
		g.fronts = append(g.fronts, strings.TrimPrefix(w.Ready().Fronts[name], "http://"))
	}
	token := w.token("billing", nil)
	g.forged = token[:strings.LastIndexByte(token, '.')+1] + strings.Repeat("A", 86)
	return g
}

const kinds = 16

// request appends a request of a kind.
func (g *garbage) request(to []byte, kind int, r *rand.Rand) []byte {
	method, target, host, rest := "GET", "/a", "billing.internal", ""
	some := strconv.FormatUint(r.Uint64(), 36)
	switch kind % kinds {
	case 0: // no token
	case 1:
		rest = "Authorization: Bearer " + some + "\r\n"
	case 2:
		rest = "Authorization: Bearer " + g.long + some + "\r\n"
	case 3:
		rest = "Authorization: Bearer " + g.long[:3000] + "." + g.long[:3000] + "." + some + "\r\n"
	case 4:
		rest = "Authorization: Bearer " + g.forged + "\r\n"
	case 5:
		rest = "Authorization: Basic " + some + "\r\n"
	case 6:
		rest = "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"
	case 7:
		target = "/" + some + "/" + some
	case 8:
		target = "/" + some + "/../" + some + "?" + some
	case 9:
		host = some + ".example"
	case 10:
		host = "-" + some + "_"
	case 11:
		method = "M" + strings.ToUpper(some)
	case 12:
		rest = "X-" + some + ": " + some + "\r\n"
	case 13:
		rest = "X-Request-Id: " + some + some + "\r\nTraceparent: " + some + "\r\n"
	case 14:
		rest = "X_Forwarded_For: " + some + "\r\nStapled_Subject: " + some + "\r\n"
	case 15:
		rest = "Authorization: Bearer eyJhbGciOiJub25lIn0." + some + ".\r\n"
	}
	return fmt.Appendf(to, "%[1]s %[2]s HTTP/1.1\r\nHost: %[3]s\r\nX-Forwarded-Method: %[1]s\r\nX-Forwarded-Uri: %[2]s\r\nX-Forwarded-Host: %[3]s\r\nX-Forwarded-Proto: https\r\n%[4]s\r\n",
		method, target, host, rest)
}

// send makes n requests over a few kept connections, many in flight.
func (g *garbage) send(t *testing.T, n int) {
	t.Helper()
	const inFlight = 64
	var left atomic.Int64
	left.Store(int64(n))
	var clients sync.WaitGroup
	for i := range 2 * len(g.fronts) {
		clients.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), uint64(n)))
			conn, err := net.Dial("tcp", g.fronts[i%len(g.fronts)])
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			answers := bufio.NewReader(conn)
			var batch []byte
			for left.Add(-inFlight) > -inFlight {
				batch = batch[:0]
				for k := range inFlight {
					batch = g.request(batch, k, random)
				}
				// The server answers while it reads, and the buffers of the system do not
				// hold a batch.
				sent := make(chan error, 1)
				go func() {
					_, err := conn.Write(batch)
					sent <- err
				}()
				for range inFlight {
					if status, err := readAnswer(answers); err != nil || status/100 != 4 {
						t.Errorf("%d, %v", status, err)
						return
					}
				}
				if err := <-sent; err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
}

// readAnswer reads an answer, and returns its status.
func readAnswer(r *bufio.Reader) (status int, err error) {
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimSpace(line)
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
		if value, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 ")); ok {
			if status, err = strconv.Atoi(string(value[:3])); err != nil {
				return 0, err
			}
		}
		if len(line) == 0 {
			_, err := r.Discard(length)
			return status, err
		}
	}
}

// TestSlowConnections: thousands of connections that begin a request and do not
// end it take little memory, keep nobody else waiting, and are cut off.
func TestSlowConnections(t *testing.T) {
	n := exhaustive.Of(t, 4000, 40)
	if n < 4000 {
		t.Parallel() // it waits most of the time, and measures no memory
	}
	upstream := httptest.NewServer(http.NotFoundHandler())
	defer upstream.Close()
	w := newWorld(t)
	w.start(fmt.Sprintf(everyFront, upstream.URL))
	token := w.token("billing", nil)
	w.want(200, token, "GET", "/a")
	before := memoryInUse()
	var fronts []string
	for _, url := range w.Ready().Fronts {
		fronts = append(fronts, strings.TrimPrefix(url, "http://"))
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		conn, err := net.Dial("tcp", fronts[i%len(fronts)])
		if err != nil {
			t.Fatalf("connection %d: %v; this test needs %d file descriptors: raise ulimit -n", i, err, 2*n+200)
		}
		defer conn.Close()
		conns[i] = conn
		if _, err := conn.Write([]byte("GET /a HTTP/1.1\r\nHost: billing.internal\r\nX-Slow: ")); err != nil {
			t.Fatal(err)
		}
	}
	// Others are answered meanwhile.
	for range 20 {
		start := time.Now()
		w.want(200, token, "GET", "/a")
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("an answer took %s", took)
		}
	}
	if each := (memoryInUse() - before) / int64(n); n == 4000 {
		t.Logf("%d bytes for each connection, with the client's side", each)
		if each > 48<<10 {
			t.Errorf("%d bytes for each connection", each)
		}
	}
	// One more byte now and then does not help.
	began := time.Now()
	for i, conn := range conns {
		_, _ = conn.Write([]byte("x")) // it may be cut off already
		check(t, conn.SetReadDeadline(began.Add(25*time.Second)))
		if _, err := io.Copy(io.Discard, conn); os.IsTimeout(err) {
			t.Fatalf("connection %d to %s is still open after %s", i, conn.RemoteAddr(), time.Since(began))
		}
	}
	w.want(200, token, "GET", "/a")
}

// memoryInUse returns the bytes of live objects and of stacks.
func memoryInUse() int64 {
	live := heap()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return live + int64(m.StackInuse)
}

// TestLargeBodies: the proxy streams a gigabyte in each direction, and holds none
// of it.
func TestLargeBodies(t *testing.T) {
	size := int64(exhaustive.Of(t, 1<<30, 64<<20))
	w := proxied(t, "http", "", "access_log: access.log\n", func(rw http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil || n != size {
			http.Error(rw, fmt.Sprint(n, err), http.StatusInternalServerError)
			return
		}
		io.CopyN(rw, zeros{}, size) // the client counts
	})
	r := w.request("POST", "/", "")
	r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, size)), -1
	before := heap()
	var most atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), int64(m.HeapAlloc)))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	close(stop)
	<-stopped
	if err != nil || n != size || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %d bytes, %v: %s", answer.Status, n, err, w.log)
	}
	t.Logf("%d bytes of memory at most, and %d before", most.Load(), before)
	if most.Load() > before+16<<20 {
		t.Errorf("%d bytes of memory, and %d before", most.Load(), before)
	}
	if info, err := os.Stat(filepath.Join(w.dir, "access.log")); err != nil || info.Size() > 1<<10 {
		t.Errorf("access log: %v, %v", info, err)
	}
}

// zeros is a reader without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
