// SPDX-License-Identifier: Apache-2.0
#include "net/peer_patience.h"

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace holdfast::net {
namespace {

/// Unanswered probes that end a connection where no user time-out does.
constexpr int kProbes = 4;

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

void set_peer_patience(int fd, const PeerPatience& patience) {
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, patience.user_timeout_ms);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, patience.keepalive_s > 0);
  if (patience.keepalive_s <= 0) return;
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, patience.keepalive_s);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, patience.keepalive_s / 4));
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

bool is_vanished(int error) {
  // Where routers have said why, the kernel passes that on instead of ETIMEDOUT.
  return error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
}

}  // namespace holdfast::net
