// SPDX-License-Identifier: Apache-2.0
// What a server does; what a client does is in tls_client_test.cc, the choice of certificates in tls_context_test.cc.
#include "net/tls.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/tls_bench.h"

namespace holdfast::net {
namespace {

using test::TlsServerBench;
using Handshake = Tls::Handshake;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : pair_(directory_.make("localhost", "DNS:localhost")) {}

  std::shared_ptr<const TlsServerContext> context(const std::string& min_version = "1.2") {
    TlsServerFiles files;
    files.cert = pair_.cert;
    files.key = pair_.key;
    files.min_version = min_version;
    auto loaded = TlsServerContext::load(files);
    EXPECT_TRUE(loaded) << loaded.error().what;
    return *loaded;
  }

  test::CertificateDirectory directory_;
  test::CertificatePair pair_;
};

TEST_F(TlsTest, BothWays) {
  for (int version : {0, TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServerBench bench(context(), test::client_context(version));
    ASSERT_TRUE(bench.handshake());
    bench.peer.write("hello");
    EXPECT_EQ(bench.ours.read(), "hello");
    EXPECT_EQ(bench.write("world"), Written::sent);
    EXPECT_EQ(bench.peer.read(), "world");
    EXPECT_EQ(bench.ours.read(), "");
    EXPECT_EQ(bench.ours.last_read, Socket::kWouldBlock);
  }
}

TEST_F(TlsTest, AHandshakeInSingleBytes) {
  TlsServerBench bench(context());
  bench.peer.handshake();  // sends the hello
  ASSERT_EQ(bench.ours.socket.handshake(), Handshake::wants_more);
  ::SSL_do_handshake(bench.peer.ssl());
  while (!bench.peer.handshake()) ASSERT_EQ(bench.ours.socket.handshake(), Handshake::wants_more);
  ASSERT_EQ(bench.ours.socket.handshake(), Handshake::done);

  TlsServerBench slow(context());
  ::SSL_do_handshake(slow.peer.ssl());
  for (char byte : slow.peer.take_output()) {
    ASSERT_EQ(slow.ours.socket.handshake(), Handshake::wants_more);
    slow.peer.send_raw({&byte, 1});
  }
  EXPECT_TRUE(slow.handshake());
}

TEST_F(TlsTest, WhatTheKernelDoesNotTakeOfAHandshakeIsSentLater) {
  TlsServerBench bench(context());
  test::ShortWrites kernel;
  bench.peer.handshake();
  kernel.take(10);
  ASSERT_EQ(bench.ours.socket.handshake(), Handshake::wants_more);
  EXPECT_GT(bench.ours.socket.queued_bytes(), 0u);
  while (bench.ours.socket.queued_bytes()) {
    kernel.take(7);
    ASSERT_NE(bench.ours.socket.flush(), Written::failed);
  }
  kernel.take_all();
  EXPECT_TRUE(bench.handshake());
}

TEST_F(TlsTest, SlicesAreOneRecordAndOneCall) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  test::ShortWrites kernel;
  std::vector<std::string> texts;
  std::string all;
  for (int i = 0; i < 60; ++i) all += texts.emplace_back("piece " + std::to_string(i) + "\r\n");
  std::vector<Slice> slices;
  for (const auto& text : texts) slices.emplace_back(std::string_view(text));
  EXPECT_EQ(bench.ours.socket.write(slices), Written::sent);
  EXPECT_EQ(kernel.calls(), 1);
  EXPECT_EQ(bench.peer.read(), all);
  EXPECT_EQ(bench.peer.records().size(), 1u);
}

TEST_F(TlsTest, ManyLargeSlicesFillTheirRecords) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  test::ShortWrites kernel;
  std::string text(3000, 'x');
  std::vector<Slice> slices(50, Slice(std::string_view(text)));
  EXPECT_EQ(bench.ours.socket.write(slices), Written::sent);
  EXPECT_EQ(bench.peer.read().size(), 150000u);
  EXPECT_EQ(kernel.calls(), 3);                 // 64 KiB of text each
  EXPECT_EQ(bench.peer.records().size(), 10u);  // 16 KiB of text each
}

TEST_F(TlsTest, WhatHasWaitedLeavesJoined) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  test::ShortWrites kernel;
  kernel.take(0);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    auto text = std::to_string(i) + "\n";
    ASSERT_EQ(bench.write(text), Written::queued);
    all += text;
  }
  EXPECT_EQ(bench.peer.read(), "");
  kernel.take_all();
  auto before = kernel.calls();
  EXPECT_EQ(bench.ours.socket.flush(), Written::sent);
  EXPECT_EQ(bench.ours.socket.queued_bytes(), 0u);
  EXPECT_EQ(bench.peer.read(), all);
  // What was encrypted when the kernel was found to be full, and everything behind it: one record and one call each
  // for the first 64 pieces and for the others.
  EXPECT_LE(bench.peer.records().size(), 3u);
  EXPECT_LE(kernel.calls() - before, 3);
}

