// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/verifier"
)

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
		if name == anchorsFile || name == catalogue.KeysFile {
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
	if _, ok := v.(*vectorFile); ok {
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
	anchors, err := p.trusted(v.Anchors, v.Scopes)
	if err != nil {
		return nil, err
	}
	cfg := verifier.Config{
		Anchors: anchors, Audience: v.Policy.Audience, Issuers: v.Policy.Issuers, Type: v.Policy.Type, Algorithms: v.Policy.Algorithms,
		MaxStapleAge: time.Duration(v.Policy.MaxStapleAge) * time.Second,
		MaxLifetime:  time.Duration(v.Policy.MaxLifetime) * time.Second,
		Leeway:       leeway.Configured(time.Duration(v.Policy.Leeway) * time.Second),
		Now:          func() time.Time { return *clock },
	}
	var ok bool
	if cfg.KeyUsage, ok = usages[v.Policy.KeyUsage]; !ok {
		return nil, fmt.Errorf("key usage %q", v.Policy.KeyUsage)
	}
	switch v.Policy.Staples {
	case "leaf":
	case "chain":
		cfg.StapleChain = true
	default:
		return nil, fmt.Errorf("staples %q", v.Policy.Staples)
	}
	return verifier.New(cfg)
}

// trusted returns anchors by name.
func (p *published) trusted(names []string, scopes map[string][]string) (*certs.Anchors, error) {
	var list []certs.AnchorConfig
	for _, name := range names {
		if p.anchors[name] == nil {
			return nil, fmt.Errorf("no anchor is named %q", name)
		}
		list = append(list, certs.AnchorConfig{Certificates: []*x509.Certificate{p.anchors[name]}, Scope: scopes[name]})
	}
	return certs.NewScopedAnchors(list...)
}

// all are the steps of a case, one or more.
func (v *vector) all() []Step {
	if v.Step != nil {
		return []Step{*v.Step}
	}
	return v.Steps
}

// enter makes the verifier ready for a step, and returns the view for it.
func (p *published) enter(s *Step, v *verifier.Verifier, scopes map[string][]string) (*verifier.Verifier, error) {
	if s.Replaced != nil {
		anchors, err := p.trusted(s.Replaced, scopes)
		if err != nil {
			return nil, err
		}
		if err := v.SetAnchors(anchors); err != nil {
			return nil, err
		}
	}
	if s.View == nil {
		return v, nil
	}
	return v.View(verifier.ViewConfig{
		Audience: s.View.Audience, Issuers: s.View.Issuers, Type: s.View.Type, MaxLifetime: time.Duration(s.View.MaxLifetime) * time.Second,
	})
}

// take submits the token and compares the outcome.
func (p *published) take(s *Step, v *verifier.Verifier, clock *time.Time) error {
	*clock = s.Now
	var b verifier.Bindings
	if s.Peer != nil {
		peer, err := x509.ParseCertificate(s.Peer)
		if err != nil {
			return err
		}
		b.Peer = peer
	}
	token, err := v.VerifyBound(s.Token, b)
	if err != nil {
		var e *stapled.Error
		if !errors.As(err, &e) || token != (verifier.Token{}) {
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
	if token.Issuer() != s.Issuer || token.Identity() != s.Identity || !token.FreshUntil().Equal(*s.FreshUntil) {
		return fmt.Errorf("accepted as %q of %q until %s, want %q of %q until %s", token.Issuer(), token.Identity(),
			token.FreshUntil().UTC(), s.Issuer, s.Identity, s.FreshUntil)
	}
	if c := p.anchors[s.Anchor]; s.Anchor != "" && (c == nil || token.Anchor().KeyDigest != sha256.Sum256(c.RawSubjectPublicKeyInfo)) {
		return fmt.Errorf("the anchor is %+v, want %s", token.Anchor(), s.Anchor)
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
				view, err := p.enter(&s, verifier, v.Scopes)
				if err != nil {
					t.Fatal(err)
				}
				for _, state := range []string{"first", "again"} {
					if err := p.take(&s, view, clock); err != nil {
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
		id := inline(v.Anchors) + inline(v.Scopes) + inline(v.Policy)
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
				if err := p.take(v.Step, s.verifier, s.clock); err != nil {
					t.Errorf("%s: %v", v.Name, err)
				}
			}
		}
		backwards := slices.Clone(s.cases)
		slices.Reverse(backwards)
		for _, v := range slices.Concat(s.cases, backwards) {
			if err := p.take(v.Step, s.verifier, s.clock); err != nil {
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
