// SPDX-License-Identifier: Apache-2.0
// One core's front: the sessions of one kind of listener (clients, or control), their limits and their end.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>

#include <holdfast/exchange.h>

#include "base/list_walk.h"
#include "base/load.h"
#include "front/access.h"
#include "front/refusals.h"
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
  std::uint32_t retry_after_max_s = 10;
};

enum class Security : bool { plain, tls };

/// How many clients the process has, against its limit. Shared by all cores.
using ClientCount = base::Quota;

using SessionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

using SessionList = boost::intrusive::list<H1Session, boost::intrusive::base_hook<SessionHook>,
                                           boost::intrusive::constant_time_size<false>>;

/// Owns its sessions. One core.
class Front {
 public:
  Front(net::Core& core, const FrontOptions& options, RequestAcceptor& acceptor, ClientCount& clients);
  ~Front();

  /// Takes an accepted descriptor.
  void accept(int fd, const net::Endpoint& peer, Security security = Security::plain);

  /// There is no descriptor left but the one it came with: it is told so, and closed at once.
  void refuse_for_descriptors(int fd, const net::Endpoint& peer, Security security);
  /// Closes clients for which much is queued, the most behind first, until so many bytes are out of their queues.
  /// Thread: the core's, in no handler's call.
  void close_slowest(std::uint64_t bytes);

  /// From the next request on, also of those that are there; who may speak the PROXY protocol is for new connections.
  void set_options(const FrontOptions& options) { options_ = options; }
  /// Null: nobody wants to know.
  void set_access(AccessSink* access) { access_ = access; }
  /// While it is shedding, new clients are refused. Null: nobody measures.
  void set_load(const base::Load* load) { load_ = load; }
  void set_tls(std::shared_ptr<const net::TlsServerContext> context) { tls_ = std::move(context); }

  /// From now on every request is the last of its connection, and a hold that begins ends at once. Idle connections
  /// close; holds go on until send_away() comes to them.
  void begin_drain();
  /// Whether there are sessions that send_away() has not come to yet.
  bool has_left_to_send_away() const { return staying_ && !staying_->at_end(); }
  /// Ends the holds among the next `count` sessions, those that have been there for the longest time first.
  void send_away(std::size_t count);
  bool draining() const { return draining_; }
  std::size_t sessions() const { return count_; }

  /// Goes through the sessions, the oldest first (and so by their numbers), in as many turns as it likes.
  class Walk {
   public:
    explicit Walk(Front& front);
    /// Null at the end. Good for this turn.
    H1Session* next();

   private:
    base::ListWalk<SessionList> place_;
  };

 private:
  friend class H1Session;
  void remove(H1Session& session);
  /// Whether the session may begin its TLS handshake now; else it is told when its turn comes.
  bool take_handshake_turn(H1Session& session);
  /// The handshake of a session whose turn it was is over, one way or the other.
  void end_handshake();
  void leave_handshake_queue(H1Session& session);
  void refuse(int fd, const PeerAddress& peer, Security security, const char* why, Refusals::Linger linger);
  /// Where this front is a proxy's: what it says of an error that it answers itself.
  void append_proxy_status(std::string& head, int status) const;

  net::Core& core_;
  FrontOptions options_;
  RequestAcceptor& acceptor_;
  AccessSink* access_ = nullptr;
  ClientCount& clients_;
  const base::Load* load_ = nullptr;
  Refusals refusals_;
  wire::RequestParser parser_;  // lent to the session that reads
  std::string head_;            // where heads are written, for the time of one call
  SessionList sessions_;
  base::ListWalk<SessionList>::Set walks_;
  std::optional<base::ListWalk<SessionList>> staying_;  // during a drain: from the first who has not been sent away
  std::shared_ptr<const net::TlsServerContext> tls_;
  std::deque<H1Session*> waiting_handshakes_;
  std::size_t handshakes_ = 0;
  std::size_t count_ = 0;
  bool draining_ = false;
};

}  // namespace holdfast::front
