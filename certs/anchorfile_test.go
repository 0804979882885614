// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/verifier"
)

func TestLoadAnchorFiles(t *testing.T) {
	root, other := testca.New(), testca.New(testca.Named("Other"))
	renewed := testca.New(ending(testca.Now.AddDate(20, 0, 0)))
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{0}})
	file := func(scope []string, label string, data ...[]byte) certs.AnchorFile {
		return certs.AnchorFile{File: write(t, slices.Concat(data...)), Scope: scope, Label: label}
	}
	a := []string{"a.example"}
	for _, row := range []struct {
		name  string
		files []certs.AnchorFile
		want  int // anchors
		says  string
	}{
		{"one", []certs.AnchorFile{file(a, "a", pemOf(root.Cert, renewed.Cert))}, 1, ""},
		{"two", []certs.AnchorFile{file(a, "a", pemOf(root.Cert)), file(nil, "b", pemOf(other.Cert))}, 2, ""},
		{"one anchor in two files", []certs.AnchorFile{file(a, "a", pemOf(root.Cert)), file(a, "a", pemOf(renewed.Cert))}, 1, ""},
		{"one anchor with two scopes", []certs.AnchorFile{file(a, "", pemOf(root.Cert)), file(nil, "", pemOf(renewed.Cert))}, 0, "with different scopes or labels"},
		{"no file", nil, 0, "no trust anchor given"},
		{"not a scope", []certs.AnchorFile{file([]string{"A"}, "", pemOf(root.Cert))}, 0, `scope "A": write it in lower case`},
		{"second file empty", []certs.AnchorFile{file(nil, "", pemOf(root.Cert)), file(nil, "")}, 0, "holds no PEM certificate"},
		{"leaf", []certs.AnchorFile{file(nil, "", pemOf(root.Leaf().Cert))}, 0, "not a CA certificate"},
		{"private key", []certs.AnchorFile{file(nil, "", pemOf(root.Cert), key)}, 0, "which a verifier must not have"},
	} {
		t.Run(row.name, func(t *testing.T) {
			set, err := certs.LoadAnchorFiles(row.files...)
			if row.says == "" {
				if err != nil || len(set.All()) != row.want {
					t.Fatalf("%v, %v", set, err)
				}
				if first := set.All()[0]; first.ID().Label != "a" || !slices.Equal(first.Scope(), a) {
					t.Errorf("label %q, scope %q", first.ID().Label, first.Scope())
				}
				return
			}
			if err == nil || set != nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, %v", set, err)
			}
			if len(row.files) > 0 && !strings.Contains(err.Error(), row.files[len(row.files)-1].File) {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	}
	if _, err := certs.LoadAnchorFiles(certs.AnchorFile{File: filepath.Join(t.TempDir(), "absent")}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// reloadingAnchors is an AnchorReloader at work on two files.
type reloadingAnchors struct {
	first, second string

	mu      sync.Mutex
	text    strings.Builder // of the log
	offered []*certs.Anchors
	refuse  error
}

func (r *reloadingAnchors) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(line)
}

func (r *reloadingAnchors) use(set *certs.Anchors) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offered = append(r.offered, set)
	return r.refuse
}

func (r *reloadingAnchors) setRefusal(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = err
}

// wait lets three looks happen.
func (r *reloadingAnchors) wait() (offered []*certs.Anchors, log string) {
	time.Sleep(3 * certs.ReloadInterval)
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	offered, log = r.offered, r.text.String()
	r.offered = nil
	r.text.Reset()
	return offered, log
}

func put(t *testing.T, name string, list ...*x509.Certificate) {
	t.Helper()
	if err := certs.WriteFile(name, pemOf(list...)); err != nil {
		t.Fatal(err)
	}
}

func TestReloadAnchors(t *testing.T) {
	root, other, last := testca.New(), testca.New(testca.Named("Other")), testca.New(testca.Named("Last"))
	renewed := testca.New(ending(testca.Now.AddDate(20, 0, 0)))
	for _, row := range []struct {
		name           string
		change         func(*testing.T, *reloadingAnchors)
		offered, lines int // in three looks after the change
		says           string
	}{
		{"nothing", func(*testing.T, *reloadingAnchors) {}, 0, 0, ""},
		{"written again", func(t *testing.T, r *reloadingAnchors) { put(t, r.first, root.Cert) }, 0, 0, ""},
		{"the same certificate twice", func(t *testing.T, r *reloadingAnchors) { put(t, r.first, root.Cert, root.Cert) }, 0, 0, ""},
		{"anchor added", func(t *testing.T, r *reloadingAnchors) { put(t, r.first, root.Cert, last.Cert) }, 1, 1, `level=INFO msg="trust anchors reloaded"`},
		{"anchor renewed", func(t *testing.T, r *reloadingAnchors) { put(t, r.first, root.Cert, renewed.Cert) }, 1, 1, "anchors=2 certificates=3"},
		{"anchor replaced by its renewal", func(t *testing.T, r *reloadingAnchors) { put(t, r.first, renewed.Cert) }, 1, 1, "level=INFO"},
		{"anchor replaced in the second file", func(t *testing.T, r *reloadingAnchors) { put(t, r.second, last.Cert) }, 1, 1, "level=INFO"},
		{"intermediate added", func(t *testing.T, r *reloadingAnchors) { put(t, r.first, root.Cert, root.Intermediate().Cert) }, 1, 2, "is an intermediate: verifiers do not see its revocation"},
		{"anchor of the other file, with another scope", func(t *testing.T, r *reloadingAnchors) { put(t, r.first, root.Cert, other.Cert) }, 0, 1, "with different scopes or labels"},
		{"leaf", func(t *testing.T, r *reloadingAnchors) { put(t, r.first, root.Cert, root.Leaf().Cert) }, 0, 1, "not a CA certificate"},
		{"empty", func(t *testing.T, r *reloadingAnchors) { put(t, r.first) }, 0, 1, "holds no PEM certificate"},
		{"second file gone", func(t *testing.T, r *reloadingAnchors) {
			put(t, r.first, last.Cert)
			if err := os.Remove(r.second); err != nil {
				t.Fatal(err)
			}
		}, 0, 1, `level=WARN msg="trust anchors not reloaded, going on with what is in use"`},
		{"half a file", func(t *testing.T, r *reloadingAnchors) {
			data := pemOf(root.Cert, last.Cert)
			if err := os.WriteFile(r.first, data[:len(data)-40], 0o600); err != nil {
				t.Fatal(err)
			}
		}, 0, 1, "only 1 of its 2 PEM blocks can be decoded"},
		{"not usable yet", func(t *testing.T, r *reloadingAnchors) {
			r.setRefusal(errors.New("not now"))
			put(t, r.first, last.Cert)
		}, 3, 1, "not now"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				r := &reloadingAnchors{first: filepath.Join(dir, "first.pem"), second: filepath.Join(dir, "second.pem")}
				put(t, r.first, root.Cert)
				put(t, r.second, other.Cert)
				files := []certs.AnchorFile{{File: r.first}, {File: r.second, Scope: []string{"other.example"}, Label: "other"}}
				inUse, err := certs.LoadAnchorFiles(files...)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() {
					ended <- certs.AnchorReloader{Files: files, Use: r.use, Logger: slog.New(slog.NewTextHandler(r, nil))}.Run(ctx, inUse)
				}()
				synctest.Wait()
				row.change(t, r)
				if offered, log := r.wait(); len(offered) != row.offered || strings.Count(log, "\n") != row.lines || !strings.Contains(log, row.says) {
					t.Errorf("offered %d times, want %d; the log, where %d lines are wanted: %s", len(offered), row.offered, row.lines, log)
				}
				// In any case, good files end the problem.
				r.setRefusal(nil)
				end := testca.New(testca.Named("End"))
				put(t, r.first, end.Cert)
				put(t, r.second, other.Cert)
				offered, _ := r.wait()
				if len(offered) != 1 || offered[0].Of(end.Cert) == nil || offered[0].Of(other.Cert).ID().Label != "other" {
					t.Errorf("the last set was offered %d times", len(offered))
				}
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

// TestReloadAnchorsFromNothing: the set in use may come from elsewhere, or be
// none.
func TestReloadAnchorsFromNothing(t *testing.T) {
	root := testca.New()
	scoped, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: []*x509.Certificate{root.Cert}, Scope: []string{"a.example"}})
	if err != nil {
		t.Fatal(err)
	}
	labeled, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: []*x509.Certificate{root.Cert}, Label: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for name, inUse := range map[string]*certs.Anchors{"none": nil, "zero": {}, "of a scope": scoped, "with a label": labeled} {
		synctest.Test(t, func(t *testing.T) {
			file := write(t, pemOf(root.Cert))
			ctx, cancel := context.WithCancel(t.Context())
			offers := 0
			reloader := certs.AnchorReloader{Files: []certs.AnchorFile{{File: file}}, Use: func(set *certs.Anchors) error {
				offers++
				return nil
			}}
			ended := make(chan error)
			go func() { ended <- reloader.Run(ctx, inUse) }()
			time.Sleep(3 * certs.ReloadInterval)
			cancel()
			<-ended
			if offers != 1 {
				t.Errorf("in use: %s: offered %d times", name, offers)
			}
		})
	}
}

func TestReloadAnchorsIncomplete(t *testing.T) {
	for says, reloader := range map[string]certs.AnchorReloader{
		"AnchorReloader.Use is nil":     {Files: []certs.AnchorFile{{File: "root.pem"}}},
		"AnchorReloader.Files is empty": {Use: func(*certs.Anchors) error { return nil }},
	} {
		if err := reloader.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}

// TestReloadAnchorsOfVerifier: a file that changes decides what a verifier and
// its views accept, also of what they have accepted before.
func TestReloadAnchorsOfVerifier(t *testing.T) {
	root, other := testca.New(), testca.New(testca.Named("Other"))
	tokens := []string{root.Leaf().Token(), other.Leaf().Token()}
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "anchors.pem")
		put(t, file, root.Cert)
		inUse, err := certs.LoadAnchors(file)
		if err != nil {
			t.Fatal(err)
		}
		v, err := verifier.New(verifier.Config{Anchors: inUse, Audience: "billing", Now: func() time.Time { return testca.Now }})
		if err != nil {
			t.Fatal(err)
		}
		view, err := v.View(verifier.ViewConfig{Audience: "orders"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- certs.AnchorReloader{Files: []certs.AnchorFile{{File: file}}, Use: v.SetAnchors}.Run(ctx, inUse)
		}()
		for i, step := range []struct {
			trusted []*x509.Certificate
			accept  []bool
		}{
			{[]*x509.Certificate{root.Cert}, []bool{true, false}},
			{[]*x509.Certificate{root.Cert, other.Cert}, []bool{true, true}},
			{nil, []bool{true, true}}, // a broken file changes nothing
			{[]*x509.Certificate{other.Cert}, []bool{false, true}},
			{[]*x509.Certificate{root.Cert}, []bool{true, false}},
		} {
			put(t, file, step.trusted...)
			time.Sleep(certs.ReloadInterval)
			synctest.Wait()
			for n, raw := range tokens {
				for range 2 {
					if _, err := view.Verify(raw); (err == nil) != step.accept[n] {
						t.Errorf("step %d, token %d: %v", i, n, err)
					}
				}
			}
		}
		cancel()
		<-ended
	})
}
