// SPDX-License-Identifier: Apache-2.0
// The settings of the proxy, and what the requests of one core share.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/jwt.h"
#include "base/load.h"
#include "grip/signature.h"
#include "hold/hold.h"
#include "net/core.h"
#include "net/tls_context.h"
#include "origin/builtin.h"
#include "origin/origin.h"
#include "proxy/route_table.h"

namespace holdfast::proxy {

/// One rule for X-Forwarded-For (XFF-1): keep the last `truncate` values, then perhaps append the client's address.
struct ForwardedForRule {
  std::optional<std::size_t> truncate;
  bool append = false;
};
/// From "append" and "truncate:N", which the configuration has checked.
ForwardedForRule parse_forwarded_for_rule(const std::vector<std::string>& words);

struct ProxyOptions {
  bool debug = false;
  bool accept_x_forwarded_proto = false;
  bool set_x_forwarded_proto = true;
  ForwardedForRule forwarded_for;
  std::vector<std::string> orig_headers_need_mark;
  bool accept_route_header = false;
  std::string cdn_loop;
  std::string proxy_name = "holdfast";  ///< in Proxy-Status
  std::size_t instruct_max_bytes = 100000;
  std::string sig_iss;
  std::uint32_t retry_after_max_s = 10;
};

/// What connections to the `ssl` targets of some routes are made with; targets that ask for the same share it.
class TargetTls {
 public:
  /// Loads what the target needs. Relative paths count from `directory`.
  Result<void> load(const Target& target, const std::string& directory);
  std::shared_ptr<const net::TlsClientContext> get(const Target& target) const;

 private:
  using Key = std::tuple<bool, std::string, std::string>;  // insecure, certificate, key
  static Key key_of(const Target& target) { return {target.insecure, target.client_cert, target.client_key}; }
  std::map<Key, std::shared_ptr<const net::TlsClientContext>> contexts_;
};

/// The routes with the keys that they sign with. One copy for each core, swapped whole on reload.
struct Snapshot {
  explicit Snapshot(const std::vector<Route>& routes) : table(routes) {}
  RouteTable table;
  std::map<std::string, base::SigningKey> keys;  ///< of the routes, by their notation
  TargetTls tls;
};

/// One core's. Outlives every request of it.
struct ProxyContext {
  net::Core& core;
  origin::Origins& origins;
  hold::HoldContext& holds;
  ProxyOptions options;
  std::optional<base::SigningKey> sig_key;
  base::Load* load = nullptr;  ///< null: no limits of the process
  origin::BuiltinOrigin* test_origin = nullptr;
  origin::BuiltinOrigin* demo_origin = nullptr;
  grip::Signer signer{};
  std::shared_ptr<const Snapshot> snapshot{};
  std::string head{};           ///< where heads for origins are written, for the time of one call
  std::vector<Field> fields{};  ///< where fields for clients are gathered, likewise
};

}  // namespace holdfast::proxy
