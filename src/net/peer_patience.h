// SPDX-License-Identifier: Apache-2.0
// How a TCP peer that has vanished without a word is noticed.
#pragma once

namespace holdfast::net {

struct PeerPatience {
  /// TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged, or a closed window closed. 0: the kernel's, about a
  /// quarter of an hour.
  int user_timeout_ms = 0;
  /// After so much silence the kernel asks whether the peer is still there, and again each quarter of it. 0: it does
  /// not, and who has vanished while nothing was sent is never missed.
  int keepalive_s = 0;
};

/// Sets both on a socket; what a listening socket has, accepted ones inherit. Ignored where the socket is not TCP.
void set_peer_patience(int fd, const PeerPatience& patience);

/// Whether an error of a socket says that the peer has stopped answering, rather than closed or reset.
bool is_vanished(int error);

}  // namespace holdfast::net
