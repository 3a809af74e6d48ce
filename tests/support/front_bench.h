// SPDX-License-Identifier: Apache-2.0
// A front whose clients and whose handlers are the test.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <holdfast/exchange.h>

#include "front/front.h"
#include "support/core_turns.h"

namespace holdfast::test {

/// What a handler has seen of its exchange. Outlives both.
struct SeenRequest {
  std::string method;
  std::string target;
  std::string host;
  HeaderList fields;
  std::string body;
  int parts = 0;  ///< of the body, in on_request_body
  bool complete = false;
  int drained = 0;
  bool gone = false;
  bool shutdown = false;
  bool handler_destroyed = false;
  Exchange* exchange = nullptr;  ///< for as long as neither is over
};

class ScriptedHandler final : public ExchangeHandler {
 public:
  ScriptedHandler(std::shared_ptr<SeenRequest> seen, std::function<void(SeenRequest&)> at_end)
      : seen_(std::move(seen)), at_end_(std::move(at_end)) {}
  ~ScriptedHandler() override { seen_->handler_destroyed = true; }

  void on_request_body(std::string_view part, End end) override {
    EXPECT_FALSE(seen_->complete) << "more of a body that was complete";
    seen_->body += part;
    ++seen_->parts;
    if (end == End::yes) finish();
  }
  void finish() {
    seen_->complete = true;
    if (at_end_) at_end_(*seen_);
  }
  void on_drained() override { ++seen_->drained; }
  void on_client_gone() override { seen_->gone = true; }
  void on_shutdown() override { seen_->shutdown = true; }
  void describe(AccessNote& note) const override {
    note.method = seen_->method;
    note.target = seen_->target;
    note.route = "scripted";
  }

 private:
  std::shared_ptr<SeenRequest> seen_;
  std::function<void(SeenRequest&)> at_end_;
};

class ScriptedAcceptor final : public RequestAcceptor {
 public:
  void on_request(Exchange& exchange, const RequestView& request, std::string_view body, End end) override {
    auto seen = std::make_shared<SeenRequest>();
    requests.push_back(seen);
    seen->method = request.method;
    seen->target = request.target;
    seen->host = request.host;
    for (const auto& field : request.fields)
      seen->fields.push_back({std::string(field.name), std::string(field.value)});
    seen->body = body;
    seen->exchange = &exchange;
    auto handler = std::make_unique<ScriptedHandler>(seen, at_end);
    auto& kept = *handler;
    exchange.set_handler(std::move(handler));
    if (at_head) at_head(*seen);
    if (end == End::yes) kept.finish();
  }

  std::function<void(SeenRequest&)> at_head;  ///< is called when a head has arrived
  std::function<void(SeenRequest&)> at_end;   ///< is called when a request is complete
  std::vector<std::shared_ptr<SeenRequest>> requests;
};

class AccessRecorder final : public front::AccessSink {
 public:
  void record(const front::AccessRecord& record) override {
    lines.push_back(std::string(record.note.method) + " " + std::string(record.note.target) + " " +
                    std::to_string(record.status) + " " + std::to_string(record.body_bytes) + " " +
                    front::to_text(record.reason) + (record.note.cause.empty() ? "" : " ") +
                    std::string(record.note.cause));
  }
  std::vector<std::string> lines;
};

/// The other end of a session's connection.
class FrontClient {
 public:
  explicit FrontClient(int fd) : fd_(fd) {}
  FrontClient(FrontClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FrontClient& operator=(FrontClient&& other) noexcept {
    std::swap(fd_, other.fd_);
    ended_ = other.ended_;
    return *this;
  }
  ~FrontClient() { close(); }

  void send(std::string_view text) {
    ASSERT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT), static_cast<ssize_t>(text.size()));
  }
  /// Sends what fits; returns how much that was.
  std::size_t send_some(std::string_view text) {
    auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  /// Everything that has arrived, up to `most` bytes.
  std::string receive(std::size_t most = SIZE_MAX) {
    std::string all;
    char part[65536];
    while (all.size() < most) {
      auto n = ::recv(fd_, part, std::min(sizeof part, most - all.size()), MSG_DONTWAIT);
      if (n == 0) ended_ = true;
      if (n <= 0) break;
      all.append(part, static_cast<std::size_t>(n));
    }
    return all;
  }
  /// Whether receive() has met the end.
  bool ended() const { return ended_; }
  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int fd() const { return fd_; }
  /// Somebody else closes it from now on.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
  bool ended_ = false;
};

struct FrontBench {
  explicit FrontBench(const front::FrontOptions& options = {}, std::uint64_t most_clients = 0)
      : clients(most_clients), front(core, options, acceptor, clients) {
    front.set_access(&access);
    stop_clock(core);
    acceptor.at_end = [](SeenRequest& request) { reply(request, "ok"); };
  }

  static void reply(SeenRequest& request, std::string_view body) {
    Slice slice(body);
    request.exchange->respond({.status = 200, .reason = "OK", .body_kind = BodyKind::sized, .body_size = body.size()},
                              {&slice, 1}, End::yes);
  }

  FrontClient connect(front::Security security = front::Security::plain) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    front.accept(fds[0], *net::parse_literal("192.0.2.1", 4711), security);
    test::settle(core);
    return FrontClient(fds[1]);
  }
  void settle() { test::settle(core); }
  /// Sends, lets the front work, and returns what it answers.
  std::string ask(FrontClient& client, std::string_view text) {
    client.send(text);
    settle();
    return client.receive();
  }
  SeenRequest& request(std::size_t i = 0) { return *acceptor.requests.at(i); }
  std::size_t requests() const { return acceptor.requests.size(); }
  std::uint64_t count(base::Counter counter) { return core.counters().get(counter); }

  net::Core core{0};
  ScriptedAcceptor acceptor;
  AccessRecorder access;
  front::ClientCount clients;
  front::Front front;
};

inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace holdfast::test
