// SPDX-License-Identifier: Apache-2.0
#include "net/tls_context.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/tls_bench.h"

namespace holdfast::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsContextTest : public ::testing::Test {
 protected:
  static TlsServerFiles files_of(const test::CertificatePair& pair) {
    TlsServerFiles files;
    files.cert = pair.cert;
    files.key = pair.key;
    return files;
  }
  static std::shared_ptr<const TlsServerContext> load(const TlsServerFiles& files) {
    auto loaded = TlsServerContext::load(files);
    EXPECT_TRUE(loaded) << loaded.error().what;
    return loaded ? *loaded : nullptr;
  }
  static std::string error_of(const TlsServerFiles& files) {
    auto loaded = TlsServerContext::load(files);
    EXPECT_FALSE(loaded);
    return loaded ? "" : loaded.error().what;
  }
  /// The common name of the certificate that a client is shown who asks for this host; what it is told instead.
  static std::string shown(const std::shared_ptr<const TlsServerContext>& context, const std::string& host) {
    test::TlsServerBench bench(context, test::client_context(), host);
    if (!bench.handshake()) return bench.peer.reason();
    X509* shown = ::SSL_get1_peer_certificate(bench.peer.ssl());
    char name[256] = "";
    ::X509_NAME_get_text_by_NID(::X509_get_subject_name(shown), NID_commonName, name, sizeof name);
    ::X509_free(shown);
    return name;
  }

  test::CertificateDirectory own_;
  test::CertificateDirectory more_;
};

TEST_F(TlsContextTest, TheDefaultAndADirectory) {
  auto files = files_of(own_.make("base", "DNS:base.example"));
  files.directory = more_.path();
  more_.make("a.example", "DNS:a.example");
  more_.make("_.wild.example", "DNS:*.wild.example");
  more_.make("own.wild.example", "DNS:own.wild.example");
  more_.make("Upper.Example", "DNS:upper.example");
  more_.make("default", "DNS:default");  // a host like any other
  std::ofstream(more_.path("readme.txt")) << "no certificate";
  auto context = load(files);
  EXPECT_EQ(context->certificates().size(), 6u);
  EXPECT_EQ(shown(context, "a.example"), "a.example");
  EXPECT_EQ(shown(context, "A.EXAMPLE"), "a.example");
  EXPECT_EQ(shown(context, "a.example."), "a.example");
  EXPECT_EQ(shown(context, "upper.example"), "Upper.Example");
  EXPECT_EQ(shown(context, "x.wild.example"), "_.wild.example");
  EXPECT_EQ(shown(context, "own.wild.example"), "own.wild.example");
  EXPECT_EQ(shown(context, "x.y.wild.example"), "base");
  EXPECT_EQ(shown(context, "wild.example"), "base");
  EXPECT_EQ(shown(context, "elsewhere.example"), "base");
  EXPECT_EQ(shown(context, "default"), "default");
  EXPECT_EQ(shown(context, ""), "base");
}

TEST_F(TlsContextTest, WithoutADefaultUnknownHostsAreRefused) {
  TlsServerFiles files;
  files.directory = more_.path();
  more_.make("a.example", "DNS:a.example");
  auto context = load(files);
  EXPECT_EQ(shown(context, "a.example"), "a.example");
  EXPECT_EQ(shown(context, "b.example"), "tlsv1 unrecognized name");
  EXPECT_EQ(shown(context, ""), "tlsv1 unrecognized name");
}

TEST_F(TlsContextTest, ExpiryIsKnown) {
  auto files = files_of(own_.make("base", "DNS:base.example", 86400));
  files.directory = more_.path();
  more_.make("old.example", "DNS:old.example", -60);
  auto now = std::time(nullptr);
  auto context = load(files);
  ASSERT_EQ(context->certificates().size(), 2u);
  EXPECT_EQ(context->certificates()[0].name, "default");
  EXPECT_NEAR(static_cast<double>(context->certificates()[0].not_after_unix - now), 86400, 60);
  EXPECT_EQ(context->certificates()[1].name, "old.example");
  EXPECT_LT(context->certificates()[1].not_after_unix, now);
}

TEST_F(TlsContextTest, ErrorsNameTheFile) {
  auto good = own_.make("good", "DNS:good.example");
  auto other = own_.make("other", "DNS:other.example");
  EXPECT_THAT(error_of({good.cert, other.key, "", "1.2"}), AllOf(HasSubstr(other.key), HasSubstr("mismatch")));
  EXPECT_THAT(error_of({own_.path("gone.crt"), good.key, "", "1.2"}), HasSubstr(own_.path("gone.crt")));
  EXPECT_THAT(error_of({good.cert, own_.path("gone.key"), "", "1.2"}), HasSubstr(own_.path("gone.key")));
  std::ofstream(own_.path("bad.crt")) << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(error_of({own_.path("bad.crt"), good.key, "", "1.2"}), HasSubstr(own_.path("bad.crt")));
  EXPECT_THAT(error_of({good.cert, good.key, own_.path("nowhere"), "1.2"}), HasSubstr(own_.path("nowhere")));
  EXPECT_THAT(error_of({"", "", more_.path(), "1.2"}), HasSubstr("no certificate"));
}

TEST_F(TlsContextTest, OneBadPairOfADirectorySpoilsTheWhole) {
  auto files = files_of(own_.make("good", "DNS:good.example"));
  files.directory = more_.path();
  more_.make("a.example", "DNS:a.example");
  std::filesystem::remove(more_.path("a.example.key"));
  EXPECT_THAT(error_of(files), HasSubstr(more_.path("a.example.key")));
}

// Nobody is there who could type it.
TEST_F(TlsContextTest, AKeyWithAPassphraseIsAnError) {
  auto pair = own_.make("locked", "DNS:locked.example");
  own_.lock(pair.key);
  EXPECT_THAT(error_of(files_of(pair)), HasSubstr(pair.key));
}

TEST_F(TlsContextTest, ClientErrorsNameTheFile) {
  auto good = own_.make("good", "DNS:good.example");
  auto other = own_.make("other", "DNS:other.example");
  auto error = [](const TlsClientFiles& files) {
    auto loaded = TlsClientContext::load(files);
    EXPECT_FALSE(loaded);
    return loaded ? "" : loaded.error().what;
  };
  EXPECT_THAT(error({true, good.cert, other.key}), HasSubstr(other.key));
  EXPECT_THAT(error({true, own_.path("gone.crt"), good.key}), HasSubstr(own_.path("gone.crt")));
  EXPECT_TRUE(TlsClientContext::load({true, good.cert, good.key}));
}

}  // namespace
}  // namespace holdfast::net
