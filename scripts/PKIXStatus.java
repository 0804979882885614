// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

import java.io.FileInputStream;
import java.net.URI;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Asks an OCSP responder about a leaf, as Java's PKIXRevocationChecker does, and prints good, revoked, or why it cannot tell. */
class PKIXStatus {
  public static void main(String[] args) throws Exception {
    if (args.length != 3) {
      throw new IllegalArgumentException("usage: PKIXStatus ISSUER LEAF URL");
    }
    var validator = CertPathValidator.getInstance("PKIX");
    var checker = (PKIXRevocationChecker) validator.getRevocationChecker();
    // Before it is added to the parameters, which keep a copy.
    checker.setOcspResponder(URI.create(args[2]));
    checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK, PKIXRevocationChecker.Option.ONLY_END_ENTITY));
    var parameters = new PKIXParameters(Set.of(new TrustAnchor(read(args[0]), null)));
    parameters.addCertPathChecker(checker);
    var path = CertificateFactory.getInstance("X.509").generateCertPath(List.of(read(args[1])));
    try {
      validator.validate(path, parameters);
      System.out.println("good");
    } catch (CertPathValidatorException e) {
      if (e.getReason() == CertPathValidatorException.BasicReason.REVOKED) {
        System.out.println("revoked");
      } else if (e.getReason() == CertPathValidatorException.BasicReason.UNDETERMINED_REVOCATION_STATUS) {
        System.out.println("undetermined: " + e.getMessage());
      } else {
        throw e;
      }
    }
  }

  private static X509Certificate read(String file) throws Exception {
    try (var in = new FileInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
