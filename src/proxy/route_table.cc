// SPDX-License-Identifier: Apache-2.0
#include "proxy/route_table.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace holdfast::proxy {

RouteTable::RouteTable(const std::vector<Route>& routes) {
  routes_.reserve(routes.size());
  for (const auto& line : routes) {
    const Route* route = routes_.emplace_back(new Route(line)).get();
    if (!route->id.empty()) {
      auto [entry, is_new] = by_id_.emplace(route->id, route);
      if (!is_new) entry->second = nullptr;
    }
    Candidate candidate{route->path_beg, route->proto, route->transport, route};
    if (route->any_host) {
      any_host_.push_back(candidate);
    } else if (!route->host.empty()) {
      by_host_[route->host].push_back(candidate);
    }
  }

  // Best first, so that the first that matches is the one (SEL-2); lines of equal rank stay in file order.
  auto sort = [](Candidates& list) {
    std::stable_sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) {
      bool a_proto = a.proto != Route::Proto::any;
      bool b_proto = b.proto != Route::Proto::any;
      if (a_proto != b_proto) return a_proto;
      if (a.path_beg.size() != b.path_beg.size()) return a.path_beg.size() > b.path_beg.size();
      return a.transport != Route::Transport::any && b.transport == Route::Transport::any;
    });
  };
  sort(any_host_);
  for (auto& [host, list] : by_host_) sort(list);
}

const RouteTable::Candidates* RouteTable::candidates(std::string_view host) const {
  auto own = by_host_.find(route_host(host));
  return own == by_host_.end() ? &any_host_ : &own->second;
}

RouteRef RouteTable::match(const RouteQuery& query) const {
  auto excluded_proto = query.websocket ? Route::Proto::http : Route::Proto::ws;
  auto excluded_transport = query.tls ? Route::Transport::plain : Route::Transport::tls;
  for (const auto& candidate : *candidates(query.host)) {
    // A path_beg has no '?', so it can only match within the path, even where a query follows.
    if (candidate.proto != excluded_proto && candidate.transport != excluded_transport &&
        query.path.starts_with(candidate.path_beg)) {
      return RouteRef(candidate.route);
    }
  }
  return nullptr;
}

RouteRef RouteTable::by_id(std::string_view id, std::string_view path) const {
  auto entry = by_id_.find(id);
  if (entry == by_id_.end() || !entry->second || !path.starts_with(entry->second->path_beg)) return nullptr;
  return RouteRef(entry->second);
}

std::size_t RouteTable::HostHash::operator()(std::string_view host) const {
  // FNV-1a; nobody outside adds hosts, so collisions cannot be provoked
  std::uint64_t hash = 14695981039346656037u;
  for (char c : host) hash = (hash ^ static_cast<unsigned char>(base::lower(c))) * 1099511628211u;
  return hash;
}

bool RouteTable::HostEqual::operator()(std::string_view a, std::string_view b) const {
  return base::iequals(a, b);
}

std::string_view route_host(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  auto host = authority.substr(0, authority.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

void append_rewritten_target(std::string& out, const Route& route, std::string_view target) {
  if (target == "*") {  // of OPTIONS: the server as a whole, not a path
    out += target;
    return;
  }
  auto path = target.substr(0, target.find('?'));
  auto query = target.substr(path.size());
  path.remove_prefix(std::min(path.size(), route.replace_beg ? route.path_beg.size() : route.path_rem));
  std::string_view beginning = route.replace_beg ? std::string_view(*route.replace_beg) : std::string_view();
  auto first = beginning.empty() ? path : beginning;
  if (!first.starts_with('/')) out += '/';
  out += beginning;
  out += path;
  out += query;
}

}  // namespace holdfast::proxy
