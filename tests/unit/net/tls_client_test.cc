// SPDX-License-Identifier: Apache-2.0
// Tls as the client of an origin.
#include <string>

#include <gtest/gtest.h>

#include "support/tls_bench.h"

namespace holdfast::net {
namespace {

using Handshake = Tls::Handshake;

class TlsClientTest : public ::testing::Test {
 protected:
  TlsClientTest()
      : pair_(directory_.make("origin", "DNS:origin.example,DNS:*.wild.example,IP:192.0.2.1,IP:2001:db8::1")) {
    server_.reset(::SSL_CTX_new(::TLS_server_method()));
    ::SSL_CTX_use_certificate_chain_file(server_.get(), pair_.cert.c_str());
    ::SSL_CTX_use_PrivateKey_file(server_.get(), pair_.key.c_str(), SSL_FILETYPE_PEM);
  }

  std::shared_ptr<const TlsClientContext> context(const TlsClientFiles& files = {}) {
    test::Environment trusted("SSL_CERT_FILE", pair_.cert);
    auto loaded = TlsClientContext::load(files);
    EXPECT_TRUE(loaded) << loaded.error().what;
    return *loaded;
  }

  struct Bench {
    Bench(SSL_CTX* server) : peer(ours.peer_fd, server, test::TlsPeer::Role::server) {}
    bool start(std::shared_ptr<const TlsClientContext> context, const Tls::Peer& to, SSL_SESSION* resume = nullptr) {
      auto tls = Tls::connect(std::move(context), ours.socket.fd(), to, resume);
      if (!tls) return false;
      ours.socket.start_tls(std::move(tls));
      return true;
    }
    Handshake handshake() {
      bool peer_done = false;
      auto state = ours.socket.handshake();
      for (int round = 0; round < 20 && !(peer_done && state != Handshake::wants_more); ++round) {
        if (!peer_done) peer_done = peer.handshake();
        if (state == Handshake::wants_more) state = ours.socket.handshake();
        if (state == Handshake::failed) break;
      }
      if (state == Handshake::failed) peer.handshake();
      return state;
    }
    test::TlsSocket ours;
    test::TlsPeer peer;
  };

  std::string outcome(const TlsClientFiles& files, const Tls::Peer& to) {
    Bench bench(server_.get());
    if (!bench.start(context(files), to)) return "refused";
    if (bench.handshake() == Handshake::done) return "done";
    return bench.ours.socket.tls()->error();
  }

  test::CertificateDirectory directory_;
  test::CertificatePair pair_;
  test::ContextPtr server_;
};

TEST_F(TlsClientTest, TheCertificateMustBeForTheName) {
  EXPECT_EQ(outcome({}, {"origin.example"}), "done");
  EXPECT_EQ(outcome({}, {"ORIGIN.example"}), "done");
  EXPECT_EQ(outcome({}, {"a.wild.example"}), "done");
  EXPECT_EQ(outcome({}, {"192.0.2.1", true}), "done");
  EXPECT_EQ(outcome({}, {"2001:db8::1", true}), "done");
  EXPECT_EQ(outcome({}, {"other.example"}), "TLS handshake failed: hostname mismatch");
  EXPECT_EQ(outcome({}, {"a.b.wild.example"}), "TLS handshake failed: hostname mismatch");
  EXPECT_EQ(outcome({}, {"wild.example"}), "TLS handshake failed: hostname mismatch");
  EXPECT_EQ(outcome({}, {"192.0.2.2", true}), "TLS handshake failed: IP address mismatch");
}

// Both come from Host fields of clients, and would be checked for less than a name.
TEST_F(TlsClientTest, NamesThatNoCertificateCanBeFor) {
  EXPECT_EQ(outcome({}, {""}), "refused");
  EXPECT_EQ(outcome({}, {".wild.example"}), "refused");
  EXPECT_EQ(outcome({}, {std::string(300, 'a')}), "refused");
  TlsClientFiles insecure;
  insecure.verify = false;
  EXPECT_EQ(outcome(insecure, {""}), "refused");
}

TEST_F(TlsClientTest, NobodyTrusted) {
  auto other = directory_.make("other", "DNS:origin.example");
  test::Environment trusted("SSL_CERT_FILE", other.cert);
  auto loaded = TlsClientContext::load({});
  ASSERT_TRUE(loaded);
  Bench bench(server_.get());
  ASSERT_TRUE(bench.start(*loaded, {"origin.example"}));
  EXPECT_EQ(bench.handshake(), Handshake::failed);
  EXPECT_EQ(bench.ours.socket.tls()->error(), "TLS handshake failed: self-signed certificate");
  EXPECT_EQ(bench.peer.reason(), "tlsv1 alert unknown ca");
}

TEST_F(TlsClientTest, WithoutVerificationAnyCertificateWillDo) {
  TlsClientFiles files;
  files.verify = false;
  EXPECT_EQ(outcome(files, {"other.example"}), "done");
  EXPECT_EQ(outcome(files, {"192.0.2.7", true}), "done");
}

TEST_F(TlsClientTest, NamesTheHostButNoAddress) {
  Bench named(server_.get());
  ASSERT_TRUE(named.start(context(), {"origin.example"}));
  ASSERT_EQ(named.handshake(), Handshake::done);
  EXPECT_STREQ(::SSL_get_servername(named.peer.ssl(), TLSEXT_NAMETYPE_host_name), "origin.example");
  Bench address(server_.get());
  ASSERT_TRUE(address.start(context(), {"192.0.2.1", true}));
  ASSERT_EQ(address.handshake(), Handshake::done);
  EXPECT_EQ(::SSL_get_servername(address.peer.ssl(), TLSEXT_NAMETYPE_host_name), nullptr);
}

TEST_F(TlsClientTest, ResumesASession) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ::SSL_CTX_set_min_proto_version(server_.get(), version);
    ::SSL_CTX_set_max_proto_version(server_.get(), version);
    auto client = context();
    Bench first(server_.get());
    ASSERT_TRUE(first.start(client, {"origin.example"}));
    ASSERT_EQ(first.handshake(), Handshake::done);
    first.peer.write("x");
    EXPECT_EQ(first.ours.read(), "x");
    auto session = first.ours.socket.tls()->session();
    ASSERT_TRUE(session) << version;
    first.ours.socket.close();
    for (int i = 0; i < 2; ++i) {
      Bench again(server_.get());
      ASSERT_TRUE(again.start(client, {"origin.example"}, session.get()));
      ASSERT_EQ(again.handshake(), Handshake::done);
      EXPECT_TRUE(again.ours.socket.tls()->resumed()) << version << " " << i;
      EXPECT_EQ(::SSL_session_reused(again.peer.ssl()), 1);
    }
  }
}

