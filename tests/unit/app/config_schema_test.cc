// SPDX-License-Identifier: Apache-2.0
// The table of the configuration: that it is whole and consistent.
#include "app/config_schema.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/config_value.h"

namespace holdfast::app {
namespace {

using Texts = std::vector<std::string>;

std::string name_of(const KeySpec& spec) {
  return std::string(spec.section) + "." + std::string(spec.key);
}

/// Contract §3, and the keys that were added to it.
const std::set<std::string> kContract{"server.listen",
                                      "server.workers",
                                      "server.max_connections",
                                      "server.memory_max_bytes",
                                      "server.retry_after_max_s",
                                      "server.header_max_bytes",
                                      "server.header_max_count",
                                      "server.target_max_bytes",
                                      "server.body_max_bytes",
                                      "server.header_timeout_ms",
                                      "server.keepalive_timeout_ms",
                                      "server.send_buffer_max_bytes",
                                      "server.proxy_protocol_from",
                                      "server.tcp_user_timeout_ms",
                                      "server.tcp_keepalive_s",
                                      "server.http2",
                                      "server.drain_seconds",
                                      "tls.cert",
                                      "tls.key",
                                      "tls.directory",
                                      "tls.min_version",
                                      "tls.handshakes_max",
                                      "control.http",
                                      "control.zmq_pull",
                                      "control.zmq_sub",
                                      "control.zmq_sub_connect",
                                      "control.zmq_rep",
                                      "control.zmq_stats",
                                      "control.tokens",
                                      "control.jwt_keys",
                                      "control.header_max_bytes",
                                      "control.body_max_bytes",
                                      "control.allow_unauthenticated",
                                      "proxy.routes_file",
                                      "proxy.debug",
                                      "proxy.auto_cross_origin",
                                      "proxy.accept_x_forwarded_proto",
                                      "proxy.set_x_forwarded_proto",
                                      "proxy.x_forwarded_for",
                                      "proxy.x_forwarded_for_trusted",
                                      "proxy.orig_headers_need_mark",
                                      "proxy.accept_route_header",
                                      "proxy.cdn_loop",
                                      "proxy.connect_timeout_ms",
                                      "proxy.response_timeout_ms",
                                      "proxy.idle_timeout_ms",
                                      "proxy.origin_header_max_bytes",
                                      "proxy.instruct_max_bytes",
                                      "proxy.pool_idle_ms",
                                      "proxy.pool_max_idle",
                                      "proxy.origin_connections_max",
                                      "proxy.waiting_requests_max",
                                      "proxy.sockjs_url",
                                      "grip.sig_iss",
                                      "grip.sig_key",
                                      "grip.upstream_key",
                                      "grip.message_rate",
                                      "grip.message_hwm",
                                      "grip.message_wait_ms",
                                      "grip.message_wait_max",
                                      "grip.id_cache_ttl_s",
                                      "control.backlog_max_bytes",
                                      "grip.id_cache_max",
                                      "grip.connection_subscription_max",
                                      "grip.subscription_linger_s",
                                      "grip.update_on_first_subscription",
                                      "grip.slow_client",
                                      "stats.format",
                                      "stats.report_interval_s",
                                      "stats.connection_ttl_s",
                                      "stats.subscription_ttl_s",
                                      "history.max_messages",
                                      "history.max_bytes",
                                      "history.max_age_s",
                                      "broker.url",
                                      "broker.prefix",
                                      "webhooks.database",
                                      "admin.listen",
                                      "admin.tokens",
                                      "admin.metrics_open",
                                      "admin.allow_unauthenticated",
                                      "log.level",
                                      "log.format",
                                      "log.access",
                                      "log.file",
                                      "log.access_file"};

TEST(ConfigSchema, HasEveryKeyOfTheContractOnce) {
  std::multiset<std::string> names;
  for (const auto& spec : config_keys()) names.insert(name_of(spec));
  EXPECT_EQ(names, std::multiset<std::string>(kContract.begin(), kContract.end()));
}

TEST(ConfigSchema, EveryKeyIsInASectionAndDocumented) {
  std::set<std::string_view> sections;
  for (const auto& section : config_sections()) sections.insert(section.name);
  for (const auto& spec : config_keys()) {
    EXPECT_TRUE(sections.contains(spec.section)) << name_of(spec);
    EXPECT_FALSE(spec.doc.empty()) << name_of(spec);
    EXPECT_FALSE(spec.doc.ends_with('.')) << name_of(spec);
    EXPECT_EQ(spec.doc.find('\n'), std::string_view::npos) << name_of(spec);
  }
}

TEST(ConfigSchema, EveryDefaultIsAllowedAndSupported) {
  for (const auto& spec : config_keys()) {
    auto checked = check_config_value(spec, spec.default_value());
    ASSERT_TRUE(checked.has_value()) << name_of(spec) << ": " << checked.error().what;
    EXPECT_EQ(*checked, spec.default_value()) << name_of(spec);
    EXPECT_TRUE(check_supported(spec, spec.default_value()).has_value()) << name_of(spec);
  }
}

TEST(ConfigSchema, EveryConstraintFitsTheTypeOfItsKey) {
  for (const auto& spec : config_keys()) {
    auto value = spec.default_value();
    bool number = std::holds_alternative<std::int64_t>(value);
    EXPECT_EQ(number, std::holds_alternative<Range>(spec.constraint)) << name_of(spec);
    if (const auto* range = std::get_if<Range>(&spec.constraint)) {
      EXPECT_LT(range->min, range->max) << name_of(spec);
    }
  }
}

TEST(ConfigSchema, EveryKeyWritesTheMemberThatItReads) {
  for (const auto& spec : config_keys()) {
    auto changed = spec.default_value();
    if (auto* flag = std::get_if<bool>(&changed)) *flag = !*flag;
    if (auto* number = std::get_if<std::int64_t>(&changed)) ++*number;
    if (auto* text = std::get_if<std::string>(&changed)) *text += "x";
    if (auto* texts = std::get_if<Texts>(&changed)) texts->push_back("x");
    if (auto* keys = std::get_if<std::vector<JwtKey>>(&changed)) keys->push_back({"x", "y"});
    Config config;
    spec.write(config, changed);
    for (const auto& other : config_keys()) {
      EXPECT_EQ(other.read(config), &other == &spec ? changed : other.default_value())
          << name_of(spec) << " wrote " << name_of(other);
    }
  }
}

TEST(ConfigSchema, EveryKeyThatCanHoldASecretIsMarked) {
  std::set<std::string> secrets;
  for (const auto& spec : config_keys()) {
    if (spec.secrecy == Secrecy::secret) secrets.insert(name_of(spec));
  }
  EXPECT_EQ(secrets, (std::set<std::string>{"grip.sig_key", "grip.upstream_key", "control.tokens", "control.jwt_keys",
                                            "admin.tokens"}));
}

TEST(ConfigSchema, NamesElsewhereAreMadeOfSectionAndKey) {
  const auto* spec = find_config_key("server", "header_max_bytes");
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(environment_name(*spec), "HOLDFAST_SERVER_HEADER_MAX_BYTES");
  EXPECT_EQ(flag_name(*spec), "--server.header_max_bytes");
}

TEST(ConfigSchema, FindsExactNamesOnly) {
  EXPECT_EQ(find_config_key("server", "Workers"), nullptr);
  EXPECT_EQ(find_config_key("proxy", "workers"), nullptr);
  EXPECT_EQ(find_config_key("", ""), nullptr);
}

TEST(ConfigSchema, OnlyJwtKeysAreForTheFileAlone) {
  for (const auto& spec : config_keys()) {
    EXPECT_EQ(spec.is_file_only(), spec.key == "jwt_keys") << name_of(spec);
  }
}

}  // namespace
}  // namespace holdfast::app
