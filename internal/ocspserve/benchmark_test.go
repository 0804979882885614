// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/service"
)

// BenchmarkServe is one request over a kept connection whose answer is given
// again: to a bare handler that writes the same bytes, and to the responder.
func BenchmarkServe(b *testing.B) {
	w := newWorld(b, time.Hour, "Issuer")
	w.start()
	defer w.end()
	request, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: big.NewInt(7)}, w.ca("Issuer").Cert, &ocsp.RequestOptions{Hash: crypto.SHA1})
	if err != nil {
		b.Fatal(err)
	}
	out := httptest.NewRecorder()
	in := httptest.NewRequest("POST", "/", bytes.NewReader(request))
	in.Header.Set("Content-Type", "application/ocsp-request")
	w.public().ServeHTTP(out, in)
	body := out.Body.Bytes()
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/ocsp-response"}
		_, _ = w.Write(body)
	})
	for _, row := range []struct {
		name    string
		handler http.Handler
	}{{"bare", bare}, {"package responder", w.responder}, {"ocsp serve", w.public()}} {
		b.Run(row.name, func(b *testing.B) {
			s, err := service.Listen("127.0.0.1:0", "address")
			if err != nil {
				b.Fatal(err)
			}
			if row.name == "ocsp serve" {
				s.Handle(row.handler, slog.New(slog.DiscardHandler))
				s.Start(make(chan error, 1))
				defer s.Close(time.Second)
			} else {
				server := &http.Server{Handler: row.handler}
				go func() { _ = server.Serve(s.Listener) }()
				defer server.Close()
			}
			c, err := net.Dial("tcp", s.Address())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			message := fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: %d\r\nContent-Type: application/ocsp-request\r\nAccept-Encoding: gzip\r\n\r\n%s", len(request), request)
			answer := make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(message); err != nil {
					b.Fatal(err)
				}
				n, err := c.Read(answer)
				if err != nil || !bytes.HasSuffix(answer[:n], body[len(body)-100:]) {
					b.Fatalf("%.300q, %v", answer[:n], err)
				}
			}
		})
	}
}