TEST_F(TlsTest, PartialWritesOfManySizes) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  test::ShortWrites kernel;
  auto block = Bytes::copy(std::string(700, 'b'));
  std::string expected = "head" + std::string(700, 'b') + "tail";
  for (std::size_t step : {1u, 5u, 6u, 100u, 333u, 729u, 730u, 731u, 10000u}) {
    kernel.take(step);
    std::string head = "head";
    std::vector<Slice> slices{Slice(head), Slice(block), Slice(std::string_view("tail"))};
    ASSERT_NE(bench.ours.socket.write(slices), Written::failed);
    head = "XXXX";  // borrowed bytes are only ours during the call
    std::string got = bench.peer.read();
    while (bench.ours.socket.queued_bytes()) {
      kernel.take(step);
      ASSERT_NE(bench.ours.socket.flush(), Written::failed);
      got += bench.peer.read();
    }
    EXPECT_EQ(got, expected) << step;
  }
}

TEST_F(TlsTest, AWriteThatFailsIsTold) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  test::ShortWrites kernel;
  kernel.fail(EPIPE);
  EXPECT_EQ(bench.write("x"), Written::failed);
  kernel.take_all();
  EXPECT_EQ(bench.write("x"), Written::failed);
}

TEST_F(TlsTest, ManyRecordsInOneRead) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    bench.peer.write("record " + std::to_string(i));
    all += "record " + std::to_string(i);
  }
  // Reads that are too small for what the library holds already: there is no other event that would tell of it.
  std::string got;
  for (;;) {
    auto part = bench.ours.read(7);
    got += part;
    if (bench.ours.socket.emptied_by(bench.ours.last_read, 7)) break;
  }
  EXPECT_EQ(got, all);
}

TEST_F(TlsTest, RenegotiationIsRefused) {
  TlsServerBench bench(context(), test::client_context(TLS1_2_VERSION));
  ASSERT_TRUE(bench.handshake());
  ASSERT_EQ(::SSL_renegotiate(bench.peer.ssl()), 1);
  EXPECT_FALSE(bench.peer.handshake());
  bench.ours.read();
  EXPECT_FALSE(bench.peer.handshake());
  EXPECT_EQ(bench.peer.reason(), "no renegotiation");
}

