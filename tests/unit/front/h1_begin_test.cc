// SPDX-License-Identifier: Apache-2.0
// What comes before a connection's first request: the PROXY protocol, and TLS.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "front/h1_session.h"
#include "support/certificates.h"
#include "support/front_bench.h"
#include "support/tls_peer.h"

namespace holdfast::front {
namespace {

using test::FrontBench;
using test::kOk;

const std::string kGet = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kProxy = "PROXY TCP4 203.0.113.9 198.51.100.2 12345 443\r\n";

FrontOptions behind_balancer() {
  FrontOptions options;
  options.proxy_protocol_from.push_back(*net::Network::parse("192.0.2.0/24"));  // where the bench's clients come from
  return options;
}

/// A bench whose requests answer with the address of the client.
struct ProxyBench : FrontBench {
  explicit ProxyBench(const FrontOptions& options = behind_balancer()) : FrontBench(options) {
    acceptor.at_end = [](test::SeenRequest& request) { reply(request, request.exchange->peer().text()); };
  }
  static std::string body(const std::string& answer) {
    auto at = answer.find("\r\n\r\n");
    return at == std::string::npos ? answer : answer.substr(at + 4);
  }
};

TEST(ProxyProtocolFront, SaysWhoTheClientIs) {
  ProxyBench bench;
  auto client = bench.connect();
  EXPECT_EQ(bench.body(bench.ask(client, kProxy + kGet)), "203.0.113.9");
  EXPECT_EQ(bench.body(bench.ask(client, kGet)), "203.0.113.9");
  EXPECT_EQ(bench.count(base::Counter::requests_refused), 0u);
}

TEST(ProxyProtocolFront, InSingleBytes) {
  ProxyBench bench;
  auto client = bench.connect();
  for (char byte : kProxy) EXPECT_EQ(bench.ask(client, {&byte, 1}), "");
  EXPECT_EQ(bench.body(bench.ask(client, kGet)), "203.0.113.9");
}

TEST(ProxyProtocolFront, MayBeLeftOut) {
  ProxyBench bench;
  auto client = bench.connect();
  EXPECT_EQ(bench.body(bench.ask(client, kGet)), "192.0.2.1");
  auto local = bench.connect();
  EXPECT_EQ(bench.body(bench.ask(local, "PROXY UNKNOWN\r\n" + kGet)), "192.0.2.1");
}

TEST(ProxyProtocolFront, IsOneHeaderOnly) {
  ProxyBench bench;
  auto client = bench.connect();
  EXPECT_TRUE(bench.ask(client, kProxy + kProxy + kGet).starts_with("HTTP/1.1 400 "));
}

TEST(ProxyProtocolFront, FromAnybodyElseItIsNoRequest) {
  ProxyBench bench{FrontOptions()};
  auto client = bench.connect();
  EXPECT_TRUE(bench.ask(client, kProxy + kGet).starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(bench.requests(), 0u);
}

TEST(ProxyProtocolFront, MalformedOnesEndTheConnection) {
  ProxyBench bench;
  auto client = bench.connect();
  EXPECT_EQ(bench.ask(client, "PROXY TCP4 nonsense\r\n" + kGet), "");
  EXPECT_EQ(bench.front.sessions(), 0u);
  EXPECT_EQ(bench.requests(), 0u);
  EXPECT_EQ(bench.count(base::Counter::requests_refused), 1u);
}

TEST(ProxyProtocolFront, UnfinishedOnesEnd) {
  ProxyBench bench;
  auto gone = bench.connect();
  bench.ask(gone, "PROXY TCP4");
  gone.half_close();
  bench.settle();
  EXPECT_EQ(bench.front.sessions(), 0u);
  auto slow = bench.connect();
  bench.ask(slow, "PROXY TCP4");
  test::pass_time(bench.core, 9900);
  EXPECT_EQ(bench.front.sessions(), 1u);
  test::pass_time(bench.core, 300);
  EXPECT_EQ(bench.front.sessions(), 0u);
  auto silent = bench.connect();
  test::pass_time(bench.core, 10300);
  EXPECT_EQ(bench.front.sessions(), 0u);
}

/// Clients of a port that does TLS.
class TlsFront : public ::testing::Test {
 protected:
  TlsFront() : pair_(directory_.make("localhost", "DNS:localhost")), client_context_(test::client_context()) {}

  void start(FrontOptions options = {}) {
    bench_ = std::make_unique<FrontBench>(options);
    net::TlsServerFiles files;
    files.cert = pair_.cert;
    files.key = pair_.key;
    auto loaded = net::TlsServerContext::load(files);
    ASSERT_TRUE(loaded) << loaded.error().what;
    bench_->front.set_tls(*loaded);
  }
  std::unique_ptr<test::TlsPeer> connect() {
    auto client = bench_->connect(Security::tls);
    return std::make_unique<test::TlsPeer>(client.release(), client_context_.get(), test::TlsPeer::Role::client);
  }
  /// Sends the hello; the handshake goes on with handshake().
  std::unique_ptr<test::TlsPeer> say_hello() {
    auto peer = connect();
    peer->handshake();
    bench_->settle();
    return peer;
  }
  bool handshake(test::TlsPeer& peer) {
    for (int i = 0; i < 10; ++i) {
      if (peer.handshake()) return true;
      bench_->settle();
    }
    return false;
  }
  std::string ask(test::TlsPeer& peer, std::string_view text) {
    peer.write(text);
    bench_->settle();
    return peer.read();
  }

  test::CertificateDirectory directory_;
  test::CertificatePair pair_;
  test::ContextPtr client_context_;
  std::unique_ptr<FrontBench> bench_;
};

TEST_F(TlsFront, Serves) {
  start();
  auto peer = connect();
  ASSERT_TRUE(handshake(*peer));
  EXPECT_EQ(ask(*peer, kGet), kOk);
  EXPECT_EQ(ask(*peer, kGet + kGet), std::string(kOk) + std::string(kOk));
}

TEST_F(TlsFront, TheFirstRequestComesAlongWithTheHandshakesEnd) {
  start();
  auto peer = say_hello();
  // The client is done when it has read the server's part; its own last part is sent with the request.
  peer->read();
  ASSERT_TRUE(::SSL_is_init_finished(peer->ssl()));
  EXPECT_EQ(ask(*peer, kGet), kOk);
}

TEST_F(TlsFront, PlainHttpIsToldSo) {
  start();
  auto client = bench_->connect(Security::tls);
  auto answer = bench_->ask(client, kGet);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_NE(answer.find("https://"), std::string::npos);
  client.receive();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(bench_->requests(), 0u);
}

TEST_F(TlsFront, GarbageIsRefused) {
  start();
  auto client = bench_->connect(Security::tls);
  bench_->ask(client, std::string("\x16\x03\x01\x00\x04garbage", 12));
  EXPECT_EQ(bench_->front.sessions(), 0u);
  EXPECT_EQ(bench_->count(base::Counter::handshakes_failed), 1u);
}

TEST_F(TlsFront, HandshakesHaveTheirTime) {
  start();
  auto silent = connect();
  auto begun = say_hello();
  test::pass_time(bench_->core, 9900);
  EXPECT_EQ(bench_->front.sessions(), 2u);
  test::pass_time(bench_->core, 300);
  EXPECT_EQ(bench_->front.sessions(), 0u);
}

TEST_F(TlsFront, AnEndIsHeardThoughTheConnectionGoesOn) {
  start();
  auto peer = connect();
  ASSERT_TRUE(handshake(*peer));
  ASSERT_EQ(::SSL_write(peer->ssl(), kGet.data(), static_cast<int>(kGet.size())), static_cast<int>(kGet.size()));
  ::SSL_shutdown(peer->ssl());
  peer->transmit();
  bench_->settle();
  EXPECT_EQ(peer->read(), kOk);
  EXPECT_EQ(peer->last_error(), SSL_ERROR_ZERO_RETURN);
  EXPECT_EQ(bench_->front.sessions(), 0u);
}

TEST_F(TlsFront, BehindTheProxyProtocol) {
  start(behind_balancer());
  bench_->acceptor.at_end = [](test::SeenRequest& request) {
    FrontBench::reply(request, request.exchange->peer().text());
  };
  auto peer = connect();
  peer->send_raw(kProxy);
  ASSERT_TRUE(handshake(*peer));
  EXPECT_EQ(ProxyBench::body(ask(*peer, kGet)), "203.0.113.9");
}

FrontOptions one_at_once() {
  FrontOptions options;
  options.handshakes_max = 1;
  return options;
}

TEST_F(TlsFront, MoreHandshakesWaitForTheirTurn) {
  start(one_at_once());
  std::vector<std::unique_ptr<test::TlsPeer>> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(say_hello());
  EXPECT_EQ(bench_->count(base::Counter::handshakes_delayed), 19u);
  EXPECT_FALSE(peers[1]->handshake());
  for (auto& peer : peers) {
    ASSERT_TRUE(handshake(*peer));
    bench_->settle();
    EXPECT_EQ(ask(*peer, kGet), kOk);
  }
}

TEST_F(TlsFront, WhoIsGoneGivesItsTurnAway) {
  start(one_at_once());
  auto first = say_hello();
  auto second = say_hello();
  auto third = say_hello();
  second->close();
  bench_->settle();
  first->close();
  bench_->settle();
  EXPECT_TRUE(handshake(*third));
  auto fourth = say_hello();
  EXPECT_TRUE(handshake(*fourth));
}

// Nobody's turn begins inside of the end of somebody else's: so many would not fit on the stack.
TEST_F(TlsFront, ARowOfClientsThatAreGone) {
  start(one_at_once());
  auto first = say_hello();
  for (int i = 0; i < 400; ++i) say_hello();  // and gone
  bench_->settle();
  auto last = say_hello();
  first->close();
  bench_->settle();
  EXPECT_TRUE(handshake(*last));
  EXPECT_EQ(ask(*last, kGet), kOk);
  EXPECT_EQ(bench_->front.sessions(), 1u);
}

TEST_F(TlsFront, ALargerLimitIsFilled) {
  start(one_at_once());
  std::vector<std::unique_ptr<test::TlsPeer>> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(say_hello());
  FrontOptions more;
  more.handshakes_max = 10;
  bench_->front.set_options(more);
  ASSERT_TRUE(handshake(*peers[0]));
  bench_->settle();
  for (int i = 4; i > 0; --i) EXPECT_TRUE(handshake(*peers[static_cast<std::size_t>(i)]));
}

TEST_F(TlsFront, NewCertificatesAreForNewConnections) {
  start();
  auto early = say_hello();
  auto kept = connect();
  ASSERT_TRUE(handshake(*kept));
  auto other = directory_.make("other", "DNS:other");
  auto loaded = net::TlsServerContext::load({other.cert, other.key, "", "1.2"});
  ASSERT_TRUE(loaded);
  bench_->front.set_tls(*loaded);
  EXPECT_TRUE(handshake(*early));
  EXPECT_EQ(ask(*early, kGet), kOk);
  EXPECT_EQ(ask(*kept, kGet), kOk);
  auto late = connect();
  ASSERT_TRUE(handshake(*late));
  X509* shown = ::SSL_get1_peer_certificate(late->ssl());
  EXPECT_EQ(::X509_check_host(shown, "other", 0, 0, nullptr), 1);
  ::X509_free(shown);
}

}  // namespace
}  // namespace holdfast::front
