-- SPDX-FileCopyrightText: 2026 The stapled authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The tables that CFSSL's certdb reads and writes.
CREATE TABLE certificates (
  serial_number TEXT NOT NULL,
  authority_key_identifier TEXT NOT NULL,
  ca_label TEXT,
  status TEXT NOT NULL,
  reason INTEGER,
  expiry TIMESTAMP,
  revoked_at TIMESTAMP,
  pem TEXT NOT NULL,
  issued_at TIMESTAMP,
  not_before TIMESTAMP,
  metadata TEXT,
  sans TEXT,
  common_name TEXT,
  PRIMARY KEY (serial_number, authority_key_identifier)
);
CREATE TABLE ocsp_responses (
  serial_number TEXT NOT NULL,
  authority_key_identifier TEXT NOT NULL,
  body BLOB NOT NULL,
  expiry TIMESTAMP,
  PRIMARY KEY (serial_number, authority_key_identifier)
);
