// SPDX-License-Identifier: Apache-2.0
// The settings of a daemon: one struct for each section of holdfast.toml, members named as its keys. The member
// initialisers are the defaults. What each key means, its limits and its names elsewhere: app/config_schema.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::app {

/// One entry of control.jwt_keys: the issuer that a token must name, and the key that verifies it.
struct JwtKey {
  std::string iss;
  std::string key;

  bool operator==(const JwtKey&) const = default;
};

/// Plain values, checked by load_config(); immutable once the daemon runs. Sizes are bytes, times in the unit that
/// ends the name.
struct Config {
  struct Server {
    std::vector<std::string> listen{"http://0.0.0.0:7999"};
    std::int64_t workers = 0;
    std::int64_t max_connections = 0;
    std::int64_t memory_max_bytes = 0;
    std::int64_t retry_after_max_s = 10;
    std::int64_t header_max_bytes = 65536;
    std::int64_t header_max_count = 100;
    std::int64_t target_max_bytes = 16384;
    std::int64_t body_max_bytes = 0;
    std::int64_t header_timeout_ms = 10000;
    std::int64_t keepalive_timeout_ms = 75000;
    std::int64_t send_buffer_max_bytes = 1048576;
    std::vector<std::string> proxy_protocol_from;
    std::int64_t tcp_user_timeout_ms = 60000;
    std::int64_t tcp_keepalive_s = 60;
    bool http2 = false;
    std::int64_t drain_seconds = 30;
  };

  struct Tls {
    std::string cert;
    std::string key;
    std::string directory;
    std::string min_version = "1.2";
    std::int64_t handshakes_max = 256;
  };

  struct Control {
    std::string http = "http://127.0.0.1:5561";
    std::vector<std::string> zmq_pull{"tcp://127.0.0.1:5560"};
    std::vector<std::string> zmq_sub{"tcp://127.0.0.1:5562"};
    std::vector<std::string> zmq_sub_connect;
    std::vector<std::string> zmq_rep;
    std::vector<std::string> zmq_stats;
    std::vector<std::string> tokens;
    std::vector<JwtKey> jwt_keys;
    std::int64_t header_max_bytes = 10000;
    std::int64_t body_max_bytes = 1000000;
    std::int64_t backlog_max_bytes = 268435456;
    bool allow_unauthenticated = false;
  };

  struct Proxy {
    std::string routes_file = "routes";
    bool debug = false;
    bool auto_cross_origin = false;
    bool accept_x_forwarded_proto = false;
    bool set_x_forwarded_proto = true;
    std::vector<std::string> x_forwarded_for{"append"};
    std::vector<std::string> x_forwarded_for_trusted{"append"};
    std::vector<std::string> orig_headers_need_mark;
    bool accept_route_header = false;
    std::string cdn_loop;
    std::int64_t connect_timeout_ms = 5000;
    std::int64_t response_timeout_ms = 60000;
    std::int64_t idle_timeout_ms = 60000;
    std::int64_t origin_header_max_bytes = 65536;
    std::int64_t instruct_max_bytes = 100000;
    std::int64_t pool_idle_ms = 55000;
    std::int64_t pool_max_idle = 256;
    std::int64_t origin_connections_max = 0;
    std::int64_t waiting_requests_max = 0;
    std::string sockjs_url;
  };

  struct Grip {
    std::string sig_iss = "holdfast";
    std::string sig_key;
    std::string upstream_key;
    std::int64_t message_rate = 0;
    std::int64_t message_hwm = 0;
    std::int64_t message_wait_ms = 5000;
    std::int64_t message_wait_max = 100;
    std::int64_t id_cache_ttl_s = 60;
    std::int64_t id_cache_max = 1000000;
    std::int64_t connection_subscription_max = 100;
    std::int64_t subscription_linger_s = 60;
    bool update_on_first_subscription = true;
    std::string slow_client = "close";
  };

  struct Stats {
    std::string format = "tnetstring";
    std::int64_t report_interval_s = 10;
    std::int64_t connection_ttl_s = 120;
    std::int64_t subscription_ttl_s = 60;
  };

  struct History {
    std::int64_t max_messages = 0;
    std::int64_t max_bytes = 67108864;
    std::int64_t max_age_s = 600;
  };

  struct Broker {
    std::string url;
    std::string prefix = "holdfast.";
  };

  struct Webhooks {
    std::string database;
  };

  struct Admin {
    std::string listen = "http://127.0.0.1:5564";
    std::vector<std::string> tokens;
    bool metrics_open = false;
    bool allow_unauthenticated = false;
  };

  struct Log {
    std::string level = "info";
    std::string format = "text";
    bool access = true;
    std::string file;
    std::string access_file;
  };

  std::string file;             ///< as it was named; empty when there is none and the defaults hold
  std::string directory = ".";  ///< of the file: what relative paths in it are relative to

  Server server;
  Tls tls;
  Control control;
  Proxy proxy;
  Grip grip;
  Stats stats;
  History history;
  Broker broker;
  Webhooks webhooks;
  Admin admin;
  Log log;
};

}  // namespace holdfast::app
