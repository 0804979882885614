// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

// cacheTargets are the checks of what the verifier remembers: it compares every
// time again, remembers nothing before all of it is proven, and mistakes nothing
// for something else.
var cacheTargets = []target{
	{"verifier", []check{
		{name: "hot-certificates-time", rule: "§3", rows: "T17_windows/leaf_not T17_windows/intermediate_not T17_windows/anchor_not",
			old: " && token.header.window.Check(now) == nil {", new: " {"},
		{name: "warm-certificates-time", rule: "§3", rows: "T17_windows/leaf_not T17_windows/intermediate_not T17_windows/anchor_not",
			old: "ok && h.window.Check(now) == nil {", new: "ok {"},
		{name: "hot-staples-time", rule: "§3", rows: "T17_windows/nextUpdate",
			old: "v.checkStaples(token.header, now); err != nil", new: "v.checkStaples(token.header, now); false && err != nil"},
		{name: "hot-claims-time", rule: "§3", rows: "T17_windows/exp",
			old: "token.checkClaimTimes(now, v.leeway); err != nil", new: "token.checkClaimTimes(now, v.leeway); false && err != nil"},
		{name: "warm-staples-time", rule: "§3", rows: "T17_windows/nextUpdate",
			old: "v.checkStaples(h, now); err != nil", new: "v.checkStaples(h, now); false && err != nil"},
		{name: "warm-signature", rule: "5.1",
			old: "if err := h.signer.verify(t, segments); err != nil {", new: "if err := h.signer.verify(t, segments); false && err != nil {"},
		{name: "hot-token-of-its-header", rule: "§3", rows: "TestForgeriesOfCaches/T11_",
			old: "ok && token.header.segment == t.header && ", new: "ok && "},
		{name: "header-only-after-the-signature", rule: "§3", rows: "T02_ T11_ T18_ T19_",
			old: "if err := c.signer.verify(t, segments); err != nil {",
			new: "if path, err := linked.Path(); err == nil {\n\t\tif proven, err := v.prove(c, path, h.ocsp, now); err == nil {\n\t\t\tv.rememberHeader(proven)\n\t\t}\n\t}\n\tif err := c.signer.verify(t, segments); err != nil {"},
		{name: "header-only-after-the-claims", rule: "§3", rows: "T12_ T13_",
			old: "// 7. Claims.\n", new: "v.rememberHeader(proven)\n"},
		{name: "token-only-after-the-signature", rule: "§3", rows: "T18_signature_by",
			old: "if err := h.signer.verify(t, segments); err != nil {",
			new: "if token, err := v.newToken(h, string(segments.payload), now); err == nil {\n\t\tv.rememberToken(t.rest, token)\n\t}\n\tif err := h.signer.verify(t, segments); err != nil {"},
		{name: "token-only-after-the-claims", rule: "§3", rows: "T12_ T13_",
			old: "token, err := v.newToken(h, string(segments.payload), now)\n\tif err != nil {",
			new: "token, err := v.newToken(h, string(segments.payload), now)\n\tif err != nil {\n\t\tv.rememberToken(t.rest, &accepted{header: h, end: now.Add(time.Hour)})"},
		{name: "leaf-link-only-after-all", rule: "§3", rows: "TestStrangersPrice/real_chain_bad_signature",
			old: "// 5. Signature: the sender holds that key.", new: "if path, err := linked.Path(); err == nil {\n\t\tc.chain.Add(path.Chain[0], path.Issuer(0))\n\t}\n\t//"},
		{name: "cache-whole-key", rule: "§3", rows: "TestCacheKeys",
			old: " || e.hash != hash || e.key != key {", new: " || e.hash != hash {"},
		{name: "cache-bound", rule: "§3", rows: "TestCacheBudget",
			old: "for c.used > c.budget {", new: "for false {"},
		{name: "cache-entry-bound", rule: "§3", rows: "TestCacheBudget",
			old: "if c == nil || cost > c.budget {", new: "if c == nil {"},
	}},
	{"internal/certpath", []check{
		{name: "links-not-of-the-leaf", rule: "§3", rows: "TestLinks",
			old: "checkLink(o.chain[i], o.chain[i+1], i > 0, links)", new: "checkLink(o.chain[i], o.chain[i+1], true, links)",
			redundant: "only the links of CAs are added, and a leaf is none"},
		{name: "links-of-CAs-only", rule: "§3", rows: "TestStrangersPrice/made-up_leaf_of_a_real_leaf", in: "verifier",
			old: "if links != nil && add && c.IsCA {", new: "if links != nil && add {"},
		{name: "links-only-verified", rule: "§3", rows: "T05_intermediate_signed_by_another_key",
			old: "c.CheckSignatureFrom(issuer); err != nil {", new: "c.CheckSignatureFrom(issuer); err != nil {\n\t\tif links != nil {\n\t\t\tlinks.Add(c, issuer)\n\t\t}"},
	}},
	{"verifier", []check{
		{name: "links-of-this-issuer", rule: "§3", rows: "TestForgeriesOfCaches/T05_",
			old: "c.links[i].issuer != nil && c.links[i].issuer.Equal(issuer)", new: "c.links[i].issuer != nil"},
		{name: "cached-delegate-time", rule: "6.9",
			old: "proven.narrow(delegate)", new: "",
			redundant: "Staple.Check compares the delegate's window too; this one has the header verified anew"},
		{name: "staples-times", rule: "6.13",
			old: "s.staple.Check(now, v.freshness); err != nil", new: "s.staple.Check(now, v.freshness); false && err != nil"},
	}},
}
