// SPDX-License-Identifier: Apache-2.0
// A connection at work: requests, answers, and its end. How it begins is connection_begin.cc.
#include "origin/connection.h"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>

#include "base/assert.h"
#include "origin/origin.h"

namespace holdfast::origin {

using wire::ProxyError;

OriginConnection::OriginConnection(Origin& origin) : origin_(origin) {
  ++origin.connections_;
}

OriginConnection::~OriginConnection() {
  if (counted_) origin_.on_closed();
  --origin_.connections_;
}

// --------------------------------------------------------------------------------------------------- requests

bool OriginConnection::reuse(OriginHandler& handler) {
  // What an idle connection has to say is never an answer to a request that it has not seen.
  if (state_ != State::idle || socket_.has_input()) return false;
  handler_ = &handler;
  state_ = State::busy;
  return true;
}

void OriginConnection::begin(wire::ResponseParser::Method method) {
  HF_ASSERT(state_ == State::busy);
  ++requests_;
  method_ = method;
  phase_ = Phase::head;
  scanner_ = {};
  decoder_ = wire::ChunkDecoder(
      static_cast<std::uint32_t>(std::min<std::size_t>(origin_.options().header_max_bytes, UINT32_MAX)));
  received_ = request_done_ = reusable_ = paused_ = false;
  touch();
}

Written OriginConnection::send(std::span<const Slice> slices) {
  auto written = socket_.write(slices);
  if (written == Written::failed) {
    // An origin that refuses a large request early answers first and closes then: look for the answer.
    readable_ = hung_up_ = true;
    origin_.core().run_soon(*this);
  }
  return written;
}

void OriginConnection::finish_request() {
  request_done_ = true;
  touch();
}

void OriginConnection::resume() {
  if (!std::exchange(paused_, false)) return;
  touch();
  if (readable_) origin_.core().run_soon(*this);
}

void OriginConnection::park() {
  state_ = State::idle;
  paused_ = false;
  set_deadline(origin_.core().wheel(), origin_.core().now() + origin_.options().pool_idle_ms);
}

void OriginConnection::close() {
  state_ = State::closed;
  clear_deadline();
  net::ResolveWaiter::unlink();
  WaitingHook::unlink();
  socket_.close();
  if (std::exchange(counted_, false)) origin_.on_closed();
}

/// Another span of patience: for the answer's head once the request is out, else for the next bytes.
void OriginConnection::touch() {
  const auto& options = origin_.options();
  bool awaiting = phase_ == Phase::head && request_done_ && socket_.queued_bytes() == 0;
  set_deadline(origin_.core().wheel(),
               origin_.core().now() + (awaiting ? options.response_timeout_ms : options.idle_timeout_ms));
}

// ----------------------------------------------------------------------------------------------------- events

void OriginConnection::on_events(std::uint32_t events) {
  switch (state_) {
    case State::connecting:
      on_connect_event();
      if (state_ != State::busy) return;
      break;  // an origin may speak, or hang up, in the very event that tells of the connection
    case State::handshake:
      if (socket_.queued_bytes()) socket_.flush();
      continue_handshake();
      if (state_ != State::busy) return;
      break;
    case State::idle:
      if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) && socket_.has_input()) origin_.drop(*this);
      return;
    case State::busy: break;
    default: return;
  }
  if ((events & EPOLLOUT) && socket_.queued_bytes()) {
    auto written = socket_.flush();
    if (written == Written::failed) {
      readable_ = hung_up_ = true;
    } else {
      touch();
      if (written == Written::sent && handler_) handler_->on_origin_drained();
    }
  }
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
  read_response();
}

void OriginConnection::on_soon() {
  if (state_ == State::connecting && !socket_.is_open()) return try_endpoints();
  if (state_ == State::busy) read_response();
}

void OriginConnection::on_deadline() {
  switch (state_) {
    case State::waiting: return fail_waiting();
    case State::resolving: return time_out(Stage::dns, "no answer within connect_timeout_ms");
    case State::connecting: return time_out(Stage::connect, "no answer within connect_timeout_ms");
    case State::handshake: return time_out(Stage::tls, "no answer within connect_timeout_ms");
    case State::idle: return origin_.drop(*this);
    case State::busy:
      if (phase_ == Phase::done) return;
      if (paused_) return touch();  // it is the client that is slow
      if (phase_ == Phase::body) return time_out(Stage::body, "nothing received for idle_timeout_ms");
      if (request_done_ && socket_.queued_bytes() == 0) {
        return time_out(Stage::header, "no response header within response_timeout_ms");
      }
      // While the client is still sending, its session watches the time.
      if (socket_.queued_bytes()) return time_out(Stage::write, "nothing taken for idle_timeout_ms");
      return touch();
    default: return;
  }
}

