// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"context"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	r := newResponder(t, ca, knownSource)
	now := epoch.Truncate(time.Second)
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		for _, row := range []struct {
			name   string
			serial *big.Int
			want   int
		}{
			{"good", goodSerial, ocsp.Good},
			{"revoked", revokedSerial, ocsp.Revoked},
			{"unissued", unknownSerial, ocsp.Unknown},
			{"serial 0", new(big.Int), ocsp.Unknown},
			{"20 octets", new(big.Int).Lsh(big.NewInt(1), 159), ocsp.Unknown},
		} {
			t.Run(row.name+"/"+hash.String(), func(t *testing.T) {
				req := ask(t, ca.cert, row.serial, hash)
				der := r.Respond(t.Context(), req)
				resp, err := ocsp.ParseResponse(der, ca.cert)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Status != row.want || resp.SerialNumber.Cmp(row.serial) != 0 || resp.IssuerHash != hash {
					t.Errorf("got status %d for %s under %s", resp.Status, resp.SerialNumber, resp.IssuerHash)
				}
				if !resp.ProducedAt.Equal(now) || !resp.ThisUpdate.Equal(now) || !resp.NextUpdate.Equal(now.Add(DefaultValidity)) {
					t.Errorf("producedAt %s, thisUpdate %s, nextUpdate %s", resp.ProducedAt, resp.ThisUpdate, resp.NextUpdate)
				}
				if row.want == ocsp.Revoked && (!resp.RevokedAt.Equal(revokedAt.Truncate(time.Second)) || resp.RevocationReason != ocsp.KeyCompromise) {
					t.Errorf("revoked at %s for %d", resp.RevokedAt, resp.RevocationReason)
				}
				if resp.Certificate != nil {
					t.Error("CA-signed response embeds a certificate")
				}
				parsed, err := parseRequest(req)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Contains(der, parsed.raw) {
					t.Error("response does not repeat the CertID as it was sent")
				}
			})
		}
	}
}

func TestErrorResponses(t *testing.T) {
	t.Parallel()
	key := newP256(t)
	ca := newTestCA(t, "CA", key)
	sameName := newTestCA(t, "CA", newP256(t))
	sameKey := newTestCA(t, "Other", key)
	failing := func(context.Context, *big.Int) (Status, error) {
		return Status{Code: Good}, errors.New("database is down")
	}
	for _, row := range []struct {
		name   string
		source SourceFunc
		req    []byte
		want   ocsp.ResponseStatus
	}{
		{"other CA of the same name", knownSource, ask(t, sameName.cert, goodSerial, crypto.SHA256), ocsp.Unauthorized},
		{"other CA of the same key", knownSource, ask(t, sameKey.cert, goodSerial, crypto.SHA256), ocsp.Unauthorized},
		{"source fails, though it says good", failing, ask(t, ca.cert, goodSerial, crypto.SHA256), ocsp.TryLater},
		{"source knows nothing newer than the past", func(context.Context, *big.Int) (Status, error) {
			return Status{Code: Good, ThisUpdate: epoch.Add(-2 * time.Hour), NextUpdate: epoch.Add(-time.Hour)}, nil
		}, ask(t, ca.cert, goodSerial, crypto.SHA256), ocsp.TryLater},
		{"empty", knownSource, nil, ocsp.Malformed},
		{"too large", knownSource, make([]byte, MaxRequestSize+1), ocsp.Malformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := ocsp.ParseResponse(newResponder(t, ca, row.source).Respond(t.Context(), row.req), ca.cert)
			var re ocsp.ResponseError
			if !errors.As(err, &re) || re.Status != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	now := epoch.Truncate(time.Second)
	for _, row := range []struct {
		name       string
		validity   time.Duration
		status     Status
		thisUpdate time.Time
		nextUpdate time.Time
	}{
		{"fraction of a second", 3700 * time.Millisecond, Status{Code: Good}, now, now.Add(3 * time.Second)},
		{"one second", time.Second, Status{Code: Good}, now, now.Add(time.Second)},
		{"list from an hour ago", 0, Status{Code: Good, ThisUpdate: now.Add(-time.Hour)}, now.Add(-time.Hour), now.Add(DefaultValidity)},
		{"list that ends soon", 0, Status{Code: Good, NextUpdate: now.Add(time.Minute)}, now, now.Add(time.Minute)},
		{"list from the future", 0, Status{Code: Good, ThisUpdate: now.Add(time.Hour)}, now, now.Add(DefaultValidity)},
		{"beyond the CA", 1000 * time.Hour * 24, Status{Code: Good}, now, ca.cert.NotAfter},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := New(Config{
				Validity: row.validity, Now: at(epoch),
				Authorities: []Authority{{Certificate: ca.cert, Signer: ca.key, Source: SourceFunc(func(context.Context, *big.Int) (Status, error) {
					return row.status, nil
				})}},
			})
			if err != nil {
				t.Fatal(err)
			}
			resp, err := ocsp.ParseResponse(r.Respond(t.Context(), ask(t, ca.cert, goodSerial, crypto.SHA256)), ca.cert)
			if err != nil {
				t.Fatal(err)
			}
			if !resp.ThisUpdate.Equal(row.thisUpdate) || !resp.NextUpdate.Equal(row.nextUpdate) {
				t.Errorf("from %s to %s, want %s to %s", resp.ThisUpdate, resp.NextUpdate, row.thisUpdate, row.nextUpdate)
			}
			if !resp.ProducedAt.Equal(now) {
				t.Errorf("producedAt %s, want %s", resp.ProducedAt, now)
			}
		})
	}
}

