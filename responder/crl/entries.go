// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"slices"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/responder"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxSerial limits serial numbers, in octets (RFC 5280 §4.1.2.2).
const maxSerial = 20

// serial is a serial number of up to 20 octets.
type serial struct {
	high, middle uint64
	low          uint32
}

func newSerial(octets *[maxSerial]byte) serial {
	return serial{binary.BigEndian.Uint64(octets[:8]), binary.BigEndian.Uint64(octets[8:16]), binary.BigEndian.Uint32(octets[16:])}
}

// serialOf returns the serial number, and whether it is one that a list can
// have. It does not allocate.
func serialOf(number *big.Int) (serial, bool) {
	if number.Sign() < 0 || number.BitLen() > maxSerial*8 {
		return serial{}, false
	}
	var octets [maxSerial]byte
	number.FillBytes(octets[:])
	return newSerial(&octets), true
}

// fill is the reverse of newSerial.
func (s serial) fill(octets *[maxSerial]byte) {
	binary.BigEndian.PutUint64(octets[:8], s.high)
	binary.BigEndian.PutUint64(octets[8:16], s.middle)
	binary.BigEndian.PutUint32(octets[16:], s.low)
}

func (s serial) compare(other serial) int {
	if s.high != other.high {
		return cmp.Compare(s.high, other.high)
	}
	if s.middle != other.middle {
		return cmp.Compare(s.middle, other.middle)
	}
	return cmp.Compare(s.low, other.low)
}

// entry is a revocation. The order of its fields keeps it to 32 bytes.
type entry struct {
	high, middle uint64 // of its serial
	at           int64  // seconds since 1970
	low          uint32 // of its serial
	reason       uint8
}

func (e *entry) serial() serial { return serial{e.high, e.middle, e.low} }

func (e *entry) revokedAt() time.Time { return time.Unix(e.at, 0).UTC() }

// entries are revocations, sorted by serial, none twice.
type entries []entry

func (list entries) find(s serial) (entry, bool) {
	i, found := slices.BinarySearchFunc(list, s, func(e entry, s serial) int { return e.serial().compare(s) })
	if !found {
		return entry{}, false
	}
	return list[i], true
}

// added returns the final revocations that were not there before, or were not
// final. Status.NotAfter is zero: a CRL does not say when a certificate expires.
// It uses one *big.Int for all serials.
func (list entries) added(before entries) iter.Seq2[*big.Int, responder.Status] {
	return func(yield func(*big.Int, responder.Status) bool) {
		number, octets := new(big.Int), [maxSerial]byte{}
		for i := range list {
			e := &list[i]
			for len(before) > 0 && before[0].serial().compare(e.serial()) < 0 {
				before = before[1:]
			}
			was := len(before) > 0 && before[0].serial() == e.serial() && before[0].held() == 0
			if was || e.held() == 1 {
				continue
			}
			e.serial().fill(&octets)
			st := responder.Status{Code: responder.Revoked, RevokedAt: e.revokedAt(), Reason: int(e.reason)}
			if !yield(number.SetBytes(octets[:]), st) {
				return
			}
		}
	}
}

// readEntries reads the content of revokedCertificates (RFC 5280 §5.1.2.6).
func readEntries(revoked cryptobyte.String) (entries, error) {
	// 1. Count them, because a slice that grows takes twice the memory.
	count := 0
	for rest := revoked; !rest.Empty(); count++ {
		if !rest.ReadASN1(new(cryptobyte.String), cbasn1.SEQUENCE) {
			return nil, fmt.Errorf("entry %d is malformed (RFC 5280 §5.1.2.6)", count+1)
		}
	}
	// 2. Read them.
	list, sorted := make(entries, count), true
	for i := range list {
		var content cryptobyte.String
		revoked.ReadASN1(&content, cbasn1.SEQUENCE)
		if err := list[i].read(content); err != nil {
			return nil, fmt.Errorf("entry %d %w", i+1, err)
		}
		sorted = sorted && (i == 0 || list[i-1].serial().compare(list[i].serial()) < 0)
	}
	if sorted {
		return list, nil
	}
	// 3. Sort them. If a serial occurs twice, the revocation that is final wins,
	// and then the earlier one.
	slices.SortFunc(list, func(a, b entry) int {
		if order := a.serial().compare(b.serial()); order != 0 {
			return order
		}
		return cmp.Or(cmp.Compare(a.held(), b.held()), cmp.Compare(a.at, b.at), cmp.Compare(a.reason, b.reason))
	})
	return slices.CompactFunc(list, func(a, b entry) bool { return a.serial() == b.serial() }), nil
}

