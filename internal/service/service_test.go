// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestCloseCutsOff: whoever reaches the port could keep the service from an
// orderly end otherwise.
func TestCloseCutsOff(t *testing.T) {
	var log bytes.Buffer
	s, err := listenAnywhere("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan struct{})
	s.Handle(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}), slog.New(slog.NewTextHandler(&log, nil)))
	s.Start(make(chan error, 1))
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-arrived
	if err := s.Close(10 * time.Millisecond); err != nil {
		t.Errorf("an orderly end is no error: %v", err)
	}
	if !strings.Contains(log.String(), "requests cut off") {
		t.Errorf("the log is silent: %s", &log)
	}
}