func TestRevocationDetails(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	now := epoch.Truncate(time.Second)
	for _, row := range []struct {
		name   string
		status Status
		at     time.Time
		reason int
	}{
		{"unspecified", Status{Code: Revoked, RevokedAt: revokedAt}, revokedAt.Truncate(time.Second), 0},
		{"superseded", Status{Code: Revoked, RevokedAt: revokedAt, Reason: 4}, revokedAt.Truncate(time.Second), 4},
		{"aACompromise", Status{Code: Revoked, RevokedAt: revokedAt, Reason: 10}, revokedAt.Truncate(time.Second), 10},
		{"time is missing", Status{Code: Revoked}, now, 0},
		{"time beyond GeneralizedTime", Status{Code: Revoked, RevokedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, now, 0},
		{"time before GeneralizedTime", Status{Code: Revoked, RevokedAt: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)}, now, 0},
		{"reserved reason", Status{Code: Revoked, RevokedAt: revokedAt, Reason: 7}, revokedAt.Truncate(time.Second), 0},
		{"removeFromCRL", Status{Code: Revoked, RevokedAt: revokedAt, Reason: 8}, revokedAt.Truncate(time.Second), 0},
		{"reason out of range", Status{Code: Revoked, RevokedAt: revokedAt, Reason: 99}, revokedAt.Truncate(time.Second), 0},
		{"reason negative", Status{Code: Revoked, RevokedAt: revokedAt, Reason: -1}, revokedAt.Truncate(time.Second), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newResponder(t, ca, func(context.Context, *big.Int) (Status, error) { return row.status, nil })
			resp, err := ocsp.ParseResponse(r.Respond(t.Context(), ask(t, ca.cert, goodSerial, crypto.SHA256)), ca.cert)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != ocsp.Revoked || !resp.RevokedAt.Equal(row.at) || resp.RevocationReason != row.reason {
				t.Errorf("status %d at %s for %d, want revoked at %s for %d", resp.Status, resp.RevokedAt, resp.RevocationReason, row.at, row.reason)
			}
		})
	}
	t.Run("code out of range is unknown", func(t *testing.T) {
		r := newResponder(t, ca, func(context.Context, *big.Int) (Status, error) { return Status{Code: 42}, nil })
		resp, err := ocsp.ParseResponse(r.Respond(t.Context(), ask(t, ca.cert, goodSerial, crypto.SHA256)), ca.cert)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != ocsp.Unknown {
			t.Errorf("status %d, want unknown", resp.Status)
		}
	})
}