TEST_F(TlsClientTest, NoSessionBeforeTheOriginOffersOne) {
  ::SSL_CTX_set_num_tickets(server_.get(), 0);
  ::SSL_CTX_set_min_proto_version(server_.get(), TLS1_3_VERSION);
  Bench bench(server_.get());
  ASSERT_TRUE(bench.start(context(), {"origin.example"}));
  ASSERT_EQ(bench.handshake(), Handshake::done);
  EXPECT_FALSE(bench.ours.socket.tls()->session());
}

TEST_F(TlsClientTest, ShowsItsCertificate) {
  auto own = directory_.make("client", "DNS:client.example");
  ::SSL_CTX_set_verify(server_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  ::SSL_CTX_load_verify_locations(server_.get(), own.cert.c_str(), nullptr);
  TlsClientFiles files;
  files.cert = own.cert;
  files.key = own.key;
  EXPECT_EQ(outcome(files, {"origin.example"}), "done");
}

TEST_F(TlsClientTest, AnOriginThatRejectsUsSaysSoInItsAnswersPlace) {
  ::SSL_CTX_set_verify(server_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  ::SSL_CTX_set_min_proto_version(server_.get(), TLS1_3_VERSION);
  Bench bench(server_.get());
  ASSERT_TRUE(bench.start(context(), {"origin.example"}));
  bench.peer.handshake();
  while (bench.ours.socket.handshake() == Handshake::wants_more) ASSERT_FALSE(bench.peer.handshake());
  EXPECT_FALSE(bench.ours.socket.tls()->peer_rejected_us());
  EXPECT_FALSE(bench.peer.handshake());
  bench.ours.read();
  EXPECT_EQ(bench.ours.last_read, Socket::kFailed);
  EXPECT_TRUE(bench.ours.socket.tls()->peer_rejected_us());
  EXPECT_EQ(bench.ours.socket.tls()->error(), "the peer rejected us: tlsv13 alert certificate required");
}

TEST_F(TlsClientTest, OtherFailuresAreNoRejections) {
  Bench bench(server_.get());
  ASSERT_TRUE(bench.start(context(), {"origin.example"}));
  ASSERT_EQ(bench.handshake(), Handshake::done);
  bench.peer.close();
  bench.ours.read();
  EXPECT_EQ(bench.ours.last_read, Socket::kFailed);
  EXPECT_FALSE(bench.ours.socket.tls()->peer_rejected_us());
}

}  // namespace
}  // namespace holdfast::net
