// SPDX-License-Identifier: Apache-2.0
// The answering half of a session: heads, framing, and what happens when the client does not keep up.
#include <algorithm>
#include <array>

#include <boost/container/small_vector.hpp>

#include "base/assert.h"
#include "base/log.h"
#include "front/flow_account.h"
#include "front/h1_session.h"
#include "wire/http1_write.h"
#include "wire/status.h"

namespace holdfast::front {
namespace {

using SliceVector = boost::container::small_vector<Slice, 16>;

std::uint64_t total(std::span<const Slice> slices) {
  std::uint64_t sum = 0;
  for (const auto& slice : slices) sum += slice.size;
  return sum;
}

}  // namespace

void H1Session::inform(const ResponseHead& head) {
  if (minor_version_ == 0 || responded_ || ended_) return;
  auto& out = front_.head_;
  out.clear();
  wire::append_status_line(out, minor_version_, head.status, head.reason);
  for (const auto& field : head.fields) wire::append_field(out, field.name, field.value);
  wire::append_end_of_head(out);
  Slice slice{std::string_view(out)};
  after_write(send({&slice, 1}));
}

/// The fields that belong to this hop: how the body ends, and whether the connection goes on.
void H1Session::append_framing(std::string& out, const ResponseHead& head, bool have_all, std::uint64_t have_bytes) {
  bool no_body_status = head.status == 204 || head.status == 304;
  bodiless_ = head_request_ || no_body_status;
  sized_ = head.body_kind == BodyKind::sized || (have_all && head.body_kind == BodyKind::streaming);
  auto size = head.body_kind == BodyKind::sized ? head.body_size : have_bytes;
  if (head.body_kind == BodyKind::none) {
    // Nothing follows. A HEAD whose length nobody knows has no Content-Length, other responses have a zero.
    sized_ = true;
    size = 0;
    if (!bodiless_) wire::append_field(out, "Content-Length", 0);
  } else if (sized_) {
    // RFC 9110 §8.6: never in a 204; in answers to HEAD and in a 304 only what the origin said.
    bool stated = head.body_kind == BodyKind::sized;
    if (head.status != 204 && (!bodiless_ || stated)) wire::append_field(out, "Content-Length", size);
  } else if (!bodiless_) {
    chunked_ = minor_version_ == 1;
    until_close_ = !chunked_;
    if (chunked_) wire::append_field(out, "Transfer-Encoding", "chunked");
  }
  response_left_ = bodiless_ ? 0 : size;
  bool goes_on = keep_alive_ && body_done_ && !until_close_ && !front_.draining_;
  if (!goes_on) {
    keep_alive_ = false;
    if (minor_version_ == 1) wire::append_field(out, "Connection", "close");
  } else if (minor_version_ == 0) {
    wire::append_field(out, "Connection", "keep-alive");
  }
}

Written H1Session::respond(const ResponseHead& head, std::span<const Slice> body, End end) {
  if (ended_ || phase_ != Phase::exchange) return Written::failed;
  HF_ASSERT(!responded_);
  responded_ = true;
  status_ = static_cast<std::int16_t>(head.status);
  auto& out = front_.head_;
  out.clear();
  wire::append_status_line(out, minor_version_, head.status, head.reason);
  for (const auto& field : head.fields) wire::append_field(out, field.name, field.value);
  append_framing(out, head, end == End::yes, total(body));
  wire::append_end_of_head(out);
  return send_body(out, body, end);
}

Written H1Session::write(std::span<const Slice> body, End end) {
  if (ended_ || phase_ != Phase::exchange) return Written::failed;
  HF_ASSERT(responded_);
  auto& nothing = front_.head_;
  nothing.clear();
  return send_body(nothing, body, end);
}

/// Sends `head` (which may be empty), then the body in its framing, as one write.
Written H1Session::send_body(std::string& head, std::span<const Slice> body, End end) {
  SliceVector slices;
  if (!head.empty()) slices.emplace_back(std::string_view(head));
  auto size = bodiless_ ? 0 : total(body);
  body_bytes_ += size;
  char chunk_size[18];
  if (size) {
    if (chunked_) slices.emplace_back(std::string_view(chunk_size, wire::write_chunk_size(chunk_size, size)));
    slices.insert(slices.end(), body.begin(), body.end());
    if (chunked_) slices.emplace_back(std::string_view("\r\n"));
  }
  if (sized_) {
    // A handler that has less than it announced must abort; this is the last place where the client can be told.
    HF_ASSERT(bodiless_ || size <= response_left_);
    if (!bodiless_) response_left_ -= size;
    HF_ASSERT(end == End::no || response_left_ == 0);
  }
  if (end == End::yes && chunked_) slices.emplace_back(wire::kLastChunk);
  auto written = send(slices);
  after_write(written);
  if (end == End::yes && written != Written::failed) end_exchange();
  return written;
}

Written H1Session::write_framed(std::span<const Slice> framed) {
  if (ended_ || phase_ != Phase::exchange) return Written::failed;
  if (bodiless_) return Written::sent;
  body_bytes_ += total(framed);
  auto written = send(framed);
  if (written == Written::failed) after_write(written);
  return written;
}

Written H1Session::send(std::span<const Slice> slices) {
  FlowAccount account(front_.core_.counters(), socket_);
  auto written = socket_.write(slices);
  if (written != Written::failed) account.give(total(slices));
  return written;
}

Written H1Session::flush() {
  FlowAccount account(front_.core_.counters(), socket_);
  return socket_.flush();
}

void H1Session::after_write(Written written) {
  if (written == Written::failed && !failing_) {
    failing_ = true;
    front_.core_.run_soon(*this);  // not from in here: the caller is in the middle of something
  }
  if (written == Written::queued) touch();
}

void H1Session::on_writable() {
  auto before = socket_.queued_bytes();
  auto written = flush();
  if (written == Written::failed) return lost(CloseReason::client_gone);
  if (socket_.queued_bytes() != before) touch();
  if (written != Written::sent) return;
  switch (phase_) {
    case Phase::exchange:
      if (handler_) handler_->on_drained();
      return;
    case Phase::preface:
    case Phase::handshake: return;
    case Phase::head: return next_request();
    case Phase::lingering: return close_connection();
    case Phase::closed: return;
  }
}

void H1Session::shed() {
  if (until_close_) socket_.reset();  // as in abort()
  lost(CloseReason::slow_client);
}

/// An answer of the session itself, the last one of this connection. `request`: where nobody has taken it yet.
void H1Session::refuse(int status, std::string_view what, const RequestView* request) {
  front_.core_.counters().add(base::Counter::requests_refused);
  static base::LogLimiter limiter;
  base::log_limited(limiter, {{"conn", connection_id()}, {"peer", peer_.text()}}, "request refused: {}: {} in [{}]",
                    status, what, front_.options_.section);
  reason_ = CloseReason::refused;
  send_refusal(status, what);
  record_access(refusal_cause(status), request);
  drop_handler();
  ended_ = true;
  body_done_ = false;  // whatever else arrives is thrown away
  close_connection();
}

void H1Session::send_refusal(int status, std::string_view what) {
  status_ = static_cast<std::int16_t>(status);
  auto& out = front_.head_;
  out.clear();
  std::string body(wire::reason_phrase(status));
  body += ": ";
  body += what;
  if (auto suffix = what.find("_max_bytes"); suffix != std::string_view::npos) {
    body += " in [";
    body += front_.options_.section;
    body += ']';
  }
  body += '\n';
  wire::append_status_line(out, minor_version_, status, wire::reason_phrase(status));
  wire::append_field(out, "Content-Type", "text/plain");
  front_.append_proxy_status(out, status);
  wire::append_field(out, "Content-Length", body.size());
  wire::append_field(out, "Connection", "close");
  wire::append_end_of_head(out);
  const std::array<Slice, 2> slices{Slice(std::string_view(out)), Slice(std::string_view(body))};
  send(slices);
}

}  // namespace holdfast::front
