// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

// world is a server with its files, which answers without listening. CA names
// stand for CAs, which have their files in directories of that name.
type world struct {
	*Server
	t    testing.TB
	dir  string
	text strings.Builder // of the log
	mu   sync.Mutex

	file string
	// shift is added to the clock, in nanoseconds.
	shift atomic.Int64
	// listLife is the time from thisUpdate to nextUpdate of the lists.
	listLife time.Duration
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// newWorld makes the files of these CAs: for each a CRL, and a delegate of
// this life.
func newWorld(t testing.TB, life time.Duration, cas ...string) *world {
	w := &world{t: t, dir: t.TempDir(), listLife: 48 * time.Hour}
	for _, ca := range cas {
		check(t, os.Mkdir(filepath.Join(w.dir, ca), 0o700))
		w.write(ca, "ca.pem", w.ca(ca).Cert.Raw, "CERTIFICATE")
		w.delegate(ca, ca+" responder", life)
		w.crl(ca, 1)
	}
	w.configure("", cas...)
	return w
}

// configure writes the configuration file, with further keys.
func (w *world) configure(more string, cas ...string) {
	text := "address: 127.0.0.1:0\nmetrics_address: 127.0.0.1:0\nstate_dir: state\n" + more + "authorities:\n"
	for _, ca := range cas {
		text += strings.ReplaceAll(`  - certificate: CA/ca.pem
    sources: [crl: {file: CA/ca.crl, poll: 1s}]
    signer: {certificate: CA/delegate.pem, key: CA/delegate-key.pem}
`, "CA", ca)
	}
	w.file = filepath.Join(w.dir, "ocsp.yaml")
	check(w.t, certs.WriteFile(w.file, []byte(text)))
}

func (w *world) options() Options {
	return Options{
		Load: func() (Config, error) { return ReadFile(w.file) },
		Log:  slog.New(slog.NewTextHandler(w, nil)),
		Now:  func() time.Time { return time.Now().Add(time.Duration(w.shift.Load())) },
	}
}

// start starts the server without its addresses.
func (w *world) start() {
	w.t.Helper()
	var err error
	w.Server, err = prepare(w.t.Context(), w.options())
	check(w.t, err)
	g := w.current.Load()
	if err := g.refresh(w.t.Context()); err != nil {
		w.t.Log(err)
	}
	w.follow(g)
}

func (w *world) end() { check(w.t, w.Close()) }

func (w *world) ca(name string) *testca.Party {
	return testca.New(testca.Named(name), testca.Valid(time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)))
}

func (w *world) write(ca, name string, der []byte, kind string) {
	w.t.Helper()
	check(w.t, certs.WriteFile(filepath.Join(w.dir, ca, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
}

// delegate makes a new delegate, and replaces both of its files.
func (w *world) delegate(ca, name string, life time.Duration) *testca.Party {
	w.t.Helper()
	d := w.ca(ca).Delegate(testca.Named(name), testca.Valid(time.Now(), time.Now().Add(life)))
	w.write(ca, "delegate.pem", d.Cert.Raw, "CERTIFICATE")
	w.key(ca, d.Key)
	return d
}

func (w *world) key(ca string, key crypto.Signer) {
	w.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	check(w.t, err)
	w.write(ca, "delegate-key.pem", der, "PRIVATE KEY")
}

// crl replaces the list of a CA.
func (w *world) crl(ca string, number int64, revoked ...int64) {
	w.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(w.listLife)}
	for _, serial := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: big.NewInt(serial), RevocationTime: time.Now(), ReasonCode: 1,
		})
	}
	p := w.ca(ca)
	der, err := x509.CreateRevocationList(rand.Reader, list, p.Cert, p.Key)
	check(w.t, err)
	w.write(ca, "ca.crl", der, "X509 CRL")
}

// ask returns the status of a serial, or the error status, and the common name
// of the delegate that signed.
func (w *world) ask(ca string, serial int64) (status, signer string) {
	w.t.Helper()
	p := w.ca(ca)
	request, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: big.NewInt(serial)}, p.Cert, &ocsp.RequestOptions{Hash: crypto.SHA256})
	check(w.t, err)
	in := httptest.NewRequest("POST", "/", strings.NewReader(string(request)))
	in.Header.Set("Content-Type", "application/ocsp-request")
	out := httptest.NewRecorder()
	w.public().ServeHTTP(out, in)
	answer, err := ocsp.ParseResponse(out.Body.Bytes(), p.Cert)
	var refused ocsp.ResponseError
	if errors.As(err, &refused) {
		return refused.Status.String(), ""
	}
	check(w.t, err)
	status = map[int]string{ocsp.Good: "good", ocsp.Revoked: "revoked", ocsp.Unknown: "unknown"}[answer.Status]
	return status, answer.Certificate.Subject.CommonName
}

// want asks about serial 7.
func (w *world) want(ca, status, signer string) {
	w.t.Helper()
	if got, by := w.ask(ca, 7); got != status || by != signer {
		w.t.Errorf("%s: %s by %q, want %s by %q; log:\n%s", ca, got, by, status, signer, w.logged())
	}
}

// wantReady wants one reason for each text, or none.
func (w *world) wantReady(reasons ...string) {
	w.t.Helper()
	got := w.Problems()
	ok := len(got) == len(reasons)
	for i := range min(len(got), len(reasons)) {
		ok = ok && strings.Contains(got[i], reasons[i])
	}
	if !ok {
		w.t.Errorf("not ready because of %q, want %q", got, reasons)
	}
}

// metric returns the value of a metric as the text format has it; "" if it is
// not there.
func (w *world) metric(series string) string {
	w.t.Helper()
	out := httptest.NewRecorder()
	w.private().ServeHTTP(out, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(out.Body.String()) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
