// SPDX-License-Identifier: Apache-2.0
#include "app/admin_settings.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config_schema.h"
#include "base/assert.h"

namespace holdfast::app {
namespace {

using base::Counter;

struct LimitKey {
  std::string_view section;
  std::string_view key;
  std::vector<Counter> hits = {};
};

/// Every key that bounds something, with what counts when it does. Several refuse requests by the same counter as bad
/// syntax does; the access log tells which it was.
const std::vector<LimitKey>& limit_keys() {
  static const std::vector<LimitKey> keys{
      {"server", "max_connections", {Counter::clients_refused}},
      {"server", "memory_max_bytes", {Counter::clients_refused_memory, Counter::requests_refused_memory}},
      {"server", "header_max_bytes"},
      {"server", "header_max_count"},
      {"server", "target_max_bytes"},
      {"server", "body_max_bytes"},
      {"server", "send_buffer_max_bytes", {Counter::slow_clients_closed, Counter::slow_clients_dropped}},
      {"tls", "handshakes_max", {Counter::handshakes_delayed}},
      {"control", "header_max_bytes"},
      {"control", "body_max_bytes"},
      {"control", "backlog_max_bytes", {Counter::publishes_refused}},
      {"proxy", "origin_header_max_bytes"},
      {"proxy", "instruct_max_bytes", {Counter::instructs_refused}},
      {"proxy", "pool_max_idle"},
      {"proxy", "origin_connections_max", {Counter::origin_waits}},
      {"proxy", "waiting_requests_max", {Counter::requests_refused_waiting}},
      {"grip", "message_rate"},
      {"grip", "message_hwm", {Counter::rate_limited}},
      {"grip", "message_wait_max", {Counter::items_overflowed}},
      {"grip", "id_cache_max"},
      {"grip", "connection_subscription_max", {Counter::channels_over_limit}},
  };
  return keys;
}

}  // namespace

std::shared_ptr<const admin::Settings> admin_settings(const Settings& settings) {
  const auto& config = *settings.config;
  auto made = std::make_shared<admin::Settings>();
  made->metrics_open = config.admin.metrics_open;
  if (auto credentials = settings.admin_credentials) {
    made->admit = [credentials](Fields fields) { return credentials->admit(fields); };
  }
  for (const auto& limit : limit_keys()) {
    const auto* spec = find_config_key(limit.section, limit.key);
    HF_ASSERT(spec);
    auto name = std::string(limit.section) + "." + std::string(limit.key);
    made->limits.push_back({std::move(name), std::get<std::int64_t>(spec->read(config)), limit.hits});
  }
  if (settings.tls) {
    for (const auto& certificate : settings.tls->certificates()) {
      made->certificates.push_back({certificate.name, certificate.not_after_unix});
    }
  }
  return made;
}

}  // namespace holdfast::app
