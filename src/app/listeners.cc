// SPDX-License-Identifier: Apache-2.0
#include "app/listeners.h"

#include <algorithm>

#include <fmt/core.h>

#include "app/config_form.h"

namespace holdfast::app {

Result<Listeners> Listeners::claim(const Config& config) {
  Listeners listeners;
  for (const auto& url : config.server.listen) {
    if (auto added = listeners.add(What::clients, url, "server.listen"); !added) return added.error();
  }
  if (auto added = listeners.add(What::control, config.control.http, "control.http"); !added) return added.error();
  if (auto added = listeners.add(What::admin, config.admin.listen, "admin.listen"); !added) return added.error();
  return listeners;
}

Result<void> Listeners::add(What what, const std::string& url, const char* key) {
  if (url.empty()) return {};
  auto address = parse_listen_address(url);
  if (!address) return Error{fmt::format("{}: \"{}\": {}", key, url, address.error().what)};
  auto endpoint =
      address->path.empty()
          ? net::parse_literal(address->tcp.host == "localhost" ? "127.0.0.1" : address->tcp.host, address->tcp.port)
          : net::unix_endpoint(address->path);
  if (!endpoint) return Error{fmt::format("{}: \"{}\" is not an address to listen on", key, url)};
  // Our own listeners share their ports, so the kernel would let two keys have the same one.
  auto same = [&](const Place& other) { return other.endpoint.text() == endpoint->text(); };
  if (std::any_of(places_.begin(), places_.end(), same)) {
    return Error{
        fmt::format("{}: {} is given twice; each listener needs an address of its own", key, endpoint->text())};
  }
  Place place{what, address->tls ? front::Security::tls : front::Security::plain, *endpoint};
  if (address->path.empty()) {
    if (auto claimed = net::claim_address(*endpoint); !claimed) {
      return Error{fmt::format("{}: {}", key, claimed.error().what)};
    }
  } else {
    auto bound = net::UnixSocket::bind(address->path, {address->mode, address->user, address->group});
    if (!bound) return Error{fmt::format("{}: {}", key, bound.error().what)};
    place.unix_socket = &unix_sockets_.emplace_back(std::move(*bound));
  }
  places_.push_back(std::move(place));
  return {};
}

}  // namespace holdfast::app
