// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage

import "time"

// Facts are what the gateway knows of itself. The caller fills them in for each
// page.
type Facts struct {
	// Version is the version of the program.
	Version string `json:"version"`
	// Started is when the gateway began to answer.
	Started time.Time `json:"started"`
	// Problems are the reasons why the gateway should get no requests; none means
	// that it is ready.
	Problems []string `json:"problems,omitempty"`
	// Reload is about the configuration in use.
	Reload Reload `json:"reload"`
	// Policy are the routes; the first that matches decides.
	Policy []Policy `json:"policy"`
	// Anchors are the CAs in use.
	Anchors []Anchor `json:"anchors"`
}

// Reload says when the configuration was read.
type Reload struct {
	// Loaded is when the configuration in use was read.
	Loaded time.Time `json:"loaded"`
	// Failed is when the last attempt to read a newer one failed, and Error why.
	// Both are empty if the last attempt succeeded.
	Failed time.Time `json:"failed,omitzero"`
	Error  string    `json:"error,omitempty"`
}

// Policy is one route.
type Policy struct {
	Name string `json:"name"`
	// Hosts and Methods are empty if the route is for every host or method.
	Hosts   []string `json:"hosts,omitempty"`
	Methods []string `json:"methods,omitempty"`
	// Path is the path, and ends with /* if the route is also for everything
	// below.
	Path      string `json:"path"`
	Preflight bool   `json:"preflight,omitempty"`
	// Open lets every request pass. The rest is empty then.
	Open     bool     `json:"open,omitempty"`
	Audience string   `json:"audience,omitempty"`
	Claims   []string `json:"claims,omitempty"`
	BindTLS  bool     `json:"bind_tls,omitempty"`
	// Callers are the rules, as in the policy; at least one must let the caller
	// in.
	Callers []string `json:"callers,omitempty"`
}

// Anchor is a CA that the gateway trusts.
type Anchor struct {
	Name  string `json:"name"`
	Label string `json:"label,omitempty"`
	// Scope are the names that it may vouch for; empty means all.
	Scope []string `json:"scope,omitempty"`
	// NotAfter is the end of its certificate that ends last.
	NotAfter time.Time `json:"not_after"`
}
