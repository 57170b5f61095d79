#include "tests/unit/http/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace spillway::test {
namespace {

template <auto kFree>
struct Free {
    template <class T>
    void operator()(T* what) const {
        kFree(what);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

void check(bool good) {
    if (!good) throw std::runtime_error("OpenSSL refused");
}

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Identity to_pem(X509* certificate, EVP_PKEY* key) {
    const Bio first(BIO_new(BIO_s_mem()));
    const Bio second(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_X509(first.get(), certificate) == 1);
    check(PEM_write_bio_PrivateKey(second.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return {text_of(first), text_of(second)};
}

void add_extension(X509* certificate, int kind, const std::string& value) {
    std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
    check(extension != nullptr);
    check(X509_add_ext(certificate, extension.get(), -1) == 1);
}

Certificate draft(const std::string& name, EVP_PKEY* key, long from_s, long until_s) {
    static long serial = 1;
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until_s);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return certificate;
}

}  // namespace

Identity make_authority(const std::string& name) {
    const Key key(EVP_EC_gen("P-256"));
    const auto certificate = draft(name, key.get(), -86'400, 86'400);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    check(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    return to_pem(certificate.get(), key.get());
}

Identity make_certificate(const Identity& authority, const CertificateWish& wish) {
    const Bio ca_text(BIO_new_mem_buf(authority.certificate_pem.data(), -1));
    const Bio key_text(BIO_new_mem_buf(authority.key_pem.data(), -1));
    const Certificate ca(PEM_read_bio_X509(ca_text.get(), nullptr, nullptr, nullptr));
    const Key ca_key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    check(ca && ca_key);
    const Key key(EVP_EC_gen("P-256"));
    const auto certificate = draft("a test's server", key.get(), wish.valid_from_s, wish.valid_until_s);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca.get()));
    add_extension(certificate.get(), NID_subject_alt_name, wish.subject_alt_name);
    check(X509_sign(certificate.get(), ca_key.get(), EVP_sha256()) > 0);
    return to_pem(certificate.get(), key.get());
}

}  // namespace spillway::test
