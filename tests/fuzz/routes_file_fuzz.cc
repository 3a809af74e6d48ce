// SPDX-License-Identifier: Apache-2.0
// The routes file, and which route a request takes: one whose condition it meets.
#include <string>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "proxy/route_table.h"
#include "proxy/routes_file.h"

namespace holdfast::proxy {
namespace {

void check_route(const Route& route, int lines) {
  HF_ASSERT(!route.targets.empty() && route.line >= 1 && route.line <= lines);
  HF_ASSERT(route.path_beg.empty() || route.path_beg.front() == '/');
  HF_ASSERT(!route.any_host || route.host.empty());
  HF_ASSERT(base::to_lower(route.host) == route.host);
  for (const auto& header : route.headers) HF_ASSERT(!fuzz::has_control(header.name + header.value));
  for (const auto& target : route.targets) {
    HF_ASSERT(target.kind != Target::Kind::tcp || (!target.host.empty() && target.port != 0));
    HF_ASSERT(target.kind != Target::Kind::unsupported || !target.unsupported.empty());
    HF_ASSERT(target.kind != Target::Kind::demo);
  }
  std::string rewritten;
  append_rewritten_target(rewritten, route, "/a/b?c");
  HF_ASSERT(rewritten.starts_with('/') && rewritten.ends_with("?c"));
}

/// Asks for what each route names.
void check_table(const std::vector<Route>& routes) {
  RouteTable table(routes);
  for (const auto& route : routes) {
    auto host = route.any_host ? "nobody-has-this.example" : route.host;
    auto path = route.path_beg.empty() ? "/" : route.path_beg;
    RouteQuery query{host, route.proto == Route::Proto::ws, route.transport == Route::Transport::tls, path};
    if (!route.any_host && route.host.empty()) continue;  // reachable by id alone
    auto found = table.match(query);
    HF_ASSERT(found && (found->any_host || found->host == host) && path.starts_with(found->path_beg));
    HF_ASSERT(found->path_beg.size() == path.size() || route.path_beg.empty() || found->proto != Route::Proto::any);
  }
}

}  // namespace
}  // namespace holdfast::proxy

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  auto parsed = proxy::parse_routes(input, "routes");
  auto lines = static_cast<int>(std::count(input.begin(), input.end(), '\n')) + 1;
  for (const auto& issue : parsed.issues) {
    HF_ASSERT(issue.line >= 1 && issue.line <= lines && !issue.what.empty() && !fuzz::has_control(issue.text()));
  }
  for (const auto& route : parsed.routes) proxy::check_route(route, lines);
  proxy::check_table(parsed.routes);
}
