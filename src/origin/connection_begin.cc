// SPDX-License-Identifier: Apache-2.0
// How a connection begins: its turn, its descriptor, its address, its handshake.
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/assert.h"
#include "origin/connection.h"
#include "origin/origin.h"

namespace holdfast::origin {

using wire::ProxyError;

void OriginConnection::connect(OriginHandler& handler) {
  handler_ = &handler;
  set_deadline(origin_.core().wheel(), origin_.core().now() + origin_.options().connect_timeout_ms);
  if (origin_.has_place()) return begin_connect();
  state_ = State::waiting;
  origin_.wait_for_place(*this);
}

void OriginConnection::on_turn() {
  HF_ASSERT(state_ == State::waiting);
  if (endpoints_.empty()) return begin_connect();
  state_ = State::connecting;
  try_endpoints();
}

void OriginConnection::begin_connect() {
  counted_ = true;
  origin_.on_opened();
  const auto& id = origin_.id();
  bool is_unix = id.port == 0;
  if (is_unix) {
    if (auto endpoint = net::unix_endpoint(id.host)) endpoints_.push_back(*endpoint);
    state_ = State::connecting;
    origin_.core().run_soon(*this);
  } else if (const auto* known = origin_.resolver().known(id.host, id.port)) {
    endpoints_ = *known;
    state_ = State::connecting;
    origin_.core().run_soon(*this);  // an error must not be told from in here
  } else {
    state_ = State::resolving;
    origin_.resolver().resolve(id.host, id.port, *this);
  }
}

void OriginConnection::on_resolved(const std::vector<net::Endpoint>& endpoints, const std::string& error) {
  if (state_ != State::resolving) return;
  if (endpoints.empty())
    return fail(Stage::dns, ProxyError::dns_error, error.empty() ? "the name has no address" : error);
  endpoints_ = endpoints;
  state_ = State::connecting;
  try_endpoints();
}

/// Tries one address after the other, until one of them is being connected to.
void OriginConnection::try_endpoints() {
  bool blocked = false;
  while (!endpoints_.empty()) {
    auto endpoint = endpoints_.front();
    auto attempt = Attempt::failed;
    if (origin_.id().internal == InternalAddresses::blocked && net::is_internal(endpoint)) {
      blocked = true;
    } else {
      attempt = try_connect(endpoint);
    }
    if (attempt == Attempt::no_descriptor) return wait_for_descriptor();
    endpoints_.erase(endpoints_.begin());
    if (attempt == Attempt::begun) return;
  }
  if (blocked && connect_error_.empty()) {
    return fail(Stage::connect, ProxyError::destination_ip_prohibited,
                "an untrusted target must not lead to an internal address");
  }
  fail(Stage::connect, connect_status_, connect_error_);
}

OriginConnection::Attempt OriginConnection::try_connect(const net::Endpoint& endpoint) {
  trying_ = endpoint.text();
  auto make_socket = [&] { return ::socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); };
  int fd = make_socket();
  bool short_of_descriptors = fd < 0 && (errno == EMFILE || errno == ENFILE);
  if (short_of_descriptors && origin_.close_any_idle()) fd = make_socket();
  if (short_of_descriptors && fd < 0) return Attempt::no_descriptor;
  if (fd >= 0) {
    int one = 1;
    if (!endpoint.is_unix()) {
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      net::set_peer_patience(fd, origin_.options().patience);
    }
    if (::connect(fd, endpoint.address(), endpoint.size) == 0 || errno == EINPROGRESS) {
      if (socket_.open(fd, origin_.core().poller(), *this)) return Attempt::begun;
    } else {
      int error = errno;
      ::close(fd);
      errno = error;
    }
  }
  note_connect_error(errno);
  return Attempt::failed;
}

/// Nobody is lost for a descriptor that is only used at the moment: it goes on as soon as one is free.
void OriginConnection::wait_for_descriptor() {
  state_ = State::waiting;
  origin_.wait_for_descriptor(*this);
}

void OriginConnection::note_connect_error(int error) {
  connect_error_ = fmt::format("{}: {}", trying_, std::strerror(error));
  connect_status_ = connect_error_of(error);
}

void OriginConnection::on_connect_event() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    note_connect_error(error);
    socket_.close();
    return try_endpoints();
  }
  endpoints_.clear();
  endpoints_.shrink_to_fit();
  if (origin_.id().tls) {
    begin_handshake();
  } else {
    ready_for_request();
  }
}

void OriginConnection::begin_handshake() {
  const auto& id = origin_.id();
  net::Tls::Peer peer{id.server_name, net::parse_literal(id.server_name, 0).has_value()};
  auto tls = net::Tls::connect(id.tls, socket_.fd(), peer, origin_.session());
  if (!tls) {
    return fail(Stage::tls, ProxyError::tls_certificate_error,
                fmt::format("no certificate can be for the host \"{}\"", id.server_name));
  }
  state_ = State::handshake;
  socket_.start_tls(std::move(tls));
  continue_handshake();
}

void OriginConnection::continue_handshake() {
  switch (socket_.handshake()) {
    case net::Tls::Handshake::wants_more: return;
    case net::Tls::Handshake::failed: {
      return fail(Stage::tls, handshake_error_of(socket_.tls()->fault()), socket_.tls()->error());
    }
    case net::Tls::Handshake::done: return ready_for_request();
  }
}

void OriginConnection::ready_for_request() {
  state_ = State::busy;
  clear_deadline();
  if (handler_) handler_->on_origin_ready();
}

void OriginConnection::fail_waiting() {
  origin_.core().counters().add(base::Counter::origin_wait_timeouts);
  fail(Stage::connect, ProxyError::connection_limit_reached,
       fmt::format("no {} became free within connect_timeout_ms",
                   counted_ ? "descriptor" : "connection of proxy.origin_connections_max"));
}

}  // namespace holdfast::origin
