// SPDX-License-Identifier: Apache-2.0
// One line of the routes file as plain data: which requests it is for, what is done to them, and where they go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <holdfast/headers.h>

namespace holdfast::proxy {

/// One place that a request can be sent to. The targets of a route are tried in their order (TGT-1).
struct Target {
  enum class Kind : std::uint8_t {
    tcp,          ///< host:port, or unix:/path, where the port is 0
    test,         ///< the built-in test origin
    demo,         ///< the built-in origin of `holdfast demo`
    unsupported,  ///< loads, but every request to it is answered 501; `unsupported` says why
  };

  Kind kind = Kind::tcp;
  std::string text;         ///< as written, for logs: "host:port", "test", "zhttp/…"
  std::string unsupported;  ///< with Kind::unsupported, e.g. "zhttp targets"
  std::string host;         ///< a name, an IP address without brackets, or the path of a unix socket
  std::uint16_t port = 0;

  bool tls = false;
  bool insecure = false;            ///< the certificate is not verified
  bool trust_connect_host = false;  ///< SNI and verification by `host`, not by the request's host
  std::string client_cert;          ///< path of a PEM file, as written
  std::string client_key;           ///< path of a PEM file, as written

  bool untrusted = false;        ///< must not lead to an internal address (TGT-10)
  bool over_http = false;        ///< WebSockets are carried over HTTP
  bool one_event = false;        ///< and each request carries one event at most
  std::string host_override;     ///< "h" or "h:p", what the origin sees as Host; empty: the request's own
  std::vector<std::string> sub;  ///< channels that every hold of this target joins, without the route's prefix
};

/// One route. The reference count is not atomic, so every core owns a copy of its own; copying a Route copies the
/// content only, and may be done by several threads at once.
struct Route : boost::intrusive_ref_counter<Route, boost::thread_unsafe_counter> {
  enum class Proto : std::uint8_t { any, http, ws };
  enum class Transport : std::uint8_t { any, plain, tls };
  enum class JsonpMode : std::uint8_t { extended, basic };

  Route() = default;  // no aggregate, for the destructor of the base is out of reach of `Route{}` otherwise

  // The condition.
  std::string host;  ///< lower case, without brackets and final dot; empty: any host, or reachable by id alone
  bool any_host = false;
  Proto proto = Proto::any;
  Transport transport = Transport::any;
  std::string path_beg;  ///< begins with '/', or empty: any path
  std::string id;        ///< empty: none was given

  /// Whether statistics and log name the route, and `Pushpin-Route` can select it.
  bool explicit_id() const { return !id.empty(); }

  // What is done to a request (REQ-1 to REQ-4) and to its response.
  std::string as_host;                     ///< "h" or "h:p"; empty: the request's own
  std::size_t path_rem = 0;                ///< characters
  std::optional<std::string> replace_beg;  ///< path characters; overrides path_rem
  HeaderList headers;                      ///< each name once; an empty value deletes the field
  std::optional<std::string> sig_iss;      ///< never empty
  std::optional<std::string> sig_key;      ///< in key notation, not parsed; `file:` is relative to the routes file
  bool no_grip = false;
  std::string prefix;  ///< of the channels in instructions
  bool orig_headers = false;
  bool debug = false;
  std::optional<int> log_level;  ///< 0 error to 4 trace: the most that is logged of its requests

  // Auto cross-origin, sessions and SockJS.
  bool aco = false;
  JsonpMode jsonp_mode = JsonpMode::extended;
  std::string jsonp_cb;  ///< names and values; empty: the default
  std::string jsonp_body;
  std::string jsonp_defcb;
  std::string jsonp_defmethod;
  bool session = false;
  std::string sockjs;          ///< path, or empty: off
  std::string sockjs_as_path;  ///< path, or empty

  std::vector<Target> targets;  ///< at least one

  std::string file;  ///< where the line stands; "--route" for the command line
  int line = 0;
};
using RouteRef = boost::intrusive_ptr<const Route>;

}  // namespace holdfast::proxy
