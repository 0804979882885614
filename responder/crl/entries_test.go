// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"encoding/asn1"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// TestEntries: what an entry may be.
func TestEntries(t *testing.T) {
	ca := testca.New()
	other := oidOf(t, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1})
	long := strings.Repeat("\xff", 20)
	for _, row := range []struct {
		name   string
		entry  []byte
		serial string // of the revoked certificate, as octets
		reason int
		says   string
	}{
		{"no extensions", entryDER("\x05"), "\x05", 0, ""},
		{"serial 0", entryDER("\x00"), "", 0, ""},
		{"serial of 20 octets", entryDER("\x7f" + long[1:]), "\x7f" + long[1:], 0, ""},
		{"serial of 20 octets and a zero", entryDER("\x00" + long), long, 0, ""},
		{"keyCompromise", entryDER("\x05", reasonIs(1)), "\x05", 1, ""},
		{"certificateHold", entryDER("\x05", reasonIs(6)), "\x05", 6, ""},
		{"critical reason", entryDER("\x05", extension(idReasonCode, true, "\x0a\x01\x01")), "\x05", 1, ""},
		{"reserved reason", entryDER("\x05", reasonIs(7)), "\x05", 0, ""},
		{"reason 11", entryDER("\x05", reasonIs(11)), "\x05", 0, ""},
		{"reason -128", entryDER("\x05", reasonIs(0x80)), "\x05", 0, ""},
		{"reason and invalidity date", entryDER("\x05", reasonIs(4), extension(idInvalidityDate, true, "\x18\x0f20260301000000Z")), "\x05", 4, ""},
		{"unknown extension", entryDER("\x05", reasonIs(4), extension(other, false, "x")), "\x05", 4, ""},

		{"negative serial", entryDER("\x85"), "", 0, "negative"},
		{"serial of 21 octets", entryDER("\x01" + long), "", 0, "longer than 20"},
		{"serial with a needless zero", entryDER("\x00\x05"), "", 0, "malformed serial number"},
		{"serial with a needless sign", entryDER("\xff\x85"), "", 0, "malformed serial number"},
		{"serial without octets", entryDER(""), "", 0, "malformed serial number"},
		{"no serial", tlv(cbasn1.SEQUENCE, utc("260301115900Z")), "", 0, "no serial number"},
		{"no date", tlv(cbasn1.SEQUENCE, tlv(cbasn1.INTEGER, []byte{5})), "", 0, "revocationDate"},
		{"malformed date", tlv(cbasn1.SEQUENCE, tlv(cbasn1.INTEGER, []byte{5}), utc("260229115900Z")), "", 0, "revocationDate"},
		{"removeFromCRL", entryDER("\x05", reasonIs(8)), "", 0, "removeFromCRL"},
		{"critical removeFromCRL", entryDER("\x05", extension(idReasonCode, true, "\x0a\x01\x08")), "", 0, "removeFromCRL"},
		{"reason that is no ENUMERATED", entryDER("\x05", extension(idReasonCode, false, "\x02\x01\x01")), "", 0, "malformed reasonCode"},
		{"two reasons", entryDER("\x05", reasonIs(1), reasonIs(4)), "", 0, "twice"},
		{"certificate issuer", entryDER("\x05", extension(idCertificateIssuer, true, "\x30\x00")), "", 0, "indirect CRL"},
		{"certificate issuer that is not critical", entryDER("\x05", extension(idCertificateIssuer, false, "\x30\x00")), "", 0, "indirect CRL"},
		{"unknown critical extension", entryDER("\x05", extension(other, true, "x")), "", 0, "critical extension 1.3.6.1.4.1.99999.1"},
		{"empty extensions", entryDER("\x05", [][]byte{}...), "", 0, "malformed extensions"},
		{"something behind the extensions", tlv(cbasn1.SEQUENCE, tlv(cbasn1.INTEGER, []byte{5}), utc("260301115900Z"), tlv(cbasn1.SEQUENCE, reasonIs(1)), []byte{5, 0}), "", 0, "malformed extensions"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := forge(ca)
			f.entries = [][]byte{entryDER("\x41"), row.entry}
			l, err := parse(f.der(t), ca.Cert)
			wantError(t, err, row.says)
			if err != nil {
				wantError(t, err, "entry 2 ")
				return
			}
			wanted, ok := serialOf(new(big.Int).SetBytes([]byte(row.serial)))
			found, revoked := l.entries.find(wanted)
			if !ok || !revoked || int(found.reason) != row.reason || !found.revokedAt().Equal(testca.Now.Add(-time.Minute)) {
				t.Errorf("found %+v: %t, %t", found, ok, revoked)
			}
		})
	}
}

