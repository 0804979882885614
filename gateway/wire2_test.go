// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/gateway"
)

// The frames of HTTP/2 that the test needs (RFC 9113 §6).
const (
	frameData, frameHeaders, frameReset, frameSettings, frameGoAway = 0x0, 0x1, 0x3, 0x4, 0x7
	endStream, endHeaders, settingsAck                              = 0x1, 0x4, 0x1
)

func writeFrame(w io.Writer, kind, flags byte, stream uint32, payload []byte) {
	head := append(binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:], kind, flags)
	w.Write(append(binary.BigEndian.AppendUint32(head, stream), payload...))
}

func readFrame(r io.Reader) (kind, flags byte, payload []byte, err error) {
	head := make([]byte, 9)
	if _, err = io.ReadFull(r, head); err != nil {
		return 0, 0, nil, err
	}
	payload = make([]byte, binary.BigEndian.Uint32(append([]byte{0}, head[:3]...)))
	_, err = io.ReadFull(r, payload)
	return head[3], head[4], payload, err
}

// hpack writes fields as literals without indexing (RFC 7541 §6.2.2),
// unchanged.
func hpack(fields ...string) []byte {
	var block []byte
	text := func(s string) {
		if n := len(s); n < 127 {
			block = append(block, byte(n))
		} else { // §5.1
			block = append(block, 127)
			for n -= 127; n >= 128; n >>= 7 {
				block = append(block, byte(n)|128)
			}
			block = append(block, byte(n))
		}
		block = append(block, s...)
	}
	for i := 0; i < len(fields); i += 2 {
		block = append(block, 0)
		text(fields[i])
		text(fields[i+1])
	}
	return block
}

// answer2 returns a server's answer on a stream: its status, or what else it
// did.
func answer2(r io.ReadWriter) string {
	for {
		kind, flags, payload, err := readFrame(r)
		switch {
		case err != nil:
			return "closed"
		case kind == frameSettings && flags&settingsAck == 0:
			writeFrame(r, frameSettings, settingsAck, 0, nil)
		case kind == frameReset:
			return "reset"
		case kind == frameGoAway && binary.BigEndian.Uint32(payload[4:]) != 0:
			return "closed"
		case kind == frameHeaders:
			switch {
			case payload[0] == 0x88: // from the static table (RFC 7541 appendix A)
				return "200"
			case payload[0] == 0x8c:
				return "400"
			case strings.HasPrefix(string(payload), "\x4e\x82\x08\x19"): // 103 in its Huffman code
				continue
			}
			return fmt.Sprintf("%x", payload)
		}
	}
}

