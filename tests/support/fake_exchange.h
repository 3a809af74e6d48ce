// SPDX-License-Identifier: Apache-2.0
// An exchange without a client: it writes down what a handler does, and checks that the handler keeps to the contract.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/exchange.h>

namespace holdfast::test {

/// A response head that outlives the call.
struct SentHead {
  int status = 0;
  std::string reason;
  HeaderList fields;
  BodyKind body_kind = BodyKind::none;
  std::uint64_t body_size = 0;

  explicit SentHead(const ResponseHead& head)
      : status(head.status), reason(head.reason), body_kind(head.body_kind), body_size(head.body_size) {
    for (const auto& field : head.fields) fields.push_back({std::string(field.name), std::string(field.value)});
  }
  /// "name: value" lines.
  std::string fields_text() const {
    std::string text;
    for (const auto& field : fields) text += field.name + ": " + field.value + "\n";
    return text;
  }
};

/// The test says what becomes of writes (`answer`), how much waits (`queued`), and when the turn ends.
class FakeExchange final : public Exchange {
 public:
  void inform(const ResponseHead& head) override {
    EXPECT_FALSE(head_ || over_) << "interim response behind the final one";
    informed_.emplace_back(head);
  }

  Written respond(const ResponseHead& head, std::span<const Slice> body, End end) override {
    EXPECT_FALSE(head_) << "a second response";
    EXPECT_FALSE(over_) << "a response to an exchange that is over";
    head_.emplace(head);
    return take(body, end);
  }

  Written write(std::span<const Slice> body, End end) override {
    EXPECT_TRUE(head_) << "a body without a head";
    EXPECT_FALSE(over_) << "a write to an exchange that is over";
    return take(body, end);
  }

  Written write_framed(std::span<const Slice> framed) override {
    EXPECT_FALSE(over_) << "a write to an exchange that is over";
    ++framed_writes_;
    framed_slices_.assign(framed.begin(), framed.end());
    std::string text;
    for (const auto& slice : framed) text += slice.view();
    framed_ += text;
    if (answer == Written::queued) queued += text.size();
    return answer;
  }

  BodyForm body_form() const override { return form; }

  void abort(CloseReason reason) override {
    EXPECT_FALSE(over_) << "an abort of an exchange that is over";
    aborted_ = over_ = true;
    reason_ = reason;
    drop_handler();
  }

  void set_close_reason(CloseReason reason) override { reason_ = reason; }
  std::size_t queued_bytes() const override { return queued; }
  void pause_request_body() override { paused_ = true; }
  void resume_request_body() override { paused_ = false; }
  void park() override { parked_ = true; }

  void set_handler(std::unique_ptr<ExchangeHandler> handler) override {
    drop_handler();
    handler_ = std::move(handler);
  }
  const PeerAddress& peer() const override { return peer_; }
  std::string connection_id() const override { return "test:1"; }

  /// Handlers that are not needed any more go now, not in the middle of their own calls.
  void end_turn() { graves_.clear(); }
  ExchangeHandler* handler() { return handler_.get(); }

  const std::optional<SentHead>& head() const { return head_; }
  const std::vector<SentHead>& informed() const { return informed_; }
  /// What respond() and write() were given.
  const std::string& body() const { return body_; }
  /// What write_framed() was given, in how many calls, and the slices of the last of them.
  const std::string& framed() const { return framed_; }
  int framed_writes() const { return framed_writes_; }
  const std::vector<Slice>& framed_slices() const { return framed_slices_; }
  bool over() const { return over_; }
  bool aborted() const { return aborted_; }
  bool parked() const { return parked_; }
  bool paused() const { return paused_; }
  CloseReason reason() const { return reason_; }

  Written answer = Written::sent;
  std::size_t queued = 0;
  BodyForm form = BodyForm::chunked;

 private:
  Written take(std::span<const Slice> body, End end) {
    for (const auto& slice : body) body_ += slice.view();
    if (end == End::yes) {
      over_ = true;
      drop_handler();
    }
    return answer;
  }
  void drop_handler() {
    if (handler_) graves_.push_back(std::move(handler_));
  }

  std::unique_ptr<ExchangeHandler> handler_;
  std::vector<std::unique_ptr<ExchangeHandler>> graves_;
  PeerAddress peer_;
  std::vector<SentHead> informed_;
  std::optional<SentHead> head_;
  std::string body_;
  std::string framed_;
  std::vector<Slice> framed_slices_;
  int framed_writes_ = 0;
  CloseReason reason_ = CloseReason::finished;
  bool over_ = false;
  bool aborted_ = false;
  bool parked_ = false;
  bool paused_ = false;
};

}  // namespace holdfast::test