// TestRepeatedSerial: of two revocations of a serial, the final one counts, and
// then the earlier one, in any order.
func TestRepeatedSerial(t *testing.T) {
	ca := testca.New()
	at := func(text string, reason byte) []byte {
		return tlv(cbasn1.SEQUENCE, tlv(cbasn1.INTEGER, []byte{5}), utc(text), tlv(cbasn1.SEQUENCE, reasonIs(reason)))
	}
	hold, late, early := at("260301100000Z", 6), at("260301115900Z", 1), at("260301115000Z", 4)
	for name, list := range map[string][][]byte{
		"hold first": {hold, late, early, entryDER("\x04")},
		"hold last":  {entryDER("\x06"), early, late, hold},
	} {
		f := forge(ca)
		f.entries = list
		l, err := parse(f.der(t), ca.Cert)
		if err != nil {
			t.Fatal(err)
		}
		if found, _ := l.entries.find(serial{low: 5}); len(l.entries) != 2 || found.reason != 4 {
			t.Errorf("%s: %d entries, reason %d", name, len(l.entries), found.reason)
		}
	}
}

// TestFind looks up every serial of an unsorted list, and its neighbors.
func TestFind(t *testing.T) {
	ca := testca.New()
	l, err := parse(largeList(t, ca, 2000), ca.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.entries) != 2000 {
		t.Fatalf("%d entries", len(l.entries))
	}
	for _, e := range l.entries {
		for _, difference := range []int64{-1, 0, 1} {
			s, ok := serialOf(new(big.Int).Add(e.number(), big.NewInt(difference)))
			if _, found := l.entries.find(s); !ok || found != (difference == 0) {
				t.Fatalf("serial %x%+d: %t, %t", e.number(), difference, ok, found)
			}
		}
	}
}

// TestEntrySize: a CRL of a million revocations takes 32 MB.
func TestEntrySize(t *testing.T) {
	if size := reflect.TypeFor[entry]().Size(); size != 32 {
		t.Errorf("an entry has %d bytes, not 32", size)
	}
}

func TestTimes(t *testing.T) {
	for _, row := range []struct {
		name string
		tag  cbasn1.Tag
		text string
		want string // empty if it is refused
	}{
		{"UTC", cbasn1.UTCTime, "260301120000Z", "2026-03-01T12:00:00Z"},
		{"UTC 1950", cbasn1.UTCTime, "500101000000Z", "1950-01-01T00:00:00Z"},
		{"UTC 2049", cbasn1.UTCTime, "491231235959Z", "2049-12-31T23:59:59Z"},
		{"leap day", cbasn1.UTCTime, "240229000000Z", "2024-02-29T00:00:00Z"},
		{"generalized", cbasn1.GeneralizedTime, "20500101000000Z", "2050-01-01T00:00:00Z"},
		{"year 9999", cbasn1.GeneralizedTime, "99991231235959Z", "9999-12-31T23:59:59Z"},
		{"no leap day", cbasn1.UTCTime, "250229000000Z", ""},
		{"month 0", cbasn1.UTCTime, "260001000000Z", ""},
		{"month 13", cbasn1.UTCTime, "261301000000Z", ""},
		{"day 0", cbasn1.UTCTime, "260100000000Z", ""},
		{"day 32", cbasn1.UTCTime, "260132000000Z", ""},
		{"hour 24", cbasn1.UTCTime, "260101240000Z", ""},
		{"minute 60", cbasn1.UTCTime, "260101006000Z", ""},
		{"second 60", cbasn1.UTCTime, "260101000060Z", ""},
		{"no seconds", cbasn1.UTCTime, "2601010000Z", ""},
		{"offset", cbasn1.UTCTime, "260101000000+0000", ""},
		{"no zone", cbasn1.UTCTime, "2601010000000", ""},
		{"letter", cbasn1.UTCTime, "26010100000oZ", ""},
		{"letter in the year", cbasn1.GeneralizedTime, "2o260101000000Z", ""},
		{"fraction", cbasn1.GeneralizedTime, "20260101000000.5Z", ""},
		{"generalized as UTC", cbasn1.UTCTime, "20260301120000Z", ""},
		{"UTC as generalized", cbasn1.GeneralizedTime, "260301120000Z", ""},
		{"text", cbasn1.UTF8String, "260301120000Z", ""},
		{"nothing", cbasn1.UTCTime, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			input := cryptobyte.String(tlv(row.tag, []byte(row.text)))
			got, ok := readTime(&input)
			if ok != (row.want != "") || ok && got.Format(time.RFC3339) != row.want {
				t.Errorf("%s, %t", got, ok)
			}
		})
	}
}
