// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// underLoad are two processes of `stapled ocsp serve` on one database, and
// clients that ask both without a pause.
type underLoad struct {
	site    *site
	urls    [2]string
	serials []*big.Int
	// revoked holds when a revocation was about to be stored, and when it was.
	revoked [][2]atomic.Int64

	asked, retried, busy atomic.Int64
	// down is when the database was killed, in Unix nanoseconds; 0 before.
	down atomic.Int64
}

// testUnderLoad: one responder is killed, then the database. No answer is wrong
// at any time; no request fails after one retry while the database runs.
func testUnderLoad(t *testing.T, s *site) {
	l := &underLoad{site: s, revoked: make([][2]atomic.Int64, 60)}
	for range l.revoked {
		l.serials = append(l.serials, s.issue(t, s.ca))
	}
	var servers [2]*exec.Cmd
	for i := range servers {
		servers[i], l.urls[i] = serve(t, s)
	}
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					l.ask(t)
				}
			}
		})
	}
	revoke := func(from, to int) {
		for i := from; i < to; i++ {
			l.revoked[i][0].Store(time.Now().UnixNano())
			s.revoke(t, l.serials[i])
			l.revoked[i][1].Store(time.Now().UnixNano())
			time.Sleep(50 * time.Millisecond)
		}
	}
	revoke(0, 15)
	must(t, servers[0].Process.Kill())
	revoke(15, 30)
	if n := l.busy.Load(); n > 0 {
		t.Errorf("%d requests were not answered, though the database runs", n)
	}
	before := l.asked.Load()
	s.server.kill(t)
	l.down.Store(time.Now().UnixNano())
	time.Sleep(3 * time.Second)
	close(stop)
	clients.Wait()
	if l.asked.Load() == before || l.busy.Load() == 0 || l.retried.Load() == 0 {
		t.Errorf("%d requests after the database was killed, %d tryLater in all, %d retries", l.asked.Load()-before, l.busy.Load(), l.retried.Load())
	}
	s.server.start(t)
	t.Logf("figures: %d requests, %d of them asked again at the other responder, %d tryLater after the database was killed, none wrong",
		l.asked.Load(), l.retried.Load(), l.busy.Load())
}

// serve starts a responder with the CA's key, which answers when serve returns.
func serve(t *testing.T, s *site) (*exec.Cmd, string) {
	t.Helper()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(s.ca.Key)
	must(t, err)
	address := "127.0.0.1:" + port(t)
	for name, data := range map[string][]byte{
		"ca.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.ca.Cert.Raw}),
		"ca.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"dsn":    []byte(s.server.dsn("reader", secret)),
		"ocsp.yaml": []byte("address: " + address + "\nstate_dir: state\nvalidity: 30s\nauthorities:\n" +
			"  - certificate: ca.pem\n    sources:\n      - stepdb: {dsn_file: dsn}\n    signer: {key: ca.key}\n"),
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	cmd := exec.Command(os.Getenv("STAPLED"), "ocsp", "serve", "--config", filepath.Join(dir, "ocsp.yaml"))
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	must(t, cmd.Start())
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("a killed responder ended with status 0")
		}
	})
	until(t, "the responder answers", 10*time.Second, func() bool {
		resp, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return false
		}
		must(t, resp.Body.Close())
		return resp.StatusCode == http.StatusOK
	})
	return cmd, "http://" + address
}

// ask asks about one certificate, and once more, at the other responder, if there
// is no connection.
func (l *underLoad) ask(t *testing.T) {
	i, first := rand.N(len(l.serials)), rand.N(2)
	leaf := *l.site.ca.Cert
	leaf.SerialNumber = l.serials[i]
	request, err := ocsp.CreateRequest(&leaf, l.site.ca.Cert, nil)
	if err != nil {
		t.Error(err)
		return
	}
	l.asked.Add(1)
	began := time.Now()
	der, err := post(l.urls[first], request)
	if err != nil {
		l.retried.Add(1)
		if der, err = post(l.urls[1-first], request); err != nil {
			t.Errorf("both requests failed: %v", err)
			return
		}
	}
	got, err := ocsp.ParseResponse(der, l.site.ca.Cert)
	if failure := (ocsp.ResponseError{}); errors.As(err, &failure) && failure.Status == ocsp.TryLater {
		l.busy.Add(1)
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	l.check(t, i, got, began)
}

func post(url string, request []byte) ([]byte, error) {
	resp, err := http.Post(url, "application/ocsp-request", bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	der, err := io.ReadAll(resp.Body)
	return der, errors.Join(err, resp.Body.Close())
}

// check holds an answer to what was true at its thisUpdate, which counts in
// seconds, and to its nextUpdate.
func (l *underLoad) check(t *testing.T, i int, got *ocsp.Response, began time.Time) {
	begun, stored := l.revoked[i][0].Load(), l.revoked[i][1].Load()
	wrong := ""
	switch {
	case got.NextUpdate.Before(began.Add(-time.Second)):
		wrong = "has ended"
	case got.Status == ocsp.Good && stored != 0 && got.ThisUpdate.After(time.Unix(0, stored)):
		wrong = "says good, but was revoked before its thisUpdate"
	case got.Status == ocsp.Revoked && begun == 0:
		wrong = "says revoked, and is not"
	case got.Status == ocsp.Unknown:
		wrong = "says unknown, and was issued"
	}
	if down := l.down.Load(); down != 0 && got.ThisUpdate.After(time.Unix(0, down)) {
		wrong = "is dated after the database was killed"
	}
	if wrong != "" {
		t.Errorf("serial %d: the answer %s: %s", i, wrong, fmt.Sprintf("status %d, thisUpdate %s", got.Status, got.ThisUpdate))
	}
}
