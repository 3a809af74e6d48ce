// SPDX-License-Identifier: Apache-2.0
// The reading half of a session, and its life. The answering half is h1_answer.cc.
#include "front/h1_session.h"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>

#include "base/assert.h"
#include "front/flow_account.h"

namespace holdfast::front {
namespace {

/// How long a closed connection is drained, so that the client can read the last answer before a reset could eat it.
constexpr base::Millis kLingerMs = 2000;

}  // namespace

H1Session::H1Session(Front& front, std::uint64_t id, const PeerAddress& peer) : front_(front), id_(id), peer_(peer) {}

H1Session::~H1Session() = default;

bool H1Session::start(int fd, Security security) {
  if (!socket_.open(fd, front_.core_.poller(), *this)) return false;
  tls_ = security == Security::tls;
  bool preface = net::contains(front_.options_.proxy_protocol_from, peer_);
  enter(preface ? Phase::preface : tls_ ? Phase::handshake : Phase::head);
  return true;
}

bool H1Session::close_if_idle() {
  if (phase_ != Phase::head || input_) return false;
  close_connection();
  return true;
}

void H1Session::shutdown() {
  if (!close_if_idle() && phase_ == Phase::exchange && handler_) handler_->on_shutdown();
}

void H1Session::on_events(std::uint32_t events) {
  if (phase_ == Phase::closed) return;
  if (events & EPOLLERR) socket_.note_error();
  if ((events & EPOLLOUT) && socket_.queued_bytes()) on_writable();
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    readable_ = true;
    on_readable();
  }
}

void H1Session::on_readable() {
  if (phase_ == Phase::preface) read_preface();
  if (phase_ == Phase::handshake) read_handshake();
  if (phase_ == Phase::head) read_heads();
  // No return in between: the read that brought a head may have left some of its body in the kernel, and the event
  // that told of it is used up.
  switch (phase_) {
    case Phase::lingering: return discard_input();
    case Phase::exchange: break;
    default: return;
  }
  if (!body_done_ && !paused_) return read_body();
  // What is not wanted yet waits in the kernel; a hang-up behind it means that nobody waits for the answer.
  if (hung_up_) lost(CloseReason::client_gone);
}

void H1Session::on_soon() {
  if (phase_ == Phase::closed) return;
  if (failing_) return lost(CloseReason::client_gone);
  if (input_ && phase_ == Phase::head) process_input();
  if (readable_ && phase_ != Phase::closed) on_readable();
  if (parked_late_ && phase_ == Phase::exchange && handler_) handler_->on_shutdown();
}

void H1Session::on_deadline() {
  switch (phase_) {
    case Phase::preface:
    case Phase::handshake: return close_now();
    case Phase::head:
      if (socket_.queued_bytes()) return close_now();  // of the last answer
      if (input_) return refuse(408, "the request header did not arrive within header_timeout_ms");
      return close_connection();
    case Phase::exchange:
      if (!body_done_ && !paused_) {
        if (responded_) return lost(CloseReason::timeout, base::Cause::request_timeout);
        if (handler_) handler_->on_client_gone();
        return refuse(408, "the request body stopped arriving");
      }
      if (socket_.queued_bytes()) lost(CloseReason::timeout);
      return;
    case Phase::lingering: return close_now();
    case Phase::closed: return;
  }
}

/// Gives the client idle_timeout_ms more, where we wait for it at all.
void H1Session::touch() {
  if (parked_) return;
  bool waiting = socket_.queued_bytes() || (phase_ == Phase::exchange && !body_done_ && !paused_);
  if (waiting) {
    set_deadline(front_.core_.wheel(), front_.core_.now() + front_.options_.idle_timeout_ms);
  } else if (phase_ == Phase::exchange) {
    clear_deadline();
  }
}

// ---------------------------------------------------------------------------------------------------- reading

/// One read into the core's scratch; the session is over when the result is not positive, or would block.
std::ptrdiff_t H1Session::read_scratch() {
  auto& counters = front_.core_.counters();
  FlowAccount account(counters, socket_);  // TLS may have something to say
  auto n = socket_.read(front_.core_.scratch(), net::Core::kScratchBytes);
  if (n > 0) counters.add(base::Counter::bytes_received, static_cast<std::uint64_t>(n));
  // Only a hang-up is still to be read behind what has emptied the kernel's buffer.
  if (socket_.emptied_by(n, net::Core::kScratchBytes) && !hung_up_) readable_ = false;
  return n;
}

void H1Session::read_heads() {
  while (phase_ == Phase::head && readable_ && socket_.queued_bytes() == 0) {
    auto n = read_scratch();
    if (n == net::Socket::kWouldBlock) {
      readable_ = false;
      return;
    }
    if (n <= 0) return close_now();
    auto size = static_cast<std::size_t>(n);
    char* data = front_.core_.scratch();
    if (input_) {
      input_->append(data, size);
      process_input();
    } else {
      auto consumed = consume_heads(data, size);
      keep_input(data + consumed, size - consumed);
    }
  }
}

