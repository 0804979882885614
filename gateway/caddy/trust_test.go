// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package caddy

import (
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

// A new CA in the file counts without a reload of Caddy, and the old one no
// longer does.
func TestAnchorsAreFollowed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "root.pem")
	synctest.Test(t, func(t *testing.T) {
		before, after := stapledtest.NewCA(t), stapledtest.NewCA(t)
		writeAnchor(t, file, before)
		shared, err := newTrust([]string{file}, 0, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer shared.Destruct()
		view, err := shared.verifier.View(verifier.ViewConfig{Audience: "billing"})
		if err != nil {
			t.Fatal(err)
		}
		accepted := func(ca *stapledtest.CA) bool {
			_, err := view.Verify(ca.Token(ca.Identity("https://orders.internal"), issuer.Claims{Audience: []string{"billing"}}))
			return err == nil
		}
		if !accepted(before) || accepted(after) {
			t.Fatal("the first file does not count, or the second already does")
		}
		writeAnchor(t, file, after)
		time.Sleep(certs.ReloadInterval + time.Second)
		synctest.Wait()
		if accepted(before) || !accepted(after) {
			t.Error("the new file does not count, or the old one still does")
		}
	})
}
