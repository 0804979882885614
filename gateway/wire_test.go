// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// recorder is an upstream that keeps the bytes of each request as they arrive.
func recorder(t *testing.T) (address string, requests <-chan string) {
	t.Helper()
	arrived := make(chan string, 100)
	return speaks(t, func(conn net.Conn) {
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		var raw bytes.Buffer
		r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &raw)))
		if err != nil {
			arrived <- "unreadable: " + raw.String()
			return
		}
		io.Copy(io.Discard, r.Body)
		arrived <- raw.String()
		io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone")
	}), arrived
}

// ours are the lines that the gateway adds.
var ours = regexp.MustCompile(`(?m)^(Stapled|X-Forwarded)-[A-Za-z-]+: .*\r\n`)

// plainRequest is a request with this target as the upstream should get it.
func plainRequest(target string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: UPSTREAM\r\n\r\n"
}

// TestWire1: what reaches the upstream, byte for byte, when a client writes
// this to its socket. If there is a status, nothing does.
func TestWire1(t *testing.T) {
	type row struct {
		name, request string // AUTH stands for Host and Authorization
		arrives       string
		status        string
	}
	var rows []row
	for _, target := range []string{
		"/", "/?", "/??", "/a?", "/a?b", "/a??b?", "/a?/../b//c",
		"/a?foo=bar;moo", "/a?;", "/a?;a=1;b=2&c", "/a?b=2&a=1&b=1", "/a?&&=&", "/a?a=%zz", "/a?%", "/a?%2", "/a?%2f%2F%61%41",
		"/a?a+b%20c", "/a?a=%00%0d%0a", `/a?[1]={"x":'y|z'}<>\^` + "`", "/a?a=http://b/c", "/a?*", "/a?a==b",
		"/a%2Fb", "/a%2fb", "/%61%7E~", "/a%25b", "/a%00b", "/a;b=c", "/a%3Bb", "/a:b@c!$&'()*+,=[]", "/a%20b", "/%", "/%E2%82%AC",
		"//a", "///", "/a//b/", "//a.example/b?c", "/.", "/a/../b", "/%2e%2E/a", `/a%5Cb`,
	} {
		switch r := (row{name: "target " + target, request: "GET " + target + " HTTP/1.1\r\nAUTH\r\n"}); target {
		case "/%": // not an encoding: net/http says so itself
			rows = append(rows, row{r.name, r.request, "", "400"})
		default:
			rows = append(rows, row{r.name, r.request, plainRequest(target), ""})
		}
	}
	for _, target := range []string{
		"/a|b", "/a%2Fb|c", `/a"b`, "/a<b>", `/a\b`, "/a^b", "/a`b", "/a{b}", "/a#b", "/a?b#c", "/aüb", "/a\xffb", "/a?ü", "/a?\xa0b", "/a?\x85b",
		"/a\x00b", "/a?\x00", "/a?\x7f", "/a\tb", "/a?\tb", "/a b", "/a?b c", "a", "?a", "*", "*?a", "x:a", "x:http://b/c", "http:a", "http://[::1/a", "http://a%zz/b",
	} {
		rows = append(rows, row{"target " + target, "GET " + target + " HTTP/1.1\r\nAUTH\r\n", "", "400"})
	}
	const chunked, hello = "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"
	arrivesChunked := "POST /a HTTP/1.1\r\nHost: UPSTREAM\r\n" + chunked + "\r\n" + hello
	rows = append(rows, []row{
		{"absolute form", "GET http://other.example/a%2Fb?c;d HTTP/1.1\r\nAUTH\r\n", plainRequest("/a%2Fb?c;d"), ""},
		{"absolute form with two slashes", "GET http://other.example//a? HTTP/1.1\r\nAUTH\r\n", plainRequest("//a?"), ""},
		{"absolute form with a query alone", "GET http://other.example?b;c HTTP/1.1\r\nAUTH\r\n", plainRequest("/?b;c"), ""},
		{"absolute form, character that must be encoded", "GET http://other.example/a|b HTTP/1.1\r\nAUTH\r\n", "", "400"},
		{"tunnel", "CONNECT other.example:80 HTTP/1.1\r\nAUTH\r\n", "", "400"},
		{"tunnel to a path", "CONNECT /a HTTP/1.1\r\nAUTH\r\n", "", "400"},
		{"asterisk is the server's", "OPTIONS * HTTP/1.1\r\nAUTH\r\n", "", "200"},
		{"another method", "QUERY /a?b;c HTTP/1.1\r\nAUTH\r\n", "QUERY /a?b;c HTTP/1.1\r\nHost: UPSTREAM\r\n\r\n", ""},
		{"method in lower case", "get /a HTTP/1.1\r\nAUTH\r\n", "get /a HTTP/1.1\r\nHost: UPSTREAM\r\n\r\n", ""},
		{"method that is no token", "G(T /a HTTP/1.1\r\nAUTH\r\n", "", "400"},

		{"body", "POST /a HTTP/1.1\r\nAUTHContent-Length: 5\r\n\r\nhello", "POST /a HTTP/1.1\r\nHost: UPSTREAM\r\nContent-Length: 5\r\n\r\nhello", ""},
		{"body in chunks", "POST /a HTTP/1.1\r\nAUTH" + chunked + "\r\n" + hello, arrivesChunked, ""},
		{"chunk extension", "POST /a HTTP/1.1\r\nAUTH" + chunked + "\r\n5;a=b\r\nhello\r\n0\r\n\r\n", arrivesChunked, ""},
		{"trailers do not pass", "POST /a HTTP/1.1\r\nAUTHTrailer: X-T\r\n" + chunked + "\r\n5\r\nhello\r\n0\r\nX-T: a\r\n\r\n", arrivesChunked, ""},
		{"length and chunks", "POST /a HTTP/1.1\r\nAUTHContent-Length: 3\r\n" + chunked + "\r\n" + hello, arrivesChunked, ""},
		{"body of a GET", "GET /a HTTP/1.1\r\nAUTHContent-Length: 5\r\n\r\nhello", "GET /a HTTP/1.1\r\nHost: UPSTREAM\r\nContent-Length: 5\r\n\r\nhello", ""},
		{"the same length twice", "POST /a HTTP/1.1\r\nAUTHContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "POST /a HTTP/1.1\r\nHost: UPSTREAM\r\nContent-Length: 5\r\n\r\nhello", ""},
		{"two lengths", "POST /a HTTP/1.1\r\nAUTHContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "", "400"},
		{"list of lengths", "POST /a HTTP/1.1\r\nAUTHContent-Length: 5, 6\r\n\r\nhello!", "", "400"},
		{"length with a sign", "POST /a HTTP/1.1\r\nAUTHContent-Length: +5\r\n\r\nhello", "", "400"},
		{"length in hexadecimal", "POST /a HTTP/1.1\r\nAUTHContent-Length: 0x5\r\n\r\nhello", "", "400"},
		{"another transfer coding", "POST /a HTTP/1.1\r\nAUTHTransfer-Encoding: xchunked\r\n\r\n" + hello, "", "501"},
		{"two transfer codings", "POST /a HTTP/1.1\r\nAUTHTransfer-Encoding: gzip, chunked\r\n\r\n" + hello, "", "501"},
		{"transfer coding twice", "POST /a HTTP/1.1\r\nAUTH" + chunked + chunked + "\r\n" + hello, "", "400|501"},
		{"transfer coding with a control character", "POST /a HTTP/1.1\r\nAUTHTransfer-Encoding: \x0bchunked\r\n\r\n" + hello, "", "400|501"},
		{"space before the colon", "POST /a HTTP/1.1\r\nAUTHTransfer-Encoding : chunked\r\n\r\n" + hello, "", "400"},
		{"request in a body that is not read", "GET /a HTTP/1.1\r\nAUTHContent-Length: 43\r\n\r\nGET /admin HTTP/1.1\r\nHost: UPSTREAM\r\n\r\nxxxx",
			"GET /a HTTP/1.1\r\nHost: UPSTREAM\r\nContent-Length: 43\r\n\r\nGET /admin HTTP/1.1\r\nHost: UPSTREAM\r\n\r\nxxxx", ""},
		{"expectation", "POST /a HTTP/1.1\r\nAUTHExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
			"POST /a HTTP/1.1\r\nHost: UPSTREAM\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello", ""},
		{"another expectation", "GET /a HTTP/1.1\r\nAUTHExpect: more\r\n\r\n", "", "417"},

		{"header value beyond ASCII", "GET /a HTTP/1.1\r\nAUTHX-A: \xe9 ü\tb\r\n\r\n", "GET /a HTTP/1.1\r\nHost: UPSTREAM\r\nX-A: \xe9 ü\tb\r\n\r\n", ""},
		{"header value with a null", "GET /a HTTP/1.1\r\nAUTHX-A: a\x00b\r\n\r\n", "", "400"},
		{"header value with a carriage return", "GET /a HTTP/1.1\r\nAUTHX-A: a\rStapled-Subject: b\r\n\r\n", "", "400"},
		{"header folded", "GET /a HTTP/1.1\r\nAUTHX-A: a\r\n Stapled-Subject: b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: UPSTREAM\r\nX-A: a Stapled-Subject: b\r\n\r\n", ""},
		{"header without a name", "GET /a HTTP/1.1\r\nAUTH: a\r\n\r\n", "", "400"},
		{"header twice", "GET /a HTTP/1.1\r\nAUTHX-A: 2\r\nX-A: 1\r\n\r\n", "GET /a HTTP/1.1\r\nHost: UPSTREAM\r\nX-A: 2\r\nX-A: 1\r\n\r\n", ""},
		{"two hosts", "GET /a HTTP/1.1\r\nAUTHHost: other.example\r\n\r\n", "", "400"},
		{"later version", "GET /a HTTP/1.2\r\nAUTH\r\n", plainRequest("/a"), ""},
		{"another version", "GET /a HTTP/2.0\r\nAUTH\r\n", "", "505"},
		{"no version", "GET /a\r\nAUTH\r\n", "", "400"},
	}...)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			realm := newRealm(t)
			address, requests := recorder(t)
			proxy := realm.proxy(t, "http://"+address, nil)
			auth := "Host: gateway\r\nUser-Agent:\r\nConnection: close\r\nAuthorization: Bearer " + realm.subject("alice") + "\r\n"
			conn, err := net.Dial("tcp", proxy.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			io.WriteString(conn, strings.Replace(row.request, "AUTH", auth, 1))
			response, _ := io.ReadAll(conn) // a reset may follow a refusal
			response = bytes.TrimPrefix(response, []byte("HTTP/1.1 100 Continue\r\n\r\n"))
			if row.arrives != "" {
				if hints := "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"; !strings.HasPrefix(string(response), hints) || !strings.HasSuffix(string(response), "\r\n\r\ndone") {
					t.Fatalf("response: %q\n%s", response, realm.log.String())
				}
				got := strings.Replace(ours.ReplaceAllString(<-requests, ""), address, "UPSTREAM", 1)
				if got != row.arrives {
					t.Errorf("the upstream got\n%q\nwant\n%q", got, row.arrives)
				}
				return
			}
			got := string(response)
			if len(got) < 12 || !strings.HasPrefix(got, "HTTP/1.1 ") || !strings.Contains(row.status, got[9:12]) || len(requests) != 0 {
				t.Errorf("response: %q; want status %s, and nothing at the upstream", got, row.status)
			}
			// Requests that net/http itself refuses never reach the gateway.
			proxy.Close()
			if log := realm.log.String(); strings.Contains(log, "request accepted") && strings.Count(log, `level=WARN msg="request not forwarded"`) != 1 {
				t.Errorf("want one line that says why:\n%s", log)
			}
		})
	}
}