func TestObserver(t *testing.T) {
	t.Parallel()
	ca, other := newTestCA(t, "CA", newP256(t)), newTestCA(t, "Other", newP256(t))
	seen := counter{}
	r, err := New(Config{
		Authorities: []Authority{{Certificate: ca.cert, Signer: ca.key, Source: SourceFunc(func(ctx context.Context, serial *big.Int) (Status, error) {
			if serial.Sign() == 0 {
				return Status{}, errors.New("down")
			}
			return knownSource(ctx, serial)
		})}},
		Now: at(epoch), Observer: seen,
	})
	if err != nil {
		t.Fatal(err)
	}
	for outcome, req := range map[Outcome][]byte{
		OutcomeGood:         ask(t, ca.cert, goodSerial, crypto.SHA256),
		OutcomeRevoked:      ask(t, ca.cert, revokedSerial, crypto.SHA256),
		OutcomeUnknown:      ask(t, ca.cert, unknownSerial, crypto.SHA256),
		OutcomeUnauthorized: ask(t, other.cert, goodSerial, crypto.SHA256),
		OutcomeTryLater:     ask(t, ca.cert, new(big.Int), crypto.SHA256),
		OutcomeMalformed:    asn1.NullBytes,
	} {
		r.Respond(t.Context(), req)
		if seen[outcome] != 1 {
			t.Errorf("%s: counted %d times, want once; all: %v", outcome, seen[outcome], seen)
		}
	}
}

// TestAlarm: a source that takes back a revocation is told apart from one that
// fails, in the event and in the log.
func TestAlarm(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		err   error
		alarm Alarm
		line  string
	}{
		{errors.New("down"), "", "source failed"},
		{fmt.Errorf("in a test: %w", ErrRevocationLost), AlarmRevocationLost, "lost a revocation"},
	} {
		ca := newTestCA(t, "CA", newP256(t))
		var events []Event
		var log strings.Builder
		r, err := New(Config{
			Authorities: []Authority{{Certificate: ca.cert, Signer: ca.key, Source: SourceFunc(func(context.Context, *big.Int) (Status, error) {
				return Status{Code: Good}, row.err
			})}},
			Now: at(epoch), Observer: observer(func(e Event) { events = append(events, e) }), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		r.Respond(t.Context(), ask(t, ca.cert, goodSerial, crypto.SHA256))
		if len(events) != 1 || events[0].Outcome != OutcomeTryLater || events[0].Alarm != row.alarm ||
			events[0].CA != ca.cert || events[0].Serial.Cmp(goodSerial) != 0 || events[0].Reused {
			t.Errorf("%v: events %+v, want tryLater with the alarm %q", row.err, events, row.alarm)
		}
		if !strings.Contains(log.String(), row.line) {
			t.Errorf("%v: the log says %s", row.err, &log)
		}
	}
}

type observer func(Event)

func (o observer) Observe(e Event) { o(e) }

// A certificate can be revoked while the source's answer is on its way, so a
// good answer is dated before the question.
func TestAnswerIsDatedBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	now := epoch
	slow := SourceFunc(func(context.Context, *big.Int) (Status, error) {
		now = now.Add(5 * time.Second)
		return Status{Code: Good}, nil
	})
	r, err := New(Config{
		Authorities: []Authority{{Certificate: ca.cert, Signer: ca.key, Source: slow}},
		Now:         func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	asked := now
	resp, err := ocsp.ParseResponse(r.Respond(t.Context(), ask(t, ca.cert, goodSerial, crypto.SHA256)), ca.cert)
	if err != nil {
		t.Fatal(err)
	}
	if resp.ThisUpdate.After(asked) {
		t.Errorf("asked at %s, thisUpdate is %s", asked, resp.ThisUpdate)
	}
}
