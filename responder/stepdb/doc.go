// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package stepdb is a [responder.Source] that reads step-ca's own database, in
// PostgreSQL, MySQL or MariaDB, while step-ca runs. It only reads: give it a
// database user that may SELECT from x509_certs, x509_certs_data and
// revoked_x509_certs, and nothing else.
//
//	source, err := stepdb.New(stepdb.Config{DSN: "postgresql://responder@db.internal/stepca", Issuer: caCert})
//	…
//	defer source.Close()
//	go source.Run(ctx)
//	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
//		Certificate: caCert, Signer: delegateKey, SignerCertificate: delegate, Source: source,
//	}}})
//
// It knows what the CA has issued: a serial that is not in the database is
// unknown, and so is a certificate that another CA, or an earlier intermediate
// of this one, has issued with the same database. Any number of responders on
// one database give equal answers.
//
// # Time
//
// Each status is read from the database when it is asked for, in one statement,
// so it is as of now. Answers that the responder reuses are checked by a scan of
// the revocations, which [Source.Run] makes every second, or less often if a
// scan takes more than a tenth of that; see [Snapshot]. A revocation invalidates
// the answers about it as soon as a scan has seen it. If scans fail, the
// responder asks the database for every answer.
//
// # Replicas
//
// A statement also returns what kind of server has answered it. One in recovery
// or read-only may be behind, so its answer is an error, and the responder
// answers tryLater, unless Config.MaxReplicationLag permits a standby of
// PostgreSQL. To follow a failover of PostgreSQL, name all servers in the DSN,
// with target_session_attrs=read-write. A server that is neither in recovery nor
// read-only counts as the primary: never name a logical replica, or a MySQL
// replica without read_only. On a Galera cluster, set wsrep_sync_wait=1 in the
// DSN.
package stepdb
