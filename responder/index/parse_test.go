// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/responder"
)

func key(hex string) serial {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic(hex)
	}
	s, ok := serialOf(n)
	if !ok {
		panic(hex)
	}
	return s
}

func seconds(text string) int64 {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}

func TestParse(t *testing.T) {
	t.Parallel()
	end := seconds("2026-12-07T20:23:52Z")
	at := seconds("2026-11-27T20:23:55Z")
	revoked := func(reason uint8) entry {
		return entry{notAfter: end, revokedAt: at, code: responder.Revoked, reason: reason}
	}
	for _, row := range []struct {
		name, line, serial string
		want               entry
	}{
		{"valid", "V\t261207202352Z\t\t0A\tunknown\t/CN=a", "a", entry{notAfter: end, code: responder.Good}},
		{"expired", "E\t261207202352Z\t\t0A\tunknown\t/CN=a", "a", entry{notAfter: end, code: responder.Good}},
		{"revoked", "R\t261207202352Z\t261127202355Z\t0A\tunknown\t/CN=a", "a", revoked(0)},
		{"unspecified", "R\t261207202352Z\t261127202355Z,unspecified\t0A\tunknown\t/CN=a", "a", revoked(0)},
		{"keyCompromise", "R\t261207202352Z\t261127202355Z,keyCompromise\t0A\tunknown\t/CN=a", "a", revoked(1)},
		{"CACompromise", "R\t261207202352Z\t261127202355Z,CACompromise\t0A\tunknown\t/CN=a", "a", revoked(2)},
		{"affiliationChanged", "R\t261207202352Z\t261127202355Z,affiliationChanged\t0A\tunknown\t/CN=a", "a", revoked(3)},
		{"superseded", "R\t261207202352Z\t261127202355Z,superseded\t0A\tunknown\t/CN=a", "a", revoked(4)},
		{"cessationOfOperation", "R\t261207202352Z\t261127202355Z,cessationOfOperation\t0A\tunknown\t/CN=a", "a", revoked(5)},
		{"certificateHold", "R\t261207202352Z\t261127202355Z,certificateHold\t0A\tunknown\t/CN=a", "a", revoked(6)},
		{"removeFromCRL", "R\t261207202352Z\t261127202355Z,removeFromCRL\t0A\tunknown\t/CN=a", "a", revoked(8)},
		{"privilegeWithdrawn", "R\t261207202352Z\t261127202355Z,privilegeWithdrawn\t0A\tunknown\t/CN=a", "a", revoked(9)},
		{"AACompromise", "R\t261207202352Z\t261127202355Z,AACompromise\t0A\tunknown\t/CN=a", "a", revoked(10)},
		{"reason in other letters, as openssl reads it", "R\t261207202352Z\t261127202355Z,KEYCOMPROMISE\t0A\tunknown\t/CN=a", "a", revoked(1)},
		{"holdInstruction", "R\t261207202352Z\t261127202355Z,holdInstruction,holdInstructionReject\t0A\tunknown\t/CN=a", "a", revoked(6)},
		{"keyTime", "R\t261207202352Z\t261127202355Z,keyTime,20260101000000Z\t0A\tunknown\t/CN=a", "a", revoked(1)},
		{"CAkeyTime", "R\t261207202352Z\t261127202355Z,CAkeyTime,20260101000000Z\t0A\tunknown\t/CN=a", "a", revoked(2)},
		{"GeneralizedTime", "R\t20261207202352Z\t20261127202355Z,keyCompromise\t0A\tunknown\t/CN=a", "a", revoked(1)},
		{"beyond 2049", "V\t20550101000000Z\t\t10\tunknown\t/CN=a", "10", entry{notAfter: seconds("2055-01-01T00:00:00Z"), code: responder.Good}},
		{"the last UTCTime", "V\t491231235959Z\t\t10\tunknown\t/CN=a", "10", entry{notAfter: seconds("2049-12-31T23:59:59Z"), code: responder.Good}},
		{"the first UTCTime", "E\t500101000000Z\t\t10\tunknown\t/CN=a", "10", entry{notAfter: seconds("1950-01-01T00:00:00Z"), code: responder.Good}},
		{"UTCTime without seconds", "V\t2612072023Z\t\t10\tunknown\t/CN=a", "10", entry{notAfter: seconds("2026-12-07T20:23:00Z"), code: responder.Good}},
		{"odd number of digits", "V\t261207202352Z\t\tABC\tunknown\t/CN=a", "abc", entry{notAfter: end, code: responder.Good}},
		{"lower case", "V\t261207202352Z\t\t0abc\tunknown\t/CN=a", "abc", entry{notAfter: end, code: responder.Good}},
		{"zero", "V\t261207202352Z\t\t00\tunknown\t/CN=a", "0", entry{notAfter: end, code: responder.Good}},
		{"20 octets", "V\t261207202352Z\t\t" + strings.Repeat("FF", 20) + "\tunknown\t/CN=a", strings.Repeat("FF", 20), entry{notAfter: end, code: responder.Good}},
		{"20 octets after a sign octet", "V\t261207202352Z\t\t00" + strings.Repeat("FF", 20) + "\tunknown\t/CN=a", strings.Repeat("FF", 20), entry{notAfter: end, code: responder.Good}},
		{"escaped tab in the subject", "V\t261207202352Z\t\t0A\tunknown\t/CN=a\\\tb", "a", entry{notAfter: end, code: responder.Good}},
		{"subject as openssl escapes it", "V\t261207202352Z\t\t0A\tunknown\t/CN=b\\/x\\x0A\\xC3\\xBC#\xff", "a", entry{notAfter: end, code: responder.Good}},
		{"no subject", "V\t261207202352Z\t\t0A\tunknown\t", "a", entry{notAfter: end, code: responder.Good}},
		{"line end of another system", "V\t261207202352Z\t\t0A\tunknown\t/CN=a\r", "a", entry{notAfter: end, code: responder.Good}},
	} {
		t.Run(row.name, func(t *testing.T) {
			entries, err := parse(strings.NewReader("# a comment\n"+row.line+"\n"), "index.txt", 1<<20)
			if got := entries[key(row.serial)]; err != nil || len(entries) != 1 || got != row.want {
				t.Errorf("got %+v, %v; want %+v", entries, err, row.want)
			}
		})
	}
	for name, number := range map[string]string{"negative": "-0A", "21 octets": "01" + strings.Repeat("00", 20)} {
		entries, err := parse(strings.NewReader("V\t261207202352Z\t\t"+number+"\tunknown\t/CN=a\n"), "index.txt", 1<<20)
		if err != nil || len(entries) != 0 {
			t.Errorf("%s: got %v, %v; want nothing, because nobody can ask about it", name, entries, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const good = "V\t261207202352Z\t\t0B\tunknown\t/CN=b\n"
	for _, row := range []struct{ name, line, want string }{
		{"empty line", "\n", "index.txt:2: line has 1 fields"},
		{"five fields", "V\t261207202352Z\t\t0A\tunknown\n", "index.txt:2: line has 5 fields"},
		{"seven fields", "V\t261207202352Z\t\t0A\tunknown\t/CN=a\tb\n", "more than six"},
		{"torn", "V\t261207202352Z\t\t0A\tunknown\t/CN=a", "index.txt:2: line does not end"},
		{"too long", "V\t261207202352Z\t\t0A\tunknown\t" + strings.Repeat("a", maxLineSize) + "\n", "longer than 65536"},
		{"NUL", "V\t261207202352Z\t\t0A\tunknown\t/CN=a\x00\n", "NUL"},
		{"other status", "S\t261207202352Z\t\t0A\tunknown\t/CN=a\n", `status is "S"`},
		{"no status", "\t261207202352Z\t\t0A\tunknown\t/CN=a\n", `status is ""`},
		{"two letters", "VR\t261207202352Z\t\t0A\tunknown\t/CN=a\n", `status is "VR"`},
		{"valid, but a date", "V\t261207202352Z\t261127202355Z\t0A\tunknown\t/CN=a\n", "there is a revocation date"},
		{"revoked, but no date", "R\t261207202352Z\t\t0A\tunknown\t/CN=a\n", "no revocation date"},
		{"a reason, but no date", "R\t261207202352Z\t,keyCompromise\t0A\tunknown\t/CN=a\n", "no revocation date"},
		{"bad date", "R\t261207202352Z\t261327202355Z\t0A\tunknown\t/CN=a\n", "revocation: "},
		{"local date", "R\t261207202352Z\t261127202355+0100\t0A\tunknown\t/CN=a\n", "revocation: "},
		{"fraction", "R\t261207202352Z\t20261127202355.5Z\t0A\tunknown\t/CN=a\n", "revocation: "},
		{"fraction in the place of seconds", "R\t261207202352Z\t2611272023.5Z\t0A\tunknown\t/CN=a\n", "revocation: "},
		{"no expiry", "V\t\t\t0A\tunknown\t/CN=a\n", "expiry: "},
		{"bad expiry", "V\t2612072023Zx\t\t0A\tunknown\t/CN=a\n", "expiry: "},
		{"unknown reason", "R\t261207202352Z\t261127202355Z,lost\t0A\tunknown\t/CN=a\n", `reason "lost"`},
		{"empty reason", "R\t261207202352Z\t261127202355Z,\t0A\tunknown\t/CN=a\n", `reason ""`},
		{"a value for a reason that takes none", "R\t261207202352Z\t261127202355Z,superseded,x\t0A\tunknown\t/CN=a\n", "followed by"},
		{"holdInstruction without its value", "R\t261207202352Z\t261127202355Z,holdInstruction\t0A\tunknown\t/CN=a\n", "no instruction"},
		{"keyTime without its value", "R\t261207202352Z\t261127202355Z,keyTime\t0A\tunknown\t/CN=a\n", "time of compromise"},
		{"CAkeyTime with another value", "R\t261207202352Z\t261127202355Z,CAkeyTime,x\t0A\tunknown\t/CN=a\n", "time of compromise"},
		{"no serial", "V\t261207202352Z\t\t\tunknown\t/CN=a\n", "serial number is empty"},
		{"only a sign", "V\t261207202352Z\t\t-\tunknown\t/CN=a\n", "serial number is empty"},
		{"serial is not hexadecimal", "V\t261207202352Z\t\t0x0A\tunknown\t/CN=a\n", "not hexadecimal"},
		{"serial twice", "V\t261207202352Z\t\tb\tunknown\t/CN=a\n", "index.txt:2: serial number 0xb is in an earlier line too"},
	} {
		t.Run(row.name, func(t *testing.T) {
			entries, err := parse(strings.NewReader(good+row.line), "index.txt", 1<<20)
			if err == nil || !strings.Contains(err.Error(), row.want) || entries != nil {
				t.Errorf("got %v, %v; want an error with %q", entries, err, row.want)
			}
		})
	}
	entries, err := parse(strings.NewReader(good+strings.Repeat("# a comment\n", 1<<17)), "index.txt", 1<<20)
	if err == nil || !strings.Contains(err.Error(), "larger than") || entries != nil {
		t.Errorf("too large: got %v, %v", entries, err)
	}
}
