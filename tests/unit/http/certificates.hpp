#pragma once
// A certificate authority of the test's own, made with OpenSSL in memory.

#include <string>

namespace spillway::test {

struct Identity {
    std::string certificate_pem;
    std::string key_pem;
};

struct CertificateWish {
    std::string subject_alt_name = "DNS:localhost";  ///< in OpenSSL's words: "DNS:a,IP:127.0.0.1"
    long valid_from_s = -3600;                       ///< relative to now
    long valid_until_s = 3600;
};

/// A self-signed authority.
Identity make_authority(const std::string& name);
/// A server's certificate signed by `authority`.
Identity make_certificate(const Identity& authority, const CertificateWish& wish);

}  // namespace spillway::test
