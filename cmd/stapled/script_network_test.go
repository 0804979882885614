// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stapledjwt/stapled/internal/testport"
)

// awaitCommand polls, because the output of a background command can be read
// only after its end.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1)
	dir := ts.MkAbs(args[0])
	var last error
	eventually(ts, func() bool {
		var kept struct {
			Address string `json:"gateway_address"`
		}
		var settings struct {
			CA string `json:"ca_url"`
		}
		last = errors.Join(
			readJSON(filepath.Join(dir, "config", "stack.json"), &kept),
			readJSON(filepath.Join(dir, "config", "stapled.json"), &settings))
		if last != nil {
			return false
		}
		gatewayURL := "http://" + kept.Address
		var status int
		if status, _, last = request(gatewayURL, ""); last != nil || status != http.StatusUnauthorized {
			return false
		}
		if status, _, last = request(settings.CA+"/health", ""); last != nil || status != http.StatusOK {
			return false
		}
		ts.Setenv("GATEWAY_URL", gatewayURL)
		u, err := url.Parse(settings.CA)
		ts.Check(err)
		ts.Setenv("CA_ADDRESS", u.Host)
		return true
	}, func() string { return fmt.Sprintf("the stack in %s does not answer: %v", args[0], last) })
}

func filledCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1)
	eventually(ts, func() bool {
		info, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil && info.Size() > 0
	}, func() string { return args[0] + " is still empty" })
}

func readJSON(name string, value any) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, value)
}

func eventually(ts *testscript.TestScript, done func() bool, complaint func() string) {
	deadline := time.After(patience)
	again := time.NewTicker(20 * time.Millisecond) // between two looks at another process
	defer again.Stop()
	for !done() {
		select {
		case <-deadline:
			ts.Fatalf("%s", complaint())
		case <-again.C:
		}
	}
}

// request trusts any certificate: it is asked whether something answers.
func request(target, token string) (int, string, error) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
	}}
	req, err := http.NewRequest(http.MethodGet, target, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func tokenIn(ts *testscript.TestScript, file string) string {
	if file == "-" {
		return ""
	}
	return strings.TrimSpace(ts.ReadFile(file))
}

func getCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, 4)
	status, body, err := request(args[1], tokenIn(ts, args[2]))
	ts.Check(err)
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("GET %s: status %d, want %s: %s", args[1], status, args[0], body)
	}
	if len(args) == 4 {
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(body), 0o600))
	}
}

func untilCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, 3)
	token, status := tokenIn(ts, args[2]), 0
	eventually(ts, func() bool {
		var err error
		status, _, err = request(args[1], token)
		ts.Check(err)
		return strconv.Itoa(status) == args[0]
	}, func() string { return fmt.Sprintf("GET %s: status still %d, want %s", args[1], status, args[0]) })
}

func busyCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
	ts.Setenv(args[0], l.Addr().String())
}

func freeCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 10)
	for _, name := range args {
		address, release, err := testport.Reserve()
		ts.Check(err)
		ts.Defer(func() { ts.Check(release()) })
		ts.Setenv(name, address)
	}
}
