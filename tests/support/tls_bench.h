// SPDX-License-Identifier: Apache-2.0
// A Socket that does TLS, as server or client, with a TlsPeer at its other end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/socket.h"
#include "support/certificates.h"
#include "support/short_writes.h"
#include "support/tls_peer.h"

namespace holdfast::test {

class QuietOwner final : public net::Pollable {
 public:
  void on_events(std::uint32_t) override {}
};

/// One end of a socket pair, wrapped in the Socket under test; the other one is `peer_fd`.
struct TlsSocket {
  TlsSocket() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    EXPECT_TRUE(socket.open(fds[0], poller, owner));
    peer_fd = fds[1];
  }

  /// Up to `size` bytes as text, or what Socket::read says instead.
  std::string read(std::size_t size = 65536) {
    std::string text(size, '\0');
    last_read = socket.read(text.data(), size);
    text.resize(last_read > 0 ? static_cast<std::size_t>(last_read) : 0);
    return text;
  }

  net::Poller poller;
  QuietOwner owner;
  net::Socket socket;
  std::ptrdiff_t last_read = 0;
  int peer_fd = -1;
};

/// Both ends of a connection whose server is the Socket under test.
class TlsServerBench {
 public:
  explicit TlsServerBench(std::shared_ptr<const net::TlsServerContext> context, ContextPtr client = client_context(),
                          const std::string& server_name = "")
      : client_(std::move(client)), peer(ours.peer_fd, client_.get(), TlsPeer::Role::client) {
    if (!server_name.empty()) peer.set_server_name(server_name);
    ours.socket.start_tls(net::Tls::accept(std::move(context), ours.socket.fd()));
  }

  /// Until both are done, or one has failed.
  bool handshake() {
    bool peer_done = false;
    state = net::Tls::Handshake::wants_more;
    for (int round = 0; round < 20; ++round) {
      if (!peer_done) peer_done = peer.handshake();
      if (state == net::Tls::Handshake::wants_more) state = ours.socket.handshake();
      if (state == net::Tls::Handshake::failed) {
        if (!peer_done) peer.handshake();  // hears why
        return false;
      }
      if (peer_done && state == net::Tls::Handshake::done) {
        peer.read();  // tickets
        peer.forget_records();
        return true;
      }
    }
    return false;
  }

  Written write(std::string_view text) {
    Slice slice(text);
    return ours.socket.write({&slice, 1});
  }

  TlsSocket ours;
  net::Tls::Handshake state = net::Tls::Handshake::wants_more;

 private:
  ContextPtr client_;

 public:
  TlsPeer peer;
};

}  // namespace holdfast::test