void H1Session::process_input() {
  // Taken out while it is worked on: what an exchange leaves over goes back.
  auto input = std::exchange(input_, nullptr);
  auto consumed = consume_heads(input->data(), input->size());
  if (phase_ == Phase::closed || phase_ == Phase::lingering || consumed == input->size()) return;
  input->erase(0, consumed);
  input_ = std::move(input);
}

void H1Session::keep_input(const char* data, std::size_t size) {
  if (size == 0 || phase_ == Phase::closed || phase_ == Phase::lingering) return;
  input_ = std::make_unique<std::string>(data, size);
}

/// Starts an exchange for each complete request at the front of the input, as long as they are answered at once.
/// Returns how much was consumed; the rest is an incomplete head, or waits for its turn.
std::size_t H1Session::consume_heads(char* data, std::size_t size) {
  std::size_t at = 0;
  while (phase_ == Phase::head && at < size && socket_.queued_bytes() == 0) {
    // RFC 9112 §2.2: empty lines before a request are ignored. A lone CR may still be followed by its LF.
    if (data[at] == '\r' && at + 1 == size) break;
    if (data[at] == '\r' && data[at + 1] == '\n') {
      at += 2;
      continue;
    }
    // Most heads are here in full at once: only one that is not gets an object that remembers how far it was read.
    wire::HeadScanner scanner = incoming_ ? incoming_->scanner : wire::HeadScanner();
    if (!incoming_) started_ = front_.core_.now();
    auto& parser = front_.parser_;
    switch (parser.parse({data + at, size - at}, scanner, front_.options_.limits)) {
      case wire::RequestParser::State::incomplete:
        if (!incoming_) {
          incoming_ = std::make_unique<Incoming>();
          set_deadline(front_.core_.wheel(), started_ + front_.options_.header_timeout_ms);
        }
        incoming_->scanner = scanner;
        return at;
      case wire::RequestParser::State::refused: refuse(parser.error().status, parser.error().what); return size;
      case wire::RequestParser::State::complete: break;
    }
    at += parser.head_size();
    at += start_exchange(data + at, size - at);
  }
  return at;
}

/// Begins the exchange of the head that the parser holds. Returns how much of what follows belonged to its body.
std::size_t H1Session::start_exchange(char* body, std::size_t available) {
  auto request = front_.parser_.request();
  request.over_tls = tls_;
  phase_ = Phase::exchange;
  clear_deadline();
  minor_version_ = request.minor_version & 1;
  keep_alive_ = front_.parser_.keep_alive();
  head_request_ = request.method == "HEAD";
  expect_ = front_.parser_.expects_continue();
  body_done_ = request.body_kind == BodyKind::none;
  paused_ = responded_ = ended_ = bodiless_ = chunked_ = sized_ = until_close_ = parked_ = false;
  reason_ = CloseReason::finished;
  status_ = 0;
  body_bytes_ = 0;
  front_.core_.counters().add(base::Counter::requests);

  BodyPart part;
  part.end = End::yes;
  incoming_.reset();
  if (!body_done_) {
    incoming_ = std::make_unique<Incoming>();
    incoming_->chunked = request.body_kind == BodyKind::streaming;
    incoming_->body_left = request.body_size;
    part = take_body(body, available);
    if (part.status) {
      refuse(part.status, part.error, &request);
      return available;
    }
    body_done_ = part.end == End::yes;
  }
  if (body_done_) incoming_.reset();
  front_.acceptor_.on_request(*this, request, std::string_view(body, part.content), part.end);
  if (!ended_ && phase_ == Phase::exchange) {
    HF_ASSERT(handler_);
    if (expect_ && !responded_ && !body_done_ && part.consumed == 0) inform({.status = 100, .reason = "Continue"});
    touch();
  }
  return part.consumed;
}

/// Reads body framing from the front of `data`, content being moved there.
H1Session::BodyPart H1Session::take_body(char* data, std::size_t size) {
  BodyPart part;
  auto limit = front_.options_.body_max_bytes;
  auto& in = *incoming_;
  if (!in.chunked) {
    if (limit && in.body_left > limit) {
      part.status = 413;
      part.error = "the request body is over body_max_bytes";
      return part;
    }
    part.consumed = part.content = static_cast<std::size_t>(std::min<std::uint64_t>(in.body_left, size));
    in.body_left -= part.content;
    part.end = End{in.body_left == 0};
    return part;
  }
  auto outcome = in.decoder.decode(data, size, part.consumed, part.content);
  in.body_received += part.content;
  if (outcome == wire::ChunkDecoder::Outcome::bad) {
    part.status = 400;
    part.error = in.decoder.error();
  } else if (limit && in.body_received > limit) {
    part.status = 413;
    part.error = "the request body is over body_max_bytes";
  }
  part.end = End{outcome == wire::ChunkDecoder::Outcome::done};
  return part;
}

