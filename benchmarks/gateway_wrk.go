// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// wrkScript sends one token again and again, or each of a file once and then
// from the beginning, which is long after the verifier has forgotten it.
const wrkScript = `local head, tail, tokens, n = "", "\r\n\r\n", {}, 0
function init(args)
  head = args[1]:gsub("\\n", "\r\n")
  n = tonumber(args[3])
  for line in io.lines(args[2]) do
    tokens[#tokens + 1] = line
    if n < 0 then break end
  end
  n = math.max(n, 0)
end
function request()
  n = n + 1
  return head .. tokens[n % #tokens + 1] .. tail
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"microseconds":%d,"p99":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`

// wrkConnections is the number of concurrent clients of wrk, which is one
// thread.
const wrkConnections = 16

// load is what one run of a client has found.
type load struct {
	Requests     int64 `json:"requests"`
	Microseconds int64 `json:"microseconds"`
	P99          int64 `json:"p99"` // microseconds
	Failed       int64 `json:"failed"`
}

func (l load) perSecond() float64 { return float64(l.Requests) / float64(l.Microseconds) * 1e6 }

// forwardHead is the beginning of a question of a gateway in front.
const forwardHead = `GET /auth HTTP/1.1\nHost: gateway\nX-Forwarded-Method: GET\nX-Forwarded-Proto: https\nX-Forwarded-Host: orders.internal\nX-Forwarded-Uri: %s\nX-Forwarded-For: 192.0.2.7\nAuthorization: Bearer `

// clientTarget is the beginning of a request of a client.
const clientTarget = `GET %s HTTP/1.1\nHost: orders.internal\nAccept: */*\nUser-Agent: wrk\nAuthorization: Bearer `

var clientHead = fmt.Sprintf(clientTarget, "/orders")

// runWrk sends requests for the length of a slot. from is the number of the
// first token, or negative for one token all the time.
func (g *gatewayBench) runWrk(url, head string, from int64, slot time.Duration) (load, error) {
	out, err := exec.Command(g.plan.Wrk, "-t1", "-c"+strconv.Itoa(wrkConnections), "-d"+strconv.Itoa(int(slot.Seconds()))+"s", "--timeout", "10s",
		"-s", filepath.Join(g.plan.Dir, wrkFile), url, "--",
		head+g.tokens.header, filepath.Join(g.plan.Dir, tokensFile), strconv.FormatInt(from, 10)).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	_, after, found := bytes.Cut(out, []byte("RESULT "))
	line, _, _ := bytes.Cut(after, []byte("\n"))
	var l load
	if !found {
		return load{}, fmt.Errorf("wrk: no result: %s", out)
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return load{}, fmt.Errorf("wrk: %w: %s", err, line)
	}
	if l.Failed > 0 || l.Requests == 0 {
		return load{}, fmt.Errorf("%d of %d requests failed: %s", l.Failed, l.Requests, out)
	}
	return l, nil
}