// TestWire2: what reaches the upstream, byte for byte, when a client writes
// these fields into an HTTP/2 request.
func TestWire2(t *testing.T) {
	const get, path, https, authority = "GET", "/a", "https", "gateway"
	pseudo := func(method, path, scheme, authority string) []string {
		return []string{":method", method, ":path", path, ":scheme", scheme, ":authority", authority}
	}
	usual := pseudo(get, path, https, authority)
	target := func(path string) []string { return pseudo(get, path, https, authority) }
	with := func(fields ...string) []string { return append(append([]string{}, usual...), fields...) }
	type row struct {
		name    string
		fields  []string // before authorization
		body    string
		arrives string // or answer
		answer  string
	}
	var rows []row
	for _, path := range []string{
		"/", "/?", "/a??b?", "/a?foo=bar;moo", "/a?b=2&a=1&&;", "/a?%zz%2f", "/a%2Fb%2fc%61;d", "//a", "//a.example/b", "/a/../b", `/a?{"|\^}`, "//[",
	} {
		rows = append(rows, row{"path " + path, target(path), "", plainRequest(path), ""})
	}
	for _, path := range []string{
		"/a b", "/a?b c", "/a?b HTTP/1.1", "/a#b", "/a?b#c", "/a|b", "/a%2Fb|c", `/a\b`, "/aü", "/a?ü", "/a?\xa0", "*", "a",
		"http://other.example/b", "x:/b", "", "?a",
	} {
		rows = append(rows, row{"path " + path, target(path), "", "", "400|reset"})
	}
	for _, path := range []string{"/a\r\nX-A: b", "/a?b\r\nX-A: c", "/a?\nb", "/a?\x00", "/a?\tb", "/a?\x7f"} {
		rows = append(rows, row{fmt.Sprintf("path %q", path), target(path), "", "", "400|reset"})
	}
	rows = append(rows, []row{
		{"no path", []string{":method", get, ":scheme", https, ":authority", authority}, "", "", "reset"},
		{"two paths", with(":path", "/b"), "", "", "reset"},
		{"path behind a header", with("x-a", "b", ":path", "/b"), "", "", "reset"},
		{"unknown pseudo-header", with(":a", "b"), "", "", "reset"},
		{"no scheme", []string{":method", get, ":path", path, ":authority", authority}, "", "", "reset"},
		{"another scheme", pseudo(get, path, "gopher", authority), "", "", "reset"},
		{"tunnel", []string{":method", "CONNECT", ":authority", "other.example:80"}, "", "", "400"},
		{"tunnel for WebSockets", []string{":method", "CONNECT", ":protocol", "websocket", ":path", path, ":scheme", https, ":authority", authority}, "", "", "400|reset"},
		{"method with a space", pseudo("GET /b", path, https, authority), "", "", "400|reset"},
		{"host with a line break", pseudo(get, path, https, "a\r\nX-A: b"), "", "", "400|reset"},
		{"no method", pseudo("", path, https, authority), "", "", "400|reset"},
		{"host with a space", pseudo(get, path, https, "a b"), "", "", "400|reset"},
		{"host with a path", pseudo(get, path, https, "a/b"), "", "", "400|reset"},
		{"host beyond ASCII", pseudo(get, path, https, "ü"), "", "", "400|reset"},
		{"host with a user", pseudo(get, path, https, "a@b"), "", "", "400|reset"},
		{"two hosts", pseudo(get, path, https, "a, b"), "", "", "400|reset"},
		{"another host beside it", with("host", "other.example"), "", "", "400|reset"},
		{"the same host beside it", with("host", authority), "", plainRequest(path), ""},
		{"host instead", []string{":method", get, ":path", path, ":scheme", https, "host", "gateway"}, "", plainRequest(path), ""},
		{"upper case", with("X-A", "b"), "", "", "reset"},
		{"ours", with("stapled-subject", "evil", "stapled_subject", "evil", "x-forwarded-host", "evil"), "", plainRequest(path), ""},
		{"line break in a header", with("x-a", "b\r\nstapled-subject: evil"), "", "", "reset"},
		{"null in a header", with("x-a", "b\x00"), "", "", "reset"},
		{"connection", with("connection", "close"), "", "", "400|reset"},
		{"transfer-encoding", with("transfer-encoding", "chunked"), "hello", "", "400|reset"},
		{"upgrade", with("upgrade", "websocket"), "", "", "400|reset"},
		{"te", with("te", "gzip"), "", "", "400|reset"},
		{"length beyond the body", with("content-length", "9"), "hello", "", "400|reset"},
		{"body beyond the length", with("content-length", "3"), "hello", "", "400|reset"},
		// The frames decide, and net/http writes the length of their content.
		{"two lengths", with("content-length", "5", "content-length", "6"), "hello",
			"GET /a HTTP/1.1\r\nHost: UPSTREAM\r\nContent-Length: 5\r\n\r\nhello", ""},
		{"body", pseudo("POST", "/a?b;c", https, authority), "hello",
			"POST /a?b;c HTTP/1.1\r\nHost: UPSTREAM\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", ""},
	}...)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			realm := newRealm(t)
			address, requests := recorder(t)
			base, err := url.Parse("http://" + address)
			if err != nil {
				t.Fatal(err)
			}
			handler := realm.protected(t, gateway.ProxyConfig{Upstream: base})
			proxy := httptest.NewUnstartedServer(handler)
			proxy.EnableHTTP2 = true
			proxy.StartTLS()
			t.Cleanup(proxy.Close)
			conn, err := tls.Dial("tcp", proxy.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
			writeFrame(conn, frameSettings, 0, 0, nil)
			flags := byte(endHeaders)
			if row.body == "" {
				flags |= endStream
			}
			writeFrame(conn, frameHeaders, flags, 1, hpack(append(row.fields, "authorization", "Bearer "+realm.subject("alice"))...))
			if row.body != "" {
				writeFrame(conn, frameData, endStream, 1, []byte(row.body))
			}
			answer := answer2(conn)
			if row.arrives == "" {
				if !strings.Contains(row.answer, answer) {
					t.Errorf("answered %s, want %s\n%s", answer, row.answer, realm.log.String())
				}
				conn.Close()
				proxy.Close()
				for len(requests) > 0 {
					if got := <-requests; !strings.HasPrefix(got, "unreadable") && !strings.Contains(row.name, "length") {
						t.Errorf("the upstream got %q", got)
					}
				}
				return
			}
			if answer != "200" {
				t.Fatalf("answered %s\n%s", answer, realm.log.String())
			}
			got := strings.Replace(ours.ReplaceAllString(<-requests, ""), address, "UPSTREAM", 1)
			if got != row.arrives {
				t.Errorf("the upstream got\n%q\nwant\n%q", got, row.arrives)
			}
		})
	}
}
