// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package caddy

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/verifier"
)

// trust is a verifier whose anchors are followed. Sites with the same anchors
// share one, with its caches. A new configuration takes it over from the old
// one, so a reload forgets no revocation.
type trust struct {
	verifier *verifier.Verifier
	cancel   context.CancelFunc
	done     sync.WaitGroup
}

var pool = caddy.NewUsagePool()

// acquire returns the trust for these files, and the key to release it with.
func acquire(files []string, maxStapleAge time.Duration, logger *slog.Logger) (*trust, string, error) {
	id, err := json.Marshal(struct {
		Files        []string
		MaxStapleAge time.Duration
	}{files, maxStapleAge})
	if err != nil {
		return nil, "", err
	}
	key := string(id)
	shared, _, err := pool.LoadOrNew(key, func() (caddy.Destructor, error) { return newTrust(files, maxStapleAge, logger) })
	if err != nil {
		return nil, "", err
	}
	return shared.(*trust), key, nil
}

func release(key string) error {
	_, err := pool.Delete(key)
	return err
}

func newTrust(files []string, maxStapleAge time.Duration, logger *slog.Logger) (*trust, error) {
	list := make([]certs.AnchorFile, len(files))
	for i, file := range files {
		list[i].File = file
	}
	anchors, err := certs.LoadAnchorFiles(list...)
	if err != nil {
		return nil, err
	}
	for _, warning := range anchors.Warnings() {
		logger.Warn("anchor", slog.String("warning", warning))
	}
	// Sites use views, each with its own audience. No token is for this one.
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "unused:", MaxStapleAge: maxStapleAge})
	if err != nil {
		return nil, fmt.Errorf("max_staple_age: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &trust{verifier: v, cancel: cancel}
	t.done.Go(func() {
		// It returns only when the context ends.
		_ = certs.AnchorReloader{Files: list, Use: v.SetAnchors, Logger: logger}.Run(ctx, anchors)
	})
	return t, nil
}

// Destruct ends the following of the files.
func (t *trust) Destruct() error {
	t.cancel()
	t.done.Wait()
	return nil
}
