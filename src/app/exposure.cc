// SPDX-License-Identifier: Apache-2.0
#include "app/exposure.h"

#include <fmt/core.h>

#include "app/config_form.h"
#include "base/text.h"

namespace holdfast::app {

std::string Exposure::text() const {
  bool http = key == "http" || key == "listen";
  auto mend = http ? fmt::format("bind it to 127.0.0.1, give [{}] tokens,", section)
                   : std::string("ZeroMQ has none, so bind it to 127.0.0.1");
  return fmt::format(
      "'{}' is open to other machines and asks for no credentials; {} or say that this is meant with [{}] "
      "allow_unauthenticated = true",
      base::printable(address), mend, section);
}

std::vector<Exposure> find_exposed(const Config& config) {
  std::vector<Exposure> exposed;
  auto look_at = [&](std::string_view section, std::string_view key, const std::vector<std::string>& addresses) {
    for (const auto& address : addresses) {
      if (!address.empty() && !is_local_address(address)) exposed.push_back({section, key, address});
    }
  };
  const auto& control = config.control;
  const auto& admin = config.admin;
  if (!control.allow_unauthenticated) {
    if (control.tokens.empty() && control.jwt_keys.empty()) look_at("control", "http", {control.http});
    look_at("control", "zmq_pull", control.zmq_pull);
    look_at("control", "zmq_sub", control.zmq_sub);
    look_at("control", "zmq_rep", control.zmq_rep);
    look_at("control", "zmq_stats", control.zmq_stats);
  }
  if (!admin.allow_unauthenticated && admin.tokens.empty()) look_at("admin", "listen", {admin.listen});
  return exposed;
}

}  // namespace holdfast::app