// On a kept-alive connection, a refused request cannot leave behind anything
// that the upstream or the gateway would take for the next request.
func TestWireKeptConnection(t *testing.T) {
	realm := newRealm(t)
	address, requests := recorder(t)
	proxy := realm.proxy(t, "http://"+address, nil)
	conn, err := net.Dial("tcp", proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	auth := "Host: gateway\r\nUser-Agent:\r\nAuthorization: Bearer " + realm.subject("alice") + "\r\n"
	smuggled := "GET /admin HTTP/1.1\r\n" + auth + "\r\n"
	io.WriteString(conn, "POST /a|b HTTP/1.1\r\n"+auth+fmt.Sprintf("Content-Length: %d\r\n\r\n", len(smuggled))+smuggled+
		"GET /c?d;e HTTP/1.1\r\nConnection: close\r\n"+auth+"\r\n")
	response, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	statuses := regexp.MustCompile(`HTTP/1\.1 \d+ `).FindAllString(string(response), -1)
	if want := "[HTTP/1.1 400  HTTP/1.1 103  HTTP/1.1 200 ]"; fmt.Sprint(statuses) != want {
		t.Errorf("answered %v, want %s", statuses, want)
	}
	if got := <-requests; !strings.HasPrefix(got, "GET /c?d;e HTTP/1.1\r\n") || len(requests) != 0 {
		t.Errorf("the upstream got %q, and then %d more", got, len(requests))
	}
}
