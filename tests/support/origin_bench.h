// SPDX-License-Identifier: Apache-2.0
// An origin that the test plays itself, over loopback, and a requester that writes down what it is told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "origin/origin.h"
#include "support/core_turns.h"

namespace holdfast::test {

/// The origin's end of one connection.
class OriginPeer {
 public:
  explicit OriginPeer(int fd = -1) : fd_(fd) {}
  OriginPeer(OriginPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OriginPeer& operator=(OriginPeer&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OriginPeer() { close(); }

  explicit operator bool() const { return fd_ >= 0; }
  void send(std::string_view text) const {
    ASSERT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  /// What has arrived and was not read before.
  std::string receive() const {
    std::string all;
    char part[65536];
    for (ssize_t n = 0; (n = ::recv(fd_, part, sizeof part, MSG_DONTWAIT)) > 0;)
      all.append(part, static_cast<std::size_t>(n));
    return all;
  }
  /// Whether the proxy has closed; what it sent before must have been received.
  bool ended() const {
    char byte;
    auto n = ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return n == 0 || (n < 0 && errno == ECONNRESET);
  }
  void half_close() const { ::shutdown(fd_, SHUT_WR); }
  void reset() {
    linger off{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &off, sizeof off);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

/// Listens on a port of 127.0.0.1 that the kernel chose.
class OriginServer {
 public:
  explicit OriginServer(int backlog = 100) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    auto endpoint = *net::parse_literal("127.0.0.1", 0);
    EXPECT_EQ(::bind(fd_, endpoint.address(), endpoint.size), 0);
    EXPECT_EQ(::listen(fd_, backlog), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.size), 0);
    port_ = ntohs(reinterpret_cast<sockaddr_in&>(endpoint.storage).sin_port);
  }
  ~OriginServer() { close(); }
  std::uint16_t port() const { return port_; }
  OriginPeer accept() const { return OriginPeer(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

/// Writes down each call as a line.
class Requester final : public origin::OriginHandler {
 public:
  void on_origin_ready() override { note("ready"); }
  void on_origin_offered(std::unique_ptr<origin::OriginConnection> idle) override {
    offered = std::move(idle);
    note("offered");
  }
  void on_origin_drained() override { note("drained"); }
  void on_interim(const wire::ResponseView& head) override { note("interim " + std::to_string(head.status)); }
  void on_response(const wire::ResponseView& head, std::string_view part, End end) override {
    note("response " + std::to_string(head.status));
    take(part, end);
  }
  void on_response_body(std::string_view part, End end) override {
    ++parts;
    take(part, end);
  }
  void on_origin_error(const origin::OriginError& failure) override {
    note(std::string("error ") + to_text(failure.stage) + (failure.timed_out ? " timeout" : "") +
         (failure.blocked() ? " blocked" : "") + (failure.overload() ? " overload" : "") + ": " + failure.detail);
    error = failure.error;
    failed = true;
  }

  bool over() const { return complete || failed; }
  std::string text() const {
    std::string all;
    for (const auto& line : calls) all += line + "\n";
    return all;
  }

  std::vector<std::string> calls;
  std::unique_ptr<origin::OriginConnection> offered;
  std::string body;
  int parts = 0;
  bool complete = false;
  bool failed = false;
  wire::ProxyError error{};    ///< when it failed
  std::function<void()> also;  ///< after each call

 private:
  void take(std::string_view part, End end) {
    EXPECT_FALSE(complete) << "more of a response that was complete";
    body += part;
    if (end == End::yes) complete = true;
    if (end == End::yes) calls.push_back("complete");
    call_also();
  }
  void note(std::string line) {
    EXPECT_FALSE(over()) << line << " behind the last call";
    calls.push_back(std::move(line));
    if (!calls.back().starts_with("response")) call_also();
  }
  void call_also() const {
    if (auto call = also) call();  // it may replace itself
  }
};

struct OriginBench {
  explicit OriginBench(const origin::OriginOptions& options = {}) : origins(core, options) { stop_clock(core); }
  ~OriginBench() { core.bury(); }  // what has closed still refers to its origin

  origin::Origin& origin(origin::InternalAddresses internal = origin::InternalAddresses::allowed) {
    return origins.get({"127.0.0.1", server.port(), internal});
  }
  /// A connection whose request has been sent, and its other end.
  std::unique_ptr<origin::OriginConnection> request(
      Requester& requester, wire::ResponseParser::Method method = wire::ResponseParser::Method::other) {
    auto connection = origin().connect(requester);
    EXPECT_TRUE(run_until(core, [&] { return connection->ready() || requester.failed; }));
    if (!peer) wait_for_peer();
    send(*connection, method);
    return connection;
  }
  void send(origin::OriginConnection& connection,
            wire::ResponseParser::Method method = wire::ResponseParser::Method::other) {
    connection.begin(method);
    Slice slice(kRequest);
    EXPECT_EQ(connection.send({&slice, 1}), Written::sent);
    connection.finish_request();
    std::string seen;
    EXPECT_TRUE(run_until(core, [&] { return (seen += peer.receive()) == kRequest; }));
  }
  void wait_for_peer() {
    EXPECT_TRUE(run_until(core, [&] { return static_cast<bool>(peer = server.accept()); }));
  }
  bool wait_for(const std::function<bool()>& condition) { return run_until(core, condition); }

  static constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  net::Core core{0};
  origin::Origins origins;
  OriginServer server;
  OriginPeer peer;
};

}  // namespace holdfast::test
