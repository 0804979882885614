// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/verifier"
)

const vectorsDir = "../../testdata/vectors"

// TestVectorsAreGenerated makes all vectors again, and holds them against the
// files byte by byte.
func TestVectorsAreGenerated(t *testing.T) {
	ring, err := loadKeyring(filepath.Join(vectorsDir, keysFile))
	if err != nil {
		t.Fatal(err)
	}
	files := generate(ring)
	files[keysFile] = ring.encode()
	total := 0
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(vectorsDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator makes: run go generate ./internal/vectorgen", name)
		}
		total += len(want)
	}
	present, err := filepath.Glob(filepath.Join(vectorsDir, "*.json"))
	if err != nil || len(present) != len(files) {
		t.Errorf("%d files of vectors, and the generator makes %d: %v", len(present), len(files), err)
	}
	if const3MB := 3 << 20; total > const3MB {
		t.Errorf("%d bytes of vectors, more than a repository should carry", total)
	}
}

// published is the content of the files, as any implementation would read it.
type published struct {
	files   map[string]vectorFile
	names   []string // of the files
	anchors map[string]*x509.Certificate
}

var readPublished = sync.OnceValues(func() (*published, error) {
	p := &published{files: make(map[string]vectorFile), anchors: make(map[string]*x509.Certificate)}
	var anchors struct {
		Anchors []struct {
			Name        string `json:"name"`
			Certificate []byte `json:"certificate"`
		} `json:"anchors"`
	}
	if err := readJSON(anchorsFile, &anchors); err != nil {
		return nil, err
	}
	for _, a := range anchors.Anchors {
		c, err := x509.ParseCertificate(a.Certificate)
		if err != nil {
			return nil, err
		}
		p.anchors[a.Name] = c
	}
	paths, err := filepath.Glob(filepath.Join(vectorsDir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if name == anchorsFile || name == keysFile {
			continue
		}
		var f vectorFile
		if err := readJSON(name, &f); err != nil {
			return nil, err
		}
		p.files[name], p.names = f, append(p.names, name)
	}
	return p, nil
})

func readJSON(name string, v any) error {
	data, err := os.ReadFile(filepath.Join(vectorsDir, name))
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if name != anchorsFile {
		decoder.DisallowUnknownFields()
	}
	if err := decoder.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readAll(t *testing.T) *published {
	t.Helper()
	p, err := readPublished()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// each calls f for every case, in order.
func (p *published) each(f func(file string, v *vector)) {
	for _, name := range p.names {
		for i := range p.files[name].Cases {
			f(name, &p.files[name].Cases[i])
		}
	}
}

var usages = map[string]x509.ExtKeyUsage{
	"clientAuth": x509.ExtKeyUsageClientAuth,
	"serverAuth": x509.ExtKeyUsageServerAuth,
}

// verifier makes a verifier of this policy, which reads the clock.
func (p *published) verifier(v *vector, clock *time.Time) (*verifier.Verifier, error) {
	var list []*x509.Certificate
	for _, name := range v.Anchors {
		if p.anchors[name] == nil {
			return nil, fmt.Errorf("no anchor is named %q", name)
		}
		list = append(list, p.anchors[name])
	}
	anchors, err := certs.NewAnchors(list...)
	if err != nil {
		return nil, err
	}
	cfg := verifier.Config{
		Anchors: anchors, Audience: v.Policy.Audience, Issuers: v.Policy.Issuers, Type: v.Policy.Type,
		MaxStapleAge: time.Duration(v.Policy.MaxStapleAge) * time.Second,
		MaxLifetime:  time.Duration(v.Policy.MaxLifetime) * time.Second,
		Leeway:       time.Duration(v.Policy.Leeway) * time.Second,
		Now:          func() time.Time { return *clock },
	}
	for _, alg := range v.Policy.Algorithms {
		cfg.Algorithms = append(cfg.Algorithms, jose.SignatureAlgorithm(alg))
	}
	var ok bool
	if cfg.KeyUsage, ok = usages[v.Policy.KeyUsage]; !ok {
		return nil, fmt.Errorf("key usage %q", v.Policy.KeyUsage)
	}
	switch v.Policy.Staples {
	case "leaf":
		cfg.Staples = verifier.StapleLeaf
	case "chain":
		cfg.Staples = verifier.StapleChain
	default:
		return nil, fmt.Errorf("staples %q", v.Policy.Staples)
	}
	return verifier.New(cfg)
}

// all are the steps of a case, one or more.
func (v *vector) all() []Step {
	if v.Step != nil {
		return []Step{*v.Step}
	}
	return v.Steps
}

// take submits the token and compares the outcome.
func (s *Step) take(v *verifier.Verifier, clock *time.Time) error {
	*clock = s.Now
	token, err := v.Verify(s.Token)
	if err != nil {
		var e *verifier.Error
		if !errors.As(err, &e) || token != nil {
			return fmt.Errorf("token %v, error %T: %w", token, err, err)
		}
		if s.Result != rejected || s.Reason != e.Reason {
			return fmt.Errorf("rejected: %w; want %s %s", e, s.Result, s.Reason)
		}
		return nil
	}
	if s.Result != accepted || s.FreshUntil == nil {
		return fmt.Errorf("accepted, want %s %s", s.Result, s.Reason)
	}
	if token.Issuer != s.Issuer || token.Identity != s.Identity || !token.FreshUntil.Equal(*s.FreshUntil) {
		return fmt.Errorf("accepted as %q of %q until %s, want %q of %q until %s", token.Issuer, token.Identity,
			token.FreshUntil.UTC(), s.Issuer, s.Identity, s.FreshUntil)
	}
	return nil
}

// TestPublishedVectors takes every case on a verifier that has seen nothing,
// and again on the same verifier, whose caches may know it now.
func TestPublishedVectors(t *testing.T) {
	p := readAll(t)
	p.each(func(file string, v *vector) {
		t.Run(strings.TrimSuffix(file, ".json")+"/"+v.Name, func(t *testing.T) {
			clock := new(time.Time)
			verifier, err := p.verifier(v, clock)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range v.all() {
				for _, state := range []string{"first", "again"} {
					if err := s.take(verifier, clock); err != nil {
						t.Errorf("step %d, %s: %v", i+1, state, err)
					}
				}
			}
		})
	})
}

// TestPublishedVectorsWarm takes the cases of one step on verifiers that have
// seen every token of every file that their policy accepts, and then all the
// others, forwards and backwards. No outcome depends on it.
func TestPublishedVectorsWarm(t *testing.T) {
	p := readAll(t)
	type shared struct {
		clock    *time.Time
		verifier *verifier.Verifier
		cases    []*vector
		accepted map[string]bool // headers
	}
	byPolicy := make(map[string]*shared)
	p.each(func(_ string, v *vector) {
		if v.Step == nil {
			return
		}
		id := inline(v.Anchors) + inline(v.Policy)
		if byPolicy[id] == nil {
			clock := new(time.Time)
			made, err := p.verifier(v, clock)
			if err != nil {
				t.Fatal(err)
			}
			byPolicy[id] = &shared{clock: clock, verifier: made, accepted: make(map[string]bool)}
		}
		byPolicy[id].cases = append(byPolicy[id].cases, v)
	})
	warm, rejections := 0, 0
	for _, s := range byPolicy {
		for _, v := range s.cases {
			if v.Result == accepted {
				s.accepted[headerOf(v.Token)] = true
				if err := v.take(s.verifier, s.clock); err != nil {
					t.Errorf("%s: %v", v.Name, err)
				}
			}
		}
		backwards := slices.Clone(s.cases)
		slices.Reverse(backwards)
		for _, v := range slices.Concat(s.cases, backwards) {
			if err := v.take(s.verifier, s.clock); err != nil {
				t.Errorf("%s: %v", v.Name, err)
			}
		}
		for _, v := range s.cases {
			if v.Result == rejected {
				rejections++
				if s.accepted[headerOf(v.Token)] {
					warm++
				}
			}
		}
	}
	t.Logf("%d policies; the header of %d of %d rejected tokens had been accepted", len(byPolicy), warm, rejections)
	if warm < 100 {
		t.Errorf("only %d rejected tokens have a header that had been accepted", warm)
	}
}

func headerOf(token string) string {
	header, _, _ := strings.Cut(token, ".")
	return header
}

// TestVectorsCoverFormat fails if a reason or a rule of docs/format.md has no
// case, if a case names a rule that does not exist, or if a reason contradicts
// the rules of its case.
func TestVectorsCoverFormat(t *testing.T) {
	text, err := os.ReadFile("../../docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := make(map[string][]string) // the reasons of each rule
	cases := make(map[string]int)
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+\.\d+) \|.*\| ([^|]*) \|[^|]*\|$`).FindAllStringSubmatch(string(text), -1) {
		for _, reason := range strings.Split(row[2], ",") {
			rules[row[1]] = append(rules[row[1]], strings.Trim(reason, " `"))
		}
	}
	if len(rules) < 40 {
		t.Fatalf("found %d rules only", len(rules))
	}
	names, count := make(map[string]bool), 0
	readAll(t).each(func(file string, v *vector) {
		if names[v.Name] {
			t.Errorf("two cases are named %s", v.Name)
		}
		names[v.Name] = true
		if (v.Step == nil) == (len(v.Steps) == 0) || len(v.Rules) == 0 {
			t.Errorf("%s: %d rules, %d steps", v.Name, len(v.Rules), len(v.Steps))
		}
		var allowed []string
		for _, rule := range v.Rules {
			if rules[rule] == nil {
				t.Errorf("%s: there is no rule %s", v.Name, rule)
			}
			cases[rule]++
			allowed = append(allowed, rules[rule]...)
		}
		for _, s := range v.all() {
			count++
			cases[cmp.Or(string(s.Reason), accepted)]++
			if s.Reason != "" && !slices.Contains(allowed, string(s.Reason)) {
				t.Errorf("%s: no rule of %v has the reason %s", v.Name, v.Rules, s.Reason)
			}
		}
	})
	for rule := range rules {
		if cases[rule] == 0 {
			t.Errorf("no case is about rule %s", rule)
		}
	}
	for _, reason := range verifier.Reasons() {
		if cases[string(reason)] == 0 {
			t.Errorf("no case has the reason %s", reason)
		}
	}
	t.Logf("%d cases, %d steps, %d of them accepted; %d rules, %d reasons", len(names), count, cases[accepted], len(rules), len(verifier.Reasons()))
}
