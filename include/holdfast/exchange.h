// SPDX-License-Identifier: Apache-2.0
// One request of a client and its response, seen from the side that answers, whatever the client's protocol is.
//
// The life of an exchange:
//
//   session reads a head ──> RequestAcceptor::on_request ──> a handler (one at a time, owned by the exchange)
//                                 │
//          on_request_body* ──────┤                       inform*        1xx
//          on_drained* ───────────┤   the handler calls   respond once   head, and what body there is
//          on_client_gone ────────┘   ────────────────>   write*         more body, shared or borrowed
//                                                         End::yes in either, or abort(): over
//
// A handler may hand the exchange on (set_handler): that is how a proxied request becomes a hold. When the exchange is
// over, or the client is gone, the session destroys the handler at the end of the loop turn; nobody else does.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/bytes.h>
#include <holdfast/headers.h>

namespace holdfast {

/// An IPv4 or IPv6 address without port; 17 bytes, so that a parked client stays small.
struct PeerAddress {
  std::uint8_t bytes[16] = {};
  std::uint8_t family = 0;  ///< 4, 6, or 0: none (a unix socket)
  std::string text() const;
};

enum class End : bool { no, yes };
enum class BodyKind : std::uint8_t { none, sized, streaming };

/// What became of a write. `queued`: some of it waits for the client, on_drained will follow. `failed`: the client is
/// gone and on_client_gone follows at the end of the turn.
enum class Written : std::uint8_t { sent, queued, failed };

/// Why an exchange ended, for the access log.
enum class CloseReason : std::uint8_t {
  finished,       ///< answered in full
  client_gone,    ///< the client closed or reset
  origin_failed,  ///< the origin broke off
  published,      ///< a publisher closed the hold
  slow_client,    ///< over server.send_buffer_max_bytes
  timeout,        ///< no progress in time
  refused,        ///< bad request, or over a limit
  shutdown,       ///< the daemon stops
  dismissed,      ///< an operator closed the client
};

/// The request as it stands in the session's buffer: everything in it is valid only during on_request.
struct RequestView {
  std::string_view method;
  std::string_view target;  ///< origin-form, or "*"; absolute-form has been taken apart
  std::string_view host;    ///< with port if given, lower-cased by nobody; "localhost" where HTTP/1.0 gave none
  Fields fields;            ///< in order, as received; strictly parsed
  int minor_version = 1;    ///< of HTTP/1
  bool over_tls = false;
  bool wants_upgrade = false;  ///< Connection: upgrade with an Upgrade field
  BodyKind body_kind = BodyKind::none;
  std::uint64_t body_size = 0;  ///< where sized
};

/// The head of a response, as the handler wants the client to see it. Framing and connection fields are the
/// session's: they must not be among the fields.
struct ResponseHead {
  int status = 200;
  std::string_view reason;
  Fields fields;
  BodyKind body_kind = BodyKind::streaming;
  std::uint64_t body_size = 0;  ///< where sized; also the Content-Length of an answer to HEAD
};

/// What a handler adds to its access-log line.
struct AccessNote {
  std::string_view method;
  std::string_view target;
  std::string_view host;
  std::string_view route;
  std::string_view hold;   ///< "stream", "response" or empty
  std::string_view cause;  ///< of an error: "connect", "header-timeout", "grip" …; empty: there was none
};

/// What a hold tells an operator about its client. The views are valid for the turn.
struct HoldNote {
  std::vector<std::string_view> channels;
  std::vector<std::pair<std::string_view, std::string_view>> meta;  ///< Grip-Set-Meta
  void clear() {
    channels.clear();
    meta.clear();
  }
};

class ExchangeHandler;
struct Message;

/// Belongs to one core; every call is made on its thread.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Sends an interim response (1xx but 101). Ignored for clients of HTTP/1.0, which do not know them.
  virtual void inform(const ResponseHead& head) = 0;

  /// Sends the head and the first part of the body. With End::yes that is the whole response.
  virtual Written respond(const ResponseHead& head, std::span<const Slice> body, End end) = 0;

  /// Sends more body. Content only: the session adds framing.
  virtual Written write(std::span<const Slice> body, End end) = 0;

  /// Sends slices that are already in the form that body_form() names. Everything is taken: who sends to clients that
  /// may be slow asks queued_bytes() first.
  virtual Written write_framed(std::span<const Slice> framed) = 0;

  /// How write_framed() wants its bytes.
  enum class BodyForm : std::uint8_t { raw, chunked };
  virtual BodyForm body_form() const = 0;

  /// Ends the exchange so that the client sees a broken message, never a clean end.
  virtual void abort(CloseReason reason) = 0;

  /// Says why the exchange is about to end, where it is not `finished`.
  virtual void set_close_reason(CloseReason reason) = 0;

  /// Bytes that wait for the client in this process.
  virtual std::size_t queued_bytes() const = 0;

  /// Stops and restarts reading of the request body. After pause, at most one on_request_body call is still to come.
  virtual void pause_request_body() = 0;
  virtual void resume_request_body() = 0;

  /// No more input is wanted or expected from the client for as long as this exchange lasts: it is being parked.
  /// The session drops the clocks and buffers that belong to a busy exchange.
  virtual void park() = 0;

  /// Replaces the handler; the old one is destroyed at the end of the turn.
  virtual void set_handler(std::unique_ptr<ExchangeHandler> handler) = 0;

  virtual const PeerAddress& peer() const = 0;
  /// Unique in this process's life; contains a ':'. The same in log, statistics and admin API.
  virtual std::string connection_id() const = 0;
};

/// Who answers an exchange. Calls come on the exchange's core, never from inside one of the handler's own calls.
class ExchangeHandler {
 public:
  virtual ~ExchangeHandler() = default;

  /// More of the request body; End::yes with the last of it, which may be empty.
  virtual void on_request_body(std::string_view part, End end) = 0;

  /// Everything that waited for the client has been written.
  virtual void on_drained() {}

  /// The client is gone, or the session gave up on it. The exchange must not be written to any more.
  virtual void on_client_gone() {}

  /// The daemon stops: finish soon. Holds end cleanly; requests under way go on.
  virtual void on_shutdown() {}

  /// An operator closes the client: a hold ends at once, behind what it has to say of `farewell`, which may be null.
  /// Whoever does nothing loses the connection.
  virtual void on_dismissed(const Message* farewell) { static_cast<void>(farewell); }

  virtual void describe(AccessNote&) const {}
  virtual void describe_hold(HoldNote&) const {}
};

/// Who takes new requests.
class RequestAcceptor {
 public:
  virtual ~RequestAcceptor() = default;

  /// A head has arrived, with the first part of its body; End::yes when that is all of it. Sets a handler, which may
  /// answer at once.
  virtual void on_request(Exchange& exchange, const RequestView& request, std::string_view body, End end) = 0;
};

}  // namespace holdfast
