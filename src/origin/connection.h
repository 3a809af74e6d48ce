// SPDX-License-Identifier: Apache-2.0
// One connection to an origin: from the look-up of its name through any number of requests to its end.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include <holdfast/exchange.h>

#include "net/core.h"
#include "net/resolver.h"
#include "net/socket.h"
#include "origin/failure.h"
#include "wire/http1_chunked.h"
#include "wire/http1_response.h"

namespace holdfast::origin {

class Origin;
class OriginConnection;

/// Who makes a request. Calls come on the core's thread and never from inside a call to the connection. Views are valid
/// for the call only.
class OriginHandler {
 public:
  virtual void on_origin_ready() = 0;
  /// Instead, for a connection that has been waiting: here is one that somebody else has given back. The one that waits
  /// is not needed any more.
  virtual void on_origin_offered(std::unique_ptr<OriginConnection> idle) = 0;
  /// What was queued towards the origin has been written.
  virtual void on_origin_drained() = 0;
  virtual void on_interim(const wire::ResponseView& head) = 0;
  /// The final head with the first part of the body. End::yes: that is all of it.
  virtual void on_response(const wire::ResponseView& head, std::string_view body, End end) = 0;
  virtual void on_response_body(std::string_view part, End end) = 0;
  /// The last call. Before on_response: nothing of an answer has been passed on.
  virtual void on_origin_error(const OriginError& error) = 0;

 protected:
  ~OriginHandler() = default;
};

using WaitingHook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct WaitingTag>,
                                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Belongs to one core and, in turns, to the request that uses it and to its Origin's pool of idle ones.
class OriginConnection final : public WaitingHook,
                               private net::Pollable,
                               private net::Timer,
                               private net::Soon,
                               private net::ResolveWaiter {
 public:
  explicit OriginConnection(Origin& origin);
  ~OriginConnection();

  /// Starts to connect, or to wait for its turn to do so; on_origin_ready, on_origin_offered or on_origin_error
  /// follows.
  void connect(OriginHandler& handler);
  /// Its turn has come: it goes on with connecting.
  void on_turn();
  OriginHandler& handler() const { return *handler_; }
  /// Whether it has its place among the origin's connections, and waits for a descriptor only.
  bool counted() const { return counted_; }

  /// Takes an idle connection for a new request. False when it has become unusable meanwhile.
  bool reuse(OriginHandler& handler);

  /// Begins a request. Then send() its bytes, and finish_request() with the last of them.
  void begin(wire::ResponseParser::Method method);
  Written send(std::span<const Slice> slices);
  void finish_request();
  std::size_t queued_bytes() const { return socket_.queued_bytes(); }

  /// Stops and restarts the response's body; at most one more part comes after pause().
  void pause() { paused_ = true; }
  void resume();

  bool ready() const { return state_ == State::busy; }
  /// Whether this is not its first request: it may have died of old age just as it was sent.
  bool reused() const { return requests_ > 1; }
  /// Whether anything of an answer to the present request has arrived.
  bool answered() const { return received_; }
  bool reusable() const { return state_ == State::busy && reusable_; }

  void detach() { handler_ = nullptr; }
  /// Becomes an idle member of the pool.
  void park();
  void close();

  Origin& origin() { return origin_; }

 private:
  enum class State : std::uint8_t { fresh, waiting, resolving, connecting, handshake, busy, idle, closed };
  enum class Phase : std::uint8_t { head, body, done };

  void on_events(std::uint32_t events) override;
  void on_deadline() override;
  void on_soon() override;
  void on_resolved(const std::vector<net::Endpoint>& endpoints, const std::string& error) override;

  enum class Attempt : std::uint8_t { begun, failed, no_descriptor };
  void begin_connect();
  void try_endpoints();
  Attempt try_connect(const net::Endpoint& endpoint);
  void wait_for_descriptor();
  void note_connect_error(int error);
  void on_connect_event();
  void begin_handshake();
  void continue_handshake();
  void ready_for_request();
  void read_response();
  void feed(char* data, std::size_t size);
  bool feed_head(char* data, std::size_t size, std::size_t& used);
  void feed_body(char* data, std::size_t size, const wire::ResponseView* head);
  void on_end_of_file();
  void complete(bool clean);
  void fail(Stage stage, wire::ProxyError error, std::string detail);
  void time_out(Stage stage, std::string detail);
  void tell_failure(const OriginError& error);
  wire::ProxyError broken_off() const;
  void fail_waiting();
  void touch();

  Origin& origin_;
  OriginHandler* handler_ = nullptr;
  net::Socket socket_;
  std::vector<net::Endpoint> endpoints_;  // still to be tried
  std::string trying_;                    // the address that is being connected to
  std::string connect_error_;
  wire::ProxyError connect_status_ = wire::ProxyError::connection_refused;
  std::unique_ptr<std::string> partial_;  // of a head
  wire::HeadScanner scanner_;
  wire::ChunkDecoder decoder_;
  std::uint64_t body_left_ = 0;
  std::uint32_t requests_ = 0;
  State state_ = State::fresh;
  Phase phase_ = Phase::done;
  wire::ResponseParser::Method method_ = wire::ResponseParser::Method::other;
  BodyKind body_kind_ = BodyKind::none;
  bool counted_ = false;  // among the origin's open ones
  bool chunked_ = false;
  bool keep_alive_ = false;
  bool session_kept_ = false;  // a TLS session of this connection has been remembered
  bool reusable_ = false;
  bool request_done_ = false;
  bool received_ = false;
  bool readable_ = false;
  bool hung_up_ = false;
  bool paused_ = false;
};

}  // namespace holdfast::origin
