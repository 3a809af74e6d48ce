// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.h"

#include <cstring>
#include <string_view>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "base/text.h"
#include "net/core.h"

namespace holdfast::net {

namespace ip = boost::asio::ip;

namespace {

/// RFC 6761 §6.3: names that are this machine, also where nobody has written it down, as in a bare container.
bool is_localhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  constexpr std::string_view kLocalhost = "localhost";
  if (host.size() < kLocalhost.size()) return false;
  auto rest = host.substr(0, host.size() - kLocalhost.size());
  return base::iequals(host.substr(rest.size()), kLocalhost) && (rest.empty() || rest.ends_with('.'));
}

}  // namespace

struct Resolver::Backend {
  explicit Backend(boost::asio::io_context& io) : resolver(io) {}
  ip::tcp::resolver resolver;
  /// Look-ups outlive nobody: a completion that comes after the resolver's end finds this gone.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

struct Resolver::Name {
  std::vector<Endpoint> endpoints;
  base::Millis fresh_until = 0;
  bool literal = false;
  bool looking_up = false;
  boost::intrusive::list<ResolveWaiter, boost::intrusive::constant_time_size<false>> waiters;
};

Resolver::Resolver(Core& core) : core_(core), backend_(std::make_unique<Backend>(core.io())) {}

Resolver::~Resolver() {
  *backend_->alive = false;
}

Resolver::Name& Resolver::name_for(const std::string& host, std::uint16_t port) {
  auto& slot = names_[{host, port}];
  if (!slot) {
    slot = std::make_unique<Name>();
    if (auto literal = parse_literal(host, port)) {
      slot->endpoints.push_back(*literal);
      slot->literal = true;
    }
  }
  return *slot;
}

const std::vector<Endpoint>* Resolver::known(const std::string& host, std::uint16_t port) {
  auto& name = name_for(host, port);
  return name.literal || (!name.endpoints.empty() && core_.now() < name.fresh_until) ? &name.endpoints : nullptr;
}

void Resolver::resolve(const std::string& host, std::uint16_t port, ResolveWaiter& waiter) {
  auto& name = name_for(host, port);
  name.waiters.push_back(waiter);
  if (!name.looking_up) start(name, host, port);
}

void Resolver::start(Name& name, const std::string& host, std::uint16_t port) {
  name.looking_up = true;
  backend_->resolver.async_resolve(
      host, std::to_string(port), ip::tcp::resolver::numeric_service,
      [this, &name, host, port, alive = backend_->alive](const boost::system::error_code& error,
                                                         const ip::tcp::resolver::results_type& results) {
        if (!*alive) return;
        name.looking_up = false;
        name.endpoints.clear();
        for (const auto& result : results) {
          Endpoint endpoint;
          auto address = result.endpoint();
          std::memcpy(&endpoint.storage, address.data(), address.size());
          endpoint.size = static_cast<socklen_t>(address.size());
          name.endpoints.push_back(endpoint);
        }
        if (name.endpoints.empty() && is_localhost(host)) {
          for (const auto* loopback : {"127.0.0.1", "::1"}) name.endpoints.push_back(*parse_literal(loopback, port));
        }
        name.fresh_until = core_.now() + kFreshMs;
        auto endpoints = name.endpoints;
        auto text = error ? error.message() : std::string();
        while (!name.waiters.empty()) {
          auto& waiter = name.waiters.front();
          name.waiters.pop_front();
          waiter.on_resolved(endpoints, text);
        }
      });
}

}  // namespace holdfast::net
