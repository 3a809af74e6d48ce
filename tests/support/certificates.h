// SPDX-License-Identifier: Apache-2.0
// Certificates for tests, each signed by itself, in a directory that goes with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace holdfast::test {

struct CertificatePair {
  std::string cert;
  std::string key;
};

class CertificateDirectory {
 public:
  CertificateDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~CertificateDirectory() { std::filesystem::remove_all(path_); }
  CertificateDirectory(const CertificateDirectory&) = delete;
  CertificateDirectory& operator=(const CertificateDirectory&) = delete;

  std::string path(std::string_view file) const { return (path_ / file).string(); }
  std::string path() const { return path_.string(); }

  /// <file>.crt for these names ("DNS:a.example", "IP:127.0.0.1"), and <file>.key.
  CertificatePair make(const std::string& file, const std::string& names, long valid_seconds = 3600) const {
    std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(::EVP_EC_gen("P-256"), ::EVP_PKEY_free);
    std::unique_ptr<X509, decltype(&::X509_free)> made(::X509_new(), ::X509_free);
    auto* x = made.get();
    ::X509_set_version(x, 2);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(x), ++serial());
    ::X509_gmtime_adj(::X509_getm_notBefore(x), -7200);
    ::X509_gmtime_adj(::X509_getm_notAfter(x), valid_seconds);
    ::X509_set_pubkey(x, key.get());
    auto* subject = ::X509_get_subject_name(x);
    ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(file.c_str()), -1,
                                 -1, 0);
    ::X509_set_issuer_name(x, subject);
    auto* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    ::X509_add_ext(x, extension, -1);
    ::X509_EXTENSION_free(extension);
    EXPECT_GT(::X509_sign(x, key.get(), ::EVP_sha256()), 0);
    CertificatePair pair{path(file + ".crt"), path(file + ".key")};
    write(pair.cert, [&](BIO* out) { ::PEM_write_bio_X509(out, x); });
    write(pair.key,
          [&](BIO* out) { ::PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    return pair;
  }

  /// The same key, to be read only with a passphrase.
  void lock(const std::string& key_file) const {
    std::unique_ptr<BIO, decltype(&::BIO_free)> in(::BIO_new_file(key_file.c_str(), "r"), ::BIO_free);
    std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(
        ::PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), ::EVP_PKEY_free);
    char word[] = "secret";
    write(key_file, [&](BIO* out) {
      ::PEM_write_bio_PrivateKey(out, key.get(), ::EVP_aes_128_cbc(), reinterpret_cast<unsigned char*>(word),
                                 sizeof word - 1, nullptr, nullptr);
    });
  }

 private:
  static long& serial() {
    static long last = 0;
    return last;
  }
  template <class Write>
  static void write(const std::string& path, Write write_to) {
    std::unique_ptr<BIO, decltype(&::BIO_free)> out(::BIO_new_file(path.c_str(), "w"), ::BIO_free);
    ASSERT_NE(out, nullptr);
    write_to(out.get());
  }

  std::filesystem::path path_;
};

/// An environment variable, for as long as this exists.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Environment() { ::unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

}  // namespace holdfast::test
