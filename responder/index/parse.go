// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/responder"
)

// What a file may hold. Subjects make long lines, but not this long.
const (
	maxFileSize = 1 << 30
	maxLineSize = 64 << 10
)

// serial is a serial number as 20 octets, the most that RFC 5280 §4.1.2.2
// permits.
type serial [20]byte

// serialOf returns false for a number that no request can ask about.
func serialOf(n *big.Int) (serial, bool) {
	var s serial
	if n == nil || n.Sign() < 0 || n.BitLen() > 8*len(s) {
		return s, false
	}
	n.FillBytes(s[:])
	return s, true
}

func (s serial) String() string { return "0x" + new(big.Int).SetBytes(s[:]).Text(16) }

// entry is one line. Times are in seconds since 1970.
type entry struct {
	notAfter, revokedAt int64
	// generation is that of the file in which the entry last changed.
	generation uint64
	code       responder.Code
	reason     uint8
}

// sameAs reports whether two entries lead to the same answer.
func (e entry) sameAs(other entry) bool {
	e.generation = other.generation
	return e == other
}

func (e entry) expired(now time.Time) bool { return now.Unix() > e.notAfter }

// parse reads a file as OpenSSL's TXT_DB_read does, with these differences: a
// last line without its end is an error, where OpenSSL ignores it; a serial may
// have an odd number of digits; and a date may be in either format.
//
//  1. A line that begins with # is a comment.
//  2. Every other has six fields between tabs, and ends with a newline. A tab
//     after a backslash is part of its field.
//  3. Status: V for valid, R for revoked, E for expired.
//  4. Expiry: a date.
//  5. Revocation: for R, a date, then optionally a comma and a reason; for V
//     and E, empty.
//  6. Serial number: hexadecimal. No two lines have the same.
//
// The file name and the subject are not used. A file larger than the limit, in
// bytes, is an error.
func parse(in io.Reader, name string, limit int64) (map[serial]entry, error) {
	entries := make(map[serial]entry)
	lines := bufio.NewReaderSize(io.LimitReader(in, limit+1), maxLineSize)
	for number, size := 1, int64(0); ; number++ {
		line, err := lines.ReadSlice('\n')
		size += int64(len(line))
		switch {
		case size > limit:
			return nil, fmt.Errorf("%s: file is larger than %d bytes", name, limit)
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("%s:%d: line is longer than %d bytes", name, number, maxLineSize)
		case errors.Is(err, io.EOF) && len(line) == 0:
			return entries, nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%s:%d: line does not end with a newline; the file is being written, or was cut off", name, number)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		case line[0] == '#':
			continue
		}
		s, e, err := parseLine(line[:len(line)-1])
		if errors.Is(err, errNeverAsked) {
			continue
		}
		if err == nil {
			if _, twice := entries[s]; twice {
				err = fmt.Errorf("serial number %s is in an earlier line too", s)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		entries[s] = e
	}
}

// errNeverAsked says that no request can ask about the serial number of a line.
// Such a line is left out.
var errNeverAsked = errors.New("serial number is negative or longer than 20 octets")

func parseLine(line []byte) (serial, entry, error) {
	fields, err := split(line)
	if err != nil {
		return serial{}, entry{}, err
	}
	e, err := parseStatus(fields[0], fields[2])
	if err != nil {
		return serial{}, entry{}, err
	}
	notAfter, err := parseTime(string(fields[1]))
	if err != nil {
		return serial{}, entry{}, fmt.Errorf("expiry: %w", err)
	}
	e.notAfter = notAfter.Unix()
	s, err := parseSerial(fields[3])
	return s, e, err
}

// fieldNames are the six fields of a line.
const fieldNames = "status, expiry, revocation, serial, file, subject"

func split(line []byte) (fields [6][]byte, err error) {
	if bytes.IndexByte(line, 0) >= 0 {
		return fields, errors.New("line contains a NUL byte")
	}
	n, begin := 0, 0
	for i, b := range line {
		if b != '\t' || i > 0 && line[i-1] == '\\' {
			continue
		}
		if n == len(fields)-1 {
			return fields, errors.New("line has more than six fields; it must have " + fieldNames + ", with tabs between them")
		}
		fields[n], begin = line[begin:i], i+1
		n++
	}
	if n != len(fields)-1 {
		return fields, fmt.Errorf("line has %d fields; it must have "+fieldNames+", with tabs between them", n+1)
	}
	fields[n] = line[begin:]
	return fields, nil
}

func parseStatus(status, revocation []byte) (entry, error) {
	switch string(status) {
	case "V", "E":
		if len(revocation) > 0 {
			return entry{}, fmt.Errorf("status is %s, but there is a revocation date", status)
		}
		return entry{code: responder.Good}, nil
	case "R":
		date, reason, err := parseRevocation(revocation)
		if err != nil {
			return entry{}, err
		}
		return entry{code: responder.Revoked, revokedAt: date.Unix(), reason: reason}, nil
	}
	return entry{}, fmt.Errorf("status is %.20q; it must be V, R or E", status)
}

// parseSerial parses a serial number. OpenSSL always writes an even number of
// digits.
func parseSerial(field []byte) (s serial, err error) {
	digits, negative := bytes.CutPrefix(field, []byte("-"))
	if len(digits) == 0 {
		return s, errors.New("serial number is empty")
	}
	for _, d := range digits {
		if !('0' <= d && d <= '9' || 'a' <= d && d <= 'f' || 'A' <= d && d <= 'F') {
			return s, fmt.Errorf("serial number %.60q is not hexadecimal", field)
		}
	}
	digits = bytes.TrimLeft(digits, "0")
	if negative && len(digits) > 0 || len(digits) > 2*len(s) {
		return s, errNeverAsked
	}
	padded := [2 * len(s)]byte([]byte("0000000000000000000000000000000000000000"))
	copy(padded[len(padded)-len(digits):], digits)
	_, err = hex.Decode(s[:], padded[:])
	return s, err
}