void H1Session::read_body() {
  while (phase_ == Phase::exchange && readable_ && !body_done_ && !paused_) {
    auto n = read_scratch();
    if (n == net::Socket::kWouldBlock) {
      readable_ = false;
      return;
    }
    if (n <= 0) return lost(CloseReason::client_gone);
    char* data = front_.core_.scratch();
    auto size = static_cast<std::size_t>(n);
    auto part = take_body(data, size);
    if (part.status) {
      bool answered = responded_;
      if (handler_) handler_->on_client_gone();
      return answered ? lost(CloseReason::refused, refusal_cause(part.status)) : refuse(part.status, part.error);
    }
    if (part.end == End::yes) {
      body_done_ = true;
      incoming_.reset();
    }
    keep_input(data + part.consumed, size - part.consumed);
    touch();
    if (handler_ && (part.content || part.end == End::yes)) {
      handler_->on_request_body(std::string_view(data, part.content), part.end);
    }
  }
  if (phase_ == Phase::exchange && readable_ && body_done_ && hung_up_) lost(CloseReason::client_gone);
}

void H1Session::discard_input() {
  while (phase_ == Phase::lingering && readable_) {
    auto n = read_scratch();
    if (n == net::Socket::kWouldBlock) {
      readable_ = false;
    } else if (n <= 0) {
      close_now();
    }
  }
}

void H1Session::resume_request_body() {
  if (!paused_) return;
  paused_ = false;
  if (body_done_) return;
  touch();
  if (readable_) front_.core_.run_soon(*this);
}

// ----------------------------------------------------------------------------------------------------- ending

void H1Session::park() {
  parked_ = true;
  incoming_.reset();
  clear_deadline();
  if (!front_.draining_) return;
  parked_late_ = true;
  front_.core_.run_soon(*this);
}

void H1Session::set_handler(std::unique_ptr<ExchangeHandler> handler) {
  drop_handler();
  handler_ = std::move(handler);
}

void H1Session::drop_handler() {
  front_.core_.defer_delete(std::move(handler_));
}

/// `cause`: where it is the session that gives up. `request`: where there is no handler to describe it.
void H1Session::record_access(base::Cause cause, const RequestView* request) {
  if (!front_.access_) return;
  AccessRecord record;
  record.connection = id_;
  record.peer = &peer_;
  if (handler_) {
    handler_->describe(record.note);
  } else if (request) {
    record.note = {.method = request->method, .target = request->target, .host = request->host};
  }
  if (cause != base::Cause::none) record.note.cause = to_text(cause);
  record.status = status_;
  record.body_bytes = body_bytes_;
  record.duration_ms = base::steady_ms() - started_;
  record.reason = reason_;
  front_.access_->record(record);
}

/// The response is complete, as far as we are concerned.
void H1Session::end_exchange() {
  ended_ = true;
  record_access();
  drop_handler();
  bool persistent = keep_alive_ && body_done_ && !until_close_ && !front_.draining_;
  incoming_.reset();
  parked_ = false;
  if (!persistent) return close_connection();
  next_request();
}

void H1Session::next_request() {
  phase_ = Phase::head;
  started_ = front_.core_.now();
  status_ = 0;
  body_bytes_ = 0;
  set_deadline(front_.core_.wheel(), front_.core_.now() + front_.options_.keepalive_timeout_ms);
  touch();  // what is still queued of the last answer comes first
  // Later in this turn: an exchange that ends inside the handler's call must not start the next one in there.
  if (input_ || readable_) front_.core_.run_soon(*this);
}

/// No more requests: closes when the client has what it is to get. Input that was not read would turn the close into
/// a reset that may overtake the answer, so it is read and thrown away for a while.
void H1Session::close_connection() {
  input_.reset();
  incoming_.reset();
  phase_ = Phase::lingering;
  set_deadline(front_.core_.wheel(),
               front_.core_.now() + (socket_.queued_bytes() ? front_.options_.idle_timeout_ms : kLingerMs));
  if (socket_.queued_bytes()) return;
  if (body_done_ && !readable_) return close_now();
  {
    FlowAccount account(front_.core_.counters(), socket_);
    socket_.shutdown_write();
  }
  if (readable_) front_.core_.run_soon(*this);
}

/// The client is gone, or given up on, in the middle of an exchange.
void H1Session::lost(CloseReason reason, base::Cause cause) {
  if (reason == CloseReason::client_gone && socket_.vanished()) reason = CloseReason::timeout;
  if (phase_ == Phase::exchange && !ended_) {
    if (reason_ == CloseReason::finished) reason_ = reason;
    if (handler_) handler_->on_client_gone();
    record_access(cause);
  }
  close_now();
}

void H1Session::abort(CloseReason reason) {
  if (ended_ || phase_ != Phase::exchange) return;
  reason_ = reason;
  record_access();
  // The end of the connection is the end of this body: only a reset tells that it was cut.
  if (until_close_) {
    FlowAccount::forget(front_.core_.counters(), socket_);
    socket_.reset();
  }
  close_now();
}

void H1Session::close_now() {
  if (phase_ == Phase::closed) return;
  if (hello_) end_handshake();
  phase_ = Phase::closed;
  ended_ = true;
  clear_deadline();
  drop_handler();
  FlowAccount::forget(front_.core_.counters(), socket_);
  if (socket_.vanished()) front_.core_.counters().add(base::Counter::clients_vanished);
  socket_.close();
  front_.remove(*this);
}

}  // namespace holdfast::front
