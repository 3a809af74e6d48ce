// SPDX-License-Identifier: Apache-2.0
// One core's front: the sessions of one kind of listener (clients, or control), their limits and their end.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>

#include <holdfast/exchange.h>

#include "front/access.h"
#include "net/address.h"
#include "net/core.h"
#include "net/network.h"
#include "net/tls_context.h"
#include "wire/http1_request.h"

namespace holdfast::front {

class H1Session;

struct FrontOptions {
  wire::RequestLimits limits;
  std::uint64_t body_max_bytes = 0;  ///< 0: no limit
  const char* section = "server";    ///< of the configuration that the limits stand in
  base::Millis header_timeout_ms = 10000;
  base::Millis keepalive_timeout_ms = 75000;
  base::Millis idle_timeout_ms = 60000;  ///< no progress of a body, in either direction
  std::string proxy_name;                ///< in Proxy-Status; empty: this is no proxy, so there is none
  std::vector<net::Network> proxy_protocol_from;
  std::size_t handshakes_max = 256;  ///< TLS handshakes at once; more wait for their turn
};

enum class Security : bool { plain, tls };

/// How many clients the process has, against its limit. Shared by all cores.
struct ClientCount {
  explicit ClientCount(std::uint64_t most) : limit(most) {}
  std::atomic<std::uint64_t> now{0};
  std::atomic<std::uint64_t> limit;  ///< 0: none
};

using SessionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Owns its sessions. One core.
class Front {
 public:
  Front(net::Core& core, const FrontOptions& options, RequestAcceptor& acceptor, ClientCount& clients);
  ~Front();

  /// Takes an accepted descriptor.
  void accept(int fd, const net::Endpoint& peer, Security security = Security::plain);

  /// From the next request on, also of those that are there; who may speak the PROXY protocol is for new connections.
  void set_options(const FrontOptions& options) { options_ = options; }
  /// Null: nobody wants to know.
  void set_access(AccessSink* access) { access_ = access; }
  void set_tls(std::shared_ptr<const net::TlsServerContext> context) { tls_ = std::move(context); }

  /// From now on every request is the last of its connection, and a hold that begins ends at once. Idle connections
  /// close; holds go on until send_away() comes to them.
  void begin_drain();
  /// Whether there are sessions that send_away() has not come to yet.
  bool has_left_to_send_away() const { return !staying_.empty(); }
  /// Ends the holds among the next `count` sessions, those that have been there for the longest time first.
  void send_away(std::size_t count);
  bool draining() const { return draining_; }
  std::size_t sessions() const { return count_; }

 private:
  friend class H1Session;
  void remove(H1Session& session);
  /// Whether the session may begin its TLS handshake now; else it is told when its turn comes.
  bool take_handshake_turn(H1Session& session);
  /// The handshake of a session whose turn it was is over, one way or the other.
  void end_handshake();
  void leave_handshake_queue(H1Session& session);
  void refuse(int fd, const PeerAddress& peer);
  /// Where this front is a proxy's: what it says of an error that it answers itself.
  void append_proxy_status(std::string& head, int status) const;

  net::Core& core_;
  FrontOptions options_;
  RequestAcceptor& acceptor_;
  AccessSink* access_ = nullptr;
  ClientCount& clients_;
  wire::RequestParser parser_;  // lent to the session that reads
  std::string head_;            // where heads are written, for the time of one call
  using SessionList = boost::intrusive::list<H1Session, boost::intrusive::base_hook<SessionHook>,
                                             boost::intrusive::constant_time_size<false>>;
  SessionList sessions_;
  SessionList staying_;  // during a drain: those that have not been sent away yet
  std::shared_ptr<const net::TlsServerContext> tls_;
  std::deque<H1Session*> waiting_handshakes_;
  std::size_t handshakes_ = 0;
  std::size_t count_ = 0;
  bool draining_ = false;
};

}  // namespace holdfast::front
