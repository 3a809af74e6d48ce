// SPDX-License-Identifier: Apache-2.0
// The origins that one core talks to, each with its idle connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/peer_patience.h"
#include "origin/connection.h"

namespace holdfast::origin {

struct OriginOptions {
  base::Millis connect_timeout_ms = 5000;
  base::Millis response_timeout_ms = 60000;
  base::Millis idle_timeout_ms = 60000;
  std::size_t header_max_bytes = 65536;
  base::Millis pool_idle_ms = 55000;
  std::size_t pool_max_idle = 256;
  std::size_t connections_max = 0;  ///< to one origin; 0: any number
  net::PeerPatience patience;
};

enum class InternalAddresses : bool { allowed, blocked };

/// Everything that makes two peers different. Connections are never shared between different ones.
struct OriginId {
  std::string host;  ///< a name or an address; the path of a unix socket, where the port is 0
  std::uint16_t port = 80;
  InternalAddresses internal = InternalAddresses::allowed;
  std::shared_ptr<const net::TlsClientContext> tls;  ///< null: clear text
  std::string server_name;                           ///< with TLS: SNI, and what the certificate must be for
  bool operator==(const OriginId&) const = default;
};

class Origins;

/// One peer, one core. Requests that find no connection free wait in the order in which they came.
class Origin final : private net::Timer, private net::Soon {
 public:
  Origin(Origins& origins, OriginId id) : origins_(origins), id_(std::move(id)) {}

  /// An idle connection, ready for use, or null; also null while others wait for one.
  std::unique_ptr<OriginConnection> take_idle(OriginHandler& handler);
  /// A new connection that begins to connect, or waits until it may.
  std::unique_ptr<OriginConnection> connect(OriginHandler& handler);
  /// Gives a connection back: into the pool when it can serve again, else it is closed.
  void give_back(std::unique_ptr<OriginConnection> connection);
  /// An idle connection has ended.
  void drop(OriginConnection& connection);
  /// The idle connection that was used least of late goes; false when there is none.
  bool drop_oldest();

  /// Whether another connection may be made now.
  bool has_place() const;
  void wait_for_place(OriginConnection& connection);
  /// In front of the others: it has had its turn, only to find that the process has no descriptor left.
  void wait_for_descriptor(OriginConnection& connection);
  /// Makes room for a descriptor by closing an idle connection of this core; false when there is none.
  bool close_any_idle();
  void on_opened() { ++open_; }
  void on_closed();

  /// TLS sessions are resumed by the next connection.
  void remember(net::SslSessionPtr session) { session_ = std::move(session); }
  SSL_SESSION* session() const { return session_.get(); }

  const OriginId& id() const { return id_; }
  const OriginOptions& options() const;
  net::Core& core();
  net::Resolver& resolver();
  wire::ResponseParser& parser();
  std::size_t idle() const { return idle_.size(); }
  /// Whether any connection of it is left, idle or in use.
  bool unused() const { return connections_ == 0; }

 private:
  friend class OriginConnection;
  void on_soon() override { serve_waiting(); }
  void on_deadline() override { serve_waiting(); }
  void serve_waiting();
  std::unique_ptr<OriginConnection> pop_idle(OriginHandler& handler);

  Origins& origins_;
  OriginId id_;
  boost::intrusive::list<OriginConnection, boost::intrusive::base_hook<WaitingHook>,
                         boost::intrusive::constant_time_size<false>>
      waiting_;
  std::size_t open_ = 0;  // with a descriptor, or about to get one
  std::size_t connections_ = 0;
  net::SslSessionPtr session_;
  std::vector<std::unique_ptr<OriginConnection>> idle_;  // the last one used is used first
};

/// All origins of one core.
class Origins {
 public:
  Origins(net::Core& core, const OriginOptions& options) : core_(core), resolver_(core), options_(options) {}

  /// The same object for the same identity, as long as it has connections.
  Origin& get(const OriginId& id);
  /// For new connections.
  void set_options(const OriginOptions& options) { options_ = options; }
  /// Forgets those that have no connections: they may stand for targets or names that nobody asks for any more.
  void forget_unused();
  /// Closes an idle connection of some origin; false when there is none.
  bool close_idle();
  /// Called when a request begins to wait for a descriptor.
  void set_on_shortage(std::function<void()> on_shortage) { on_shortage_ = std::move(on_shortage); }

 private:
  friend class Origin;
  struct IdHash {
    std::size_t operator()(const OriginId& id) const;
  };
  net::Core& core_;
  net::Resolver resolver_;
  OriginOptions options_;
  std::function<void()> on_shortage_;
  wire::ResponseParser parser_;  // lent to the connection that reads
  std::unordered_map<OriginId, std::unique_ptr<Origin>, IdHash> origins_;
};

}  // namespace holdfast::origin
