// SPDX-License-Identifier: Apache-2.0
// What comes before a connection's first request: the PROXY protocol, and the TLS handshake.
#include <cerrno>

#include <sys/socket.h>

#include "base/log.h"
#include "base/text.h"
#include "front/flow_account.h"
#include "front/h1_session.h"
#include "net/tls.h"
#include "wire/proxy_protocol.h"

namespace holdfast::front {
namespace {

/// The first byte of every TLS record that begins a handshake (RFC 8446 §5.1).
constexpr char kTlsHandshake = 0x16;

}  // namespace

void H1Session::enter(Phase phase) {
  phase_ = phase;
  started_ = front_.core_.now();
  const auto& options = front_.options_;
  auto patience = phase == Phase::head ? options.keepalive_timeout_ms : options.header_timeout_ms;
  set_deadline(front_.core_.wheel(), front_.core_.now() + patience);
}

/// Looks at what the kernel holds without taking it: what follows the header is TLS's, or the first request's.
void H1Session::read_preface() {
  char data[wire::kMaxProxyHeader];
  auto n = ::recv(socket_.fd(), data, sizeof data, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (n <= 0) return close_now();
  auto header = wire::parse_proxy_header({data, static_cast<std::size_t>(n)});
  switch (header.state) {
    case wire::ProxyHeader::State::incomplete:
      if (hung_up_) close_now();
      return;
    case wire::ProxyHeader::State::bad: {
      static base::LogLimiter limiter;
      base::log_limited(limiter, {{"conn", connection_id()}, {"peer", peer_.text()}}, "client closed: {}",
                        header.error);
      front_.core_.counters().add(base::Counter::requests_refused);
      return close_now();
    }
    case wire::ProxyHeader::State::absent: break;
    case wire::ProxyHeader::State::complete:
      [[maybe_unused]] auto taken = ::recv(socket_.fd(), data, header.size, MSG_DONTWAIT);
      if (header.peer) peer_ = *header.peer;
      break;
  }
  enter(tls_ ? Phase::handshake : Phase::head);
}

void H1Session::read_handshake() {
  if (hello_) {
    if (turn_) continue_handshake();
    return;
  }
  char first;
  auto n = ::recv(socket_.fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (n <= 0) return close_now();
  if (first != kTlsHandshake) {
    // In clear text, as it was asked.
    tls_ = false;
    phase_ = Phase::head;
    return refuse(400, "this port speaks HTTPS: use https:// in the URL");
  }
  hello_ = true;
  turn_ = front_.take_handshake_turn(*this);
  if (turn_) continue_handshake();
}

net::Tls::Handshake H1Session::shake_hands() {
  FlowAccount account(front_.core_.counters(), socket_);
  return socket_.handshake();
}

void H1Session::give_handshake_turn() {
  turn_ = true;
  readable_ = true;
  front_.core_.run_soon(*this);
}

void H1Session::end_handshake() {
  hello_ = false;
  if (turn_) {
    turn_ = false;
    front_.end_handshake();
  } else {
    front_.leave_handshake_queue(*this);
  }
}

void H1Session::continue_handshake() {
  if (!socket_.tls()) {
    auto tls = net::Tls::accept(front_.tls_, socket_.fd());
    if (!tls) return close_now();
    socket_.start_tls(std::move(tls));
  }
  switch (shake_hands()) {
    case net::Tls::Handshake::wants_more: return;
    case net::Tls::Handshake::failed:
      front_.core_.counters().add(base::Counter::handshakes_failed);
      base::log(base::LogLevel::debug, {{"conn", connection_id()}, {"peer", peer_.text()}}, "client closed: {}",
                socket_.tls()->error());
      return close_now();
    case net::Tls::Handshake::done: break;
  }
  end_handshake();
  enter(Phase::head);
  // The first request may have come along with the end of the handshake.
  readable_ = true;
  front_.core_.run_soon(*this);
}

}  // namespace holdfast::front