// held is 1 for a revocation that the CA may take back.
func (e *entry) held() int {
	if ocspwire.CRLReason(e.reason).IsFinal() {
		return 0
	}
	return 1
}

// read reads the content of an entry.
func (e *entry) read(content cryptobyte.String) error {
	var number cryptobyte.String
	if !content.ReadASN1(&number, cbasn1.INTEGER) {
		return errors.New("has no serial number")
	}
	if err := e.readSerial(number); err != nil {
		return err
	}
	at, ok := readSeconds(&content)
	if !ok {
		return errors.New("has a malformed revocationDate")
	}
	e.at = at
	if content.Empty() {
		return nil
	}
	return e.readExtensions(content)
}

// readSerial reads the content of an INTEGER.
func (e *entry) readSerial(number []byte) error {
	if len(number) == 0 || len(number) > 1 && (number[0] == 0 && number[1] < 0x80 || number[0] == 0xff && number[1] >= 0x80) {
		return errors.New("has a malformed serial number")
	}
	negative := number[0] >= 0x80
	if number[0] == 0 {
		number = number[1:]
	}
	if negative || len(number) > maxSerial {
		return errors.New("has a serial number that is negative or longer than 20 octets (RFC 5280 §4.1.2.2)")
	}
	var octets [maxSerial]byte
	copy(octets[maxSerial-len(number):], number)
	s := newSerial(&octets)
	e.high, e.middle, e.low = s.high, s.middle, s.low
	return nil
}

// onlyReason is an Extensions with nothing but a reasonCode that is not
// critical, up to its value: what almost every entry has.
const onlyReason = "\x30\x0c\x30\x0a\x06\x03" + idReasonCode + "\x04\x03\x0a\x01"

// readExtensions reads the extensions of an entry (RFC 5280 §5.3).
func (e *entry) readExtensions(extensions cryptobyte.String) error {
	if len(extensions) == len(onlyReason)+1 && string(extensions[:len(onlyReason)]) == onlyReason {
		return e.setReason(int(int8(extensions[len(onlyReason)])))
	}
	return wording(ocspwire.ReadExtensions(extensions, func(ext ocspwire.Extension) error {
		switch string(ext.ID) {
		case idReasonCode:
			value, reason := cryptobyte.String(ext.Value), 0
			if !value.ReadASN1Enum(&reason) || !value.Empty() {
				return errors.New("has a malformed reasonCode")
			}
			return e.setReason(reason)
		case idInvalidityDate:
			return nil // OCSP has no place for it
		case idCertificateIssuer:
			return errors.New("is of another CA, as only an indirect CRL may have")
		}
		if ext.Critical {
			return fmt.Errorf("has the critical extension %s, which this program does not know", dotted(ext.ID))
		}
		return nil
	}))
}

// setReason stores a reason. One that RFC 5280 does not define is unspecified:
// it must not suppress the revocation.
func (e *entry) setReason(reason int) error {
	r := ocspwire.CRLReason(reason)
	switch {
	case r == ocspwire.RemoveFromCRL:
		return errors.New("has the reason removeFromCRL, as only a delta CRL may have (RFC 5280 §5.3.1)")
	case !r.Valid():
		r = ocspwire.Unspecified
	}
	e.reason = uint8(r)
	return nil
}