void OriginConnection::read_response() {
  while (state_ == State::busy && phase_ != Phase::done && readable_ && !paused_) {
    char* data = origin_.core().scratch();
    auto n = socket_.read(data, net::Core::kScratchBytes);
    if (socket_.emptied_by(n, net::Core::kScratchBytes) && !hung_up_) readable_ = false;
    if (n == net::Socket::kWouldBlock) {
      readable_ = false;
      return;
    }
    if (n == net::Socket::kEndOfFile) return on_end_of_file();
    if (n < 0) {
      const auto* tls = socket_.tls();
      if (tls && tls->peer_rejected_us()) return fail(Stage::tls, handshake_error_of(tls->fault()), tls->error());
      return fail(phase_ == Phase::head ? Stage::header : Stage::body, broken_off(),
                  tls ? "the origin cut the connection" : "the origin reset the connection");
    }
    received_ = true;
    if (phase_ == Phase::body) touch();
    feed(data, static_cast<std::size_t>(n));
  }
}

void OriginConnection::on_end_of_file() {
  if (phase_ == Phase::head) {
    return fail(Stage::header, broken_off(),
                received_ ? "the origin closed inside the response header" : "the origin closed without an answer");
  }
  bool until_close = body_kind_ == BodyKind::streaming && !chunked_;
  if (!until_close) return fail(Stage::body, broken_off(), "the origin closed inside the response body");
  complete(false);
  handler_->on_response_body({}, End::yes);
}

void OriginConnection::feed(char* data, std::size_t size) {
  if (phase_ == Phase::body) return feed_body(data, size, nullptr);
  std::unique_ptr<std::string> joined;
  if (partial_) {
    joined = std::move(partial_);
    joined->append(data, size);
    data = joined->data();
    size = joined->size();
  }
  std::size_t used = 0;
  while (state_ == State::busy && phase_ == Phase::head) {
    if (!feed_head(data, size, used)) {
      if (state_ == State::busy) partial_ = std::make_unique<std::string>(data + used, size - used);
      return;
    }
  }
}

/// One head out of the input; false when it is incomplete or bad. A final one takes the rest as its body.
bool OriginConnection::feed_head(char* data, std::size_t size, std::size_t& used) {
  auto& parser = origin_.parser();
  switch (parser.parse({data + used, size - used}, scanner_, origin_.options().header_max_bytes, method_)) {
    case wire::ResponseParser::State::incomplete: return false;
    case wire::ResponseParser::State::refused: fail(Stage::header, parser.error_type(), parser.error()); return false;
    case wire::ResponseParser::State::complete: break;
  }
  used += parser.head_size();
  scanner_ = {};
  const auto& head = parser.response();
  if (head.status == 101) {
    fail(Stage::header, ProxyError::http_protocol_error, "the origin switched protocols without being asked");
    return false;
  }
  if (head.status < 200) {
    handler_->on_interim(head);
    touch();
    return true;
  }
  phase_ = Phase::body;
  body_kind_ = head.body_kind;
  body_left_ = head.body_size;
  chunked_ = head.chunked;
  keep_alive_ = head.keep_alive;
  touch();
  feed_body(data + used, size - used, &head);
  used = size;
  return true;
}

/// Passes on a stretch of body; with `head`, as the first part behind it.
void OriginConnection::feed_body(char* data, std::size_t size, const wire::ResponseView* head) {
  std::size_t consumed = 0;
  std::size_t content = 0;
  bool ends = false;
  if (body_kind_ == BodyKind::none) {
    ends = true;
  } else if (body_kind_ == BodyKind::sized) {
    consumed = content = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, size));
    body_left_ -= content;
    ends = body_left_ == 0;
  } else if (chunked_) {
    auto outcome = decoder_.decode(data, size, consumed, content);
    if (outcome == wire::ChunkDecoder::Outcome::bad) {
      // What was good of it is not worth a special case: the client must see a broken response anyway.
      return fail(head ? Stage::header : Stage::body, ProxyError::http_response_transfer_coding, decoder_.error());
    }
    ends = outcome == wire::ChunkDecoder::Outcome::done;
  } else {
    consumed = content = size;
  }
  if (ends) complete(consumed == size);
  if (!head && content == 0 && !ends) return;
  std::string_view part(data, content);
  if (head) {
    handler_->on_response(*head, part, End{ends});
  } else {
    handler_->on_response_body(part, End{ends});
  }
}

/// The response has been read; `clean`: and nothing behind it.
void OriginConnection::complete(bool clean) {
  phase_ = Phase::done;
  clear_deadline();
  // By now a TLS 1.3 peer has sent its tickets.
  if (socket_.tls() && !session_kept_) {
    if (auto session = socket_.tls()->session()) {
      session_kept_ = true;
      origin_.remember(std::move(session));
    }
  }
  reusable_ = clean && keep_alive_ && request_done_ && socket_.queued_bytes() == 0 && !hung_up_;
}

/// Before anything of an answer the connection is what broke, afterwards it is the answer.
ProxyError OriginConnection::broken_off() const {
  return received_ ? ProxyError::http_response_incomplete : ProxyError::connection_terminated;
}

void OriginConnection::fail(Stage stage, ProxyError error, std::string detail) {
  tell_failure({stage, error, false, std::move(detail), state_ == State::busy});
}

void OriginConnection::time_out(Stage stage, std::string detail) {
  tell_failure({stage, timeout_error_of(stage), true, std::move(detail)});
}

void OriginConnection::tell_failure(const OriginError& error) {
  auto* handler = std::exchange(handler_, nullptr);
  close();
  if (handler) handler->on_origin_error(error);
}

}  // namespace holdfast::origin
