// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// Machine describes what the results depend on.
type Machine struct {
	CPU      string
	Cores    int
	Go       string
	Platform string
	// Load is the load average of the last minute before the run, if the system
	// reports it.
	Load string
	// Peers are the versions of the modules measured.
	Peers []Module
}

// Module is a module and its version.
type Module struct{ Path, Version string }

// ThisMachine describes the machine.
func ThisMachine() Machine {
	m := Machine{
		CPU: "unknown", Cores: runtime.NumCPU(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(load), " ")
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range build.Deps {
			for _, peer := range []string{"github.com/golang-jwt/jwt/v5", "github.com/go-jose/go-jose/v4", "github.com/lestrrat-go/jwx/v3", "golang.org/x/crypto"} {
				if dependency.Path == peer {
					m.Peers = append(m.Peers, Module{dependency.Path, dependency.Version})
				}
			}
		}
	}
	return m
}
