// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <cerrno>
#include <cstring>

#include <fmt/core.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/log.h"

namespace holdfast::net {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;
constexpr base::Millis kRetryMs = 100;

Error bind_error(const Endpoint& endpoint, const char* call) {
  return Error{fmt::format("cannot listen on {}: {}: {}", endpoint.text(), call, std::strerror(errno))};
}

enum class Sharing { alone, reuse_port };

/// A bound socket, or -1 with errno and `call` set.
int bind_socket(const Endpoint& endpoint, Sharing sharing, const char*& call) {
  int fd = ::socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  call = "socket";
  if (fd < 0) return -1;
  int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (sharing == Sharing::reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  call = "bind";
  if (::bind(fd, endpoint.address(), endpoint.size) == 0) return fd;
  int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

Result<void> claim_address(const Endpoint& endpoint) {
  const char* call = "";
  int fd = bind_socket(endpoint, Sharing::alone, call);
  if (fd < 0) return bind_error(endpoint, call);
  ::close(fd);
  return {};
}

Listener::~Listener() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> Listener::open(const Endpoint& endpoint) {
  const char* call = "";
  fd_ = bind_socket(endpoint, Sharing::reuse_port, call);
  if (fd_ < 0) return bind_error(endpoint, call);
  int one = 1;  // accepted sockets inherit both
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  if (::listen(fd_, kBacklog) != 0) return bind_error(endpoint, "listen");
  if (!core_.poller().add(fd_, *this)) return bind_error(endpoint, "epoll_ctl");
  return {};
}

void Listener::close() {
  if (fd_ < 0) return;
  while (accept_one()) {
  }
  ::close(fd_);
  fd_ = -1;
  clear_deadline();
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (!accept_one()) return;
  }
  core_.run_soon(*this);  // more may wait, and the edge has been used up
}

/// False when there is nobody left to accept, or nothing left to accept them with.
bool Listener::accept_one() {
  if (fd_ < 0) return false;
  Endpoint peer;
  peer.size = sizeof peer.storage;
  int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    switch (errno) {
      case EAGAIN: return false;
      case EINTR:
      case ECONNABORTED: return true;
      default: {
        // Out of descriptors or memory: the waiting clients stay in the kernel's queue, and are asked for again.
        static base::LogLimiter limiter;
        base::log_limited(limiter, "cannot accept a client: {}; trying again in {} ms", std::strerror(errno), kRetryMs);
        set_deadline(core_.wheel(), core_.now() + kRetryMs);
        return false;
      }
    }
  }
  on_accept_(fd, peer);
  return true;
}

}  // namespace holdfast::net