TEST_F(TlsTest, AKeyUpdateIsAnswered) {
  TlsServerBench bench(context(), test::client_context(TLS1_3_VERSION));
  ASSERT_TRUE(bench.handshake());
  ASSERT_EQ(::SSL_key_update(bench.peer.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  bench.peer.write("after");
  EXPECT_EQ(bench.ours.read(), "after");
  EXPECT_EQ(bench.write("answer"), Written::sent);
  EXPECT_EQ(bench.peer.read(), "answer");
  EXPECT_EQ(bench.peer.records().size(), 2u);  // its own key update came first
}

TEST_F(TlsTest, AKeyUpdateGoesInFrontOfWhatWaits) {
  TlsServerBench bench(context(), test::client_context(TLS1_3_VERSION));
  ASSERT_TRUE(bench.handshake());
  test::ShortWrites kernel;
  kernel.take(3);
  ASSERT_EQ(bench.write("one "), Written::queued);
  ASSERT_EQ(bench.write("two"), Written::queued);
  ASSERT_EQ(::SSL_key_update(bench.peer.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  bench.peer.write("after");
  EXPECT_EQ(bench.ours.read(), "after");
  kernel.take_all();
  EXPECT_EQ(bench.ours.socket.flush(), Written::sent);
  EXPECT_EQ(bench.peer.read(), "one two");
}

TEST_F(TlsTest, ACloseNotifyIsAnEnd) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  bench.peer.write("last words");
  ::SSL_shutdown(bench.peer.ssl());
  bench.peer.transmit();
  EXPECT_EQ(bench.ours.read(), "last words");
  // The connection goes on below, so nothing will wake us: the read has to say that there is more to be told.
  EXPECT_FALSE(bench.ours.socket.emptied_by(bench.ours.last_read, 65536));
  bench.ours.read();
  EXPECT_EQ(bench.ours.last_read, Socket::kEndOfFile);
}

TEST_F(TlsTest, AnEndWithoutCloseNotifyIsATruncation) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  bench.peer.write("first words");
  bench.peer.close();
  EXPECT_EQ(bench.ours.read(), "first words");
  bench.ours.read();
  EXPECT_EQ(bench.ours.last_read, Socket::kFailed);
}

TEST_F(TlsTest, ARecordThatWasTamperedWith) {
  TlsServerBench bench(context());
  ASSERT_TRUE(bench.handshake());
  ASSERT_EQ(::SSL_write(bench.peer.ssl(), "text", 4), 4);
  auto record = bench.peer.take_output();
  record.back() ^= 1;
  bench.peer.send_raw(record);
  EXPECT_EQ(bench.ours.read(), "");
  EXPECT_EQ(bench.ours.last_read, Socket::kFailed);
  EXPECT_EQ(bench.write("x"), Written::failed);
  bench.peer.read();
  EXPECT_EQ(bench.peer.reason(), "sslv3 alert bad record mac");
}

TEST_F(TlsTest, OurEndsAreAnnouncedButResetsAreNot) {
  TlsServerBench closed(context());
  ASSERT_TRUE(closed.handshake());
  closed.write("bye");
  closed.ours.socket.close();
  EXPECT_EQ(closed.peer.read(), "bye");
  EXPECT_EQ(closed.peer.last_error(), SSL_ERROR_ZERO_RETURN);

  TlsServerBench half(context());
  ASSERT_TRUE(half.handshake());
  half.ours.socket.shutdown_write();
  EXPECT_EQ(half.peer.read(), "");
  EXPECT_EQ(half.peer.last_error(), SSL_ERROR_ZERO_RETURN);
  half.peer.write("still read");
  EXPECT_EQ(half.ours.read(), "still read");

  TlsServerBench reset(context());
  ASSERT_TRUE(reset.handshake());
  reset.ours.socket.reset();
  reset.peer.read();
  EXPECT_NE(reset.peer.last_error(), SSL_ERROR_ZERO_RETURN);

  // What is still queued is dropped, so the end is none that anybody may take for the whole.
  TlsServerBench behind(context());
  ASSERT_TRUE(behind.handshake());
  {
    test::ShortWrites kernel;
    kernel.take(3);
    ASSERT_EQ(behind.write("dropped"), Written::queued);
    kernel.take_all();
    behind.ours.socket.close();
  }
  behind.peer.read();
  EXPECT_NE(behind.peer.last_error(), SSL_ERROR_ZERO_RETURN);
}

TEST_F(TlsTest, Garbage) {
  for (std::string_view bytes :
       {std::string_view("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10), std::string_view("\x16\x03\x01\xff\xff", 5),
        std::string_view("\x16garbage garbage")}) {
    TlsServerBench bench(context());
    bench.peer.send_raw(bytes);
    EXPECT_EQ(bench.ours.socket.handshake(), Handshake::failed);
    EXPECT_TRUE(bench.ours.socket.tls()->error().starts_with("TLS handshake failed: "));
    bench.ours.socket.close();
  }
}

TEST_F(TlsTest, AClientThatVanishesInTheHandshake) {
  TlsServerBench bench(context());
  bench.peer.handshake();
  ASSERT_EQ(bench.ours.socket.handshake(), Handshake::wants_more);
  bench.peer.close();
  EXPECT_EQ(bench.ours.socket.handshake(), Handshake::failed);
  EXPECT_EQ(bench.ours.socket.tls()->error(), "TLS handshake failed: Connection reset by peer");

  TlsServerBench half(context());
  half.peer.handshake();
  ASSERT_EQ(half.ours.socket.handshake(), Handshake::wants_more);
  ::shutdown(half.peer.fd(), SHUT_WR);
  EXPECT_EQ(half.ours.socket.handshake(), Handshake::failed);
  EXPECT_EQ(half.ours.socket.tls()->error(), "TLS handshake failed: the peer closed");
}

TEST_F(TlsTest, OldVersionsAreRefused) {
  TlsServerBench old(context(), test::client_context(TLS1_1_VERSION));
  EXPECT_FALSE(old.handshake());
  EXPECT_EQ(old.peer.reason(), "tlsv1 alert protocol version");
  TlsServerBench strict(context("1.3"), test::client_context(TLS1_2_VERSION));
  EXPECT_FALSE(strict.handshake());
  TlsServerBench good(context("1.3"), test::client_context(TLS1_3_VERSION));
  EXPECT_TRUE(good.handshake());
}

TEST_F(TlsTest, ALPNIsHttp11) {
  auto offer = [](const std::string& protocols) {
    auto made = test::client_context();
    ::SSL_CTX_set_alpn_protos(made.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                              static_cast<unsigned>(protocols.size()));
    return made;
  };
  auto chosen = [](TlsServerBench& bench) {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(bench.peer.ssl(), &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  };
  TlsServerBench both(context(), offer("\x02h2\x08http/1.1"));
  ASSERT_TRUE(both.handshake());
  EXPECT_EQ(chosen(both), "http/1.1");
  TlsServerBench other(context(), offer("\x02h2"));
  ASSERT_TRUE(other.handshake());
  EXPECT_EQ(chosen(other), "");
}

// Tickets stay valid when certificates are loaded again.
TEST_F(TlsTest, SessionsAreResumed) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServerBench first(context(), test::client_context(version));
    ASSERT_TRUE(first.handshake());
    EXPECT_FALSE(first.ours.socket.tls()->resumed());
    SslSessionPtr session(::SSL_get1_session(first.peer.ssl()));
    TlsServerBench second(context(), test::client_context(version));
    ::SSL_set_session(second.peer.ssl(), session.get());
    ASSERT_TRUE(second.handshake());
    EXPECT_TRUE(second.ours.socket.tls()->resumed()) << version;
  }
}

}  // namespace
}  // namespace holdfast::net
