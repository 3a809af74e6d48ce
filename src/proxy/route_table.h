// SPDX-License-Identifier: Apache-2.0
// Which route a request takes (SEL-1 to SEL-6), and the path that its origin sees (REQ-2).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/route.h"

namespace holdfast::proxy {

/// What of a request decides on its route.
struct RouteQuery {
  std::string_view host;  ///< as received: any case, perhaps with a port, IPv6 in brackets
  bool websocket = false;
  bool tls = false;
  std::string_view path;  ///< percent-encoded, as received; a query behind it does not matter
};

/// Immutable. Belongs to one core, which also destroys it: the routes that it hands out have counts that are not
/// atomic, so they must stay there. For the others, build one from the same parsed routes on each core.
class RouteTable {
 public:
  explicit RouteTable(const std::vector<Route>& routes);
  RouteTable(const RouteTable&) = delete;
  RouteTable& operator=(const RouteTable&) = delete;

  /// The route of a request, or null. A host that has lines of its own never takes one of `*` (SEL-1). Among the lines
  /// that match, in this order (SEL-2): one with `proto` wins, then the longest `path_beg`, then one with `ssl`, then
  /// the first of the file. Time: one hash, and one comparison for each line of the host; allocates nothing.
  RouteRef match(const RouteQuery& query) const;

  /// The line with that id (SEL-6); null when there is none, or more than one (SEL-5), or when the path does not begin
  /// with its `path_beg`. Its other conditions are not asked.
  RouteRef by_id(std::string_view id, std::string_view path) const;

  std::size_t size() const { return routes_.size(); }

 private:
  /// The condition beside its route, so that a search stays in one block of memory.
  struct Candidate {
    std::string_view path_beg;
    Route::Proto proto;
    Route::Transport transport;
    const Route* route;
  };
  using Candidates = std::vector<Candidate>;

  // Without case, so that a host is looked up as it was received.
  struct HostHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view host) const;
  };
  struct HostEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };
  struct IdHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>()(id); }
  };

  const Candidates* candidates(std::string_view host) const;

  std::vector<RouteRef> routes_;
  std::unordered_map<std::string, Candidates, HostHash, HostEqual> by_host_;
  Candidates any_host_;
  std::unordered_map<std::string, const Route*, IdHash, std::equal_to<>> by_id_;  // null: not the id of one line alone
};

/// The host of "host", "host:port" or "[v6]:port" as routes name it: without port, brackets and final dot, case kept.
std::string_view route_host(std::string_view authority);

/// Appends the target that the origin sees (REQ-2): its path without the first `path_rem` characters, or with
/// `replace_beg` in the place of `path_beg`; the query untouched. It begins with '/' in any case; "*" stays as it is.
void append_rewritten_target(std::string& out, const Route& route, std::string_view target);

}  // namespace holdfast::proxy
