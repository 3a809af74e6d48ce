// SPDX-License-Identifier: Apache-2.0
#include "app/config_schema.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace holdfast::app {
namespace {

using enum TakesEffect;

constexpr std::int64_t kNoMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;
constexpr std::int64_t kDayS = 24 * 60 * 60;
constexpr std::int64_t kYearS = 365 * kDayS;
constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;

constexpr Range kDurationMs{1, kDayMs};
constexpr Range kOptionalMs{0, kDayMs};
constexpr Range kDurationS{1, kDayS};
constexpr Range kOptionalS{0, kDayS};
constexpr Range kHeaderBytes{256, 16 * 1024 * 1024};
constexpr Range kUnlimited{0, kNoMax};

/// Name of the section, name of the key, and how to get at the member of the same names.
#define HF_KEY(section, key)                                                                      \
  std::string_view(#section), #key, [](const Config& c) -> ConfigValue { return c.section.key; }, \
      [](Config& c, ConfigValue v) { c.section.key = std::get<decltype(c.section.key)>(std::move(v)); }

std::vector<KeySpec> make_keys() {
  const NotYet http2{"HTTP/2 is"};
  const NotYet commands{"the ZeroMQ command socket is"}, statistics{"the ZeroMQ statistics stream is"};
  const NotYet cors{"automatic CORS and JSON-P are"};
  const NotYet sockjs{"SockJS is"}, trust{"trust in another GRIP proxy in front is"}, history{"history is"};
  const NotYet broker{"a broker between instances is"}, webhooks{"webhooks are"};
  const auto secret = Secrecy::secret;

  return {
      {HF_KEY(server, listen), restart,
       "For clients: http://IP:PORT, https://IP:PORT (IPv6 in brackets) or unix:/PATH?mode=660&user=NAME&group=NAME",
       kListenAddress},
      {HF_KEY(server, workers), restart, "Threads, each with its own event loop; 0: one per core", Range{0, 1024}},
      {HF_KEY(server, max_connections), live, "Client connections at most; 0: what the file-descriptor limit allows",
       kUnlimited},
      {HF_KEY(server, memory_max_bytes), live,
       "Resident memory, over it new clients and requests get 503, and the slowest clients are closed; 0: unlimited",
       kUnlimited},
      {HF_KEY(server, retry_after_max_s), live, "Retry-After of a 503 of ours is drawn from 1 to this", Range{1, 3600}},
      {HF_KEY(server, header_max_bytes), live,
       "Request line and header together, over it 431; the smaller of all limits governs", kHeaderBytes},
      {HF_KEY(server, header_max_count), live, "Header fields of a request, over it 431", Range{1, 10000}},
      {HF_KEY(server, target_max_bytes), live, "Request target, over it 414", Range{16, kHeaderBytes.max}},
      {HF_KEY(server, body_max_bytes), live, "Request body, over it 413; 0: unlimited, streamed", kUnlimited},
      {HF_KEY(server, header_timeout_ms), live, "From the first byte of a request to its complete header", kDurationMs},
      {HF_KEY(server, keepalive_timeout_ms), live,
       "Idle between requests; then the connection is closed without a response", kDurationMs},
      {HF_KEY(server, send_buffer_max_bytes), live,
       "Queued for one client; over it the client is slow: see grip.slow_client", Range{1024, kGibibyte}},
      {HF_KEY(server, proxy_protocol_from), new_connections,
       "Networks (10.0.0.0/8) whose connections may begin with PROXY v1 or v2", kNetwork},
      {HF_KEY(server, tcp_user_timeout_ms), new_connections,
       "A client or origin that acknowledges nothing of what it was sent for so long is gone; 0: as the kernel does",
       kOptionalMs},
      {HF_KEY(server, tcp_keepalive_s), new_connections,
       "After so much silence a client or origin is asked whether it is still there; 0: it is not", Range{0, 32767}},
      {HF_KEY(server, http2), new_connections, "HTTP/2: ALPN h2 on https://, prior knowledge on http://", {}, http2},
      {HF_KEY(server, drain_seconds), live, "After SIGTERM, the time over which clients are sent away; 0: at once",
       kOptionalS},

      {HF_KEY(tls, cert), new_connections,
       "File with the default certificate and its chain, PEM; relative to this file"},
      {HF_KEY(tls, key), new_connections, "File with the key of the default certificate, PEM; relative to this file"},
      {HF_KEY(tls, directory), new_connections,
       "More certificates by SNI: <host>.crt and .key, _.<domain>.crt for a wildcard; relative to this file"},
      {HF_KEY(tls, min_version), new_connections, "Oldest version of TLS that is spoken: 1.2 | 1.3",
       OneOf{{"1.2", "1.3"}}},
      {HF_KEY(tls, handshakes_max), live, "Handshakes at once for each worker; more clients wait for their turn",
       Range{1, 1000000}},

      {HF_KEY(control, http), restart, "HTTP control, POST /publish/: http://HOST:PORT; empty: off", kHttpAddress},
      {HF_KEY(control, zmq_pull), restart, "ZeroMQ PULL sockets that publishers push to: tcp://IP:PORT or ipc://PATH",
       kZmqBindAddress},
      {HF_KEY(control, zmq_sub), restart, "ZeroMQ SUB sockets that publishers connect to: tcp://IP:PORT or ipc://PATH",
       kZmqBindAddress},
      {HF_KEY(control, zmq_sub_connect), restart, "ZeroMQ PUB sockets to subscribe to, as tcp://hub:5565",
       kZmqPeerAddress},
      {HF_KEY(control, zmq_rep), restart, "ZeroMQ REP sockets for commands, as tcp://127.0.0.1:5563", kZmqBindAddress,
       commands},
      {HF_KEY(control, zmq_stats), restart, "ZeroMQ PUB sockets for statistics", kZmqBindAddress, statistics},
      {HF_KEY(control, tokens),
       live,
       "Accepted as Authorization: Bearer, as Basic password or as Fastly-Key",
       kToken,
       {},
       secret},
      {HF_KEY(control, jwt_keys),
       live,
       "Keys of accepted JWTs: [{ iss = \"realm\", key = \"base64:…\" }], or file:PATH with a public key",
       {},
       {},
       secret},
      {HF_KEY(control, header_max_bytes), live, "Request line and header together, over it 431", kHeaderBytes},
      {HF_KEY(control, body_max_bytes), live, "Request body, over it 413", Range{1, kGibibyte}},
      {HF_KEY(control, backlog_max_bytes), live,
       "Published items that wait to be delivered, over it 503 and ZeroMQ is not read; 0: unlimited",
       Range{0, INT64_MAX}},
      {HF_KEY(control, allow_unauthenticated), restart,
       "Lets HTTP control outside loopback start without credentials, and ZeroMQ, which has none"},

      {HF_KEY(proxy, routes_file), live, "Routes, in Pushpin's grammar; relative to this file; re-read when it changes",
       NotEmpty{}},
      {HF_KEY(proxy, debug), live, "Error bodies say what went wrong"},
      {HF_KEY(proxy, auto_cross_origin), live, "CORS headers and JSON-P on every route", {}, cors},
      {HF_KEY(proxy, accept_x_forwarded_proto), live,
       "Believes a client's X-Forwarded-Proto when it says https; only behind a proxy that sets it"},
      {HF_KEY(proxy, set_x_forwarded_proto), live, "Tells origins the client's scheme in X-Forwarded-Proto"},
      {HF_KEY(proxy, x_forwarded_for), live,
       "What is done to X-Forwarded-For, in order: append (the client's address), truncate:N (keep the last N)",
       kForwardedRule},
      {HF_KEY(proxy, x_forwarded_for_trusted), live,
       "The same for requests that come through a trusted GRIP proxy: see grip.upstream_key", kForwardedRule},
      {HF_KEY(proxy, orig_headers_need_mark), live,
       "Headers that the route property orig_headers passes on only when they came marked", kFieldName},
      {HF_KEY(proxy, accept_route_header), live, "The request header Pushpin-Route: ID selects the route"},
      {HF_KEY(proxy, cdn_loop), live, "Name of this proxy in CDN-Loop (RFC 8586); empty: the header is left alone",
       kCdnId},
      {HF_KEY(proxy, connect_timeout_ms), live, "To connect to an origin", kDurationMs},
      {HF_KEY(proxy, response_timeout_ms), live, "From the request to the complete header of the response",
       kDurationMs},
      {HF_KEY(proxy, idle_timeout_ms), live, "Between two pieces of a body", kDurationMs},
      {HF_KEY(proxy, origin_header_max_bytes), live, "Status line and header of an origin's response, over it 502",
       kHeaderBytes},
      {HF_KEY(proxy, instruct_max_bytes), live,
       "Body of an instruct response, over it 502; also what is kept of a request's body for its replay",
       Range{1024, kGibibyte}},
      {HF_KEY(proxy, pool_idle_ms), live, "How long an idle connection to an origin is kept", kDurationMs},
      {HF_KEY(proxy, pool_max_idle), live, "Idle connections kept for each origin and worker; 0: none",
       Range{0, 1000000}},
      {HF_KEY(proxy, origin_connections_max), live,
       "Connections to each origin for each worker; more requests wait up to connect_timeout_ms, then 503; 0: "
       "unlimited",
       Range{0, 1000000}},
      {HF_KEY(proxy, waiting_requests_max), live,
       "Requests of the whole process whose origin has not answered with a header yet, over it 503; 0: unlimited",
       kUnlimited},
      {HF_KEY(proxy, sockjs_url), live, "Script that the SockJS iframe page loads", kScriptUrl, sockjs},

      {HF_KEY(grip, sig_iss), live, "Issuer that signs requests to origins (iss of Grip-Sig)"},
      {HF_KEY(grip, sig_key),
       live,
       "Key of Grip-Sig: a text, base64:DATA or file:PATH; empty: unsigned, and GRIP libraries see no proxy",
       {},
       {},
       secret},
      {HF_KEY(grip, upstream_key), live, "Key of the Grip-Sig of GRIP proxies in front of this one", {}, trust, secret},
      {HF_KEY(grip, message_rate), restart, "Deliveries per second of the whole process; 0: unlimited", kUnlimited},
      {HF_KEY(grip, message_hwm), restart,
       "Deliveries of a route that wait for message_rate; over it new ones are dropped; 0: unlimited", kUnlimited},
      {HF_KEY(grip, message_wait_ms), live,
       "How long an item waits for the one that its prev-id names; then it goes without it; 0: not at all",
       kOptionalMs},
      {HF_KEY(grip, message_wait_max), live, "Items of one channel that wait so; one more, and the oldest goes",
       Range{1, 1000000}},
      {HF_KEY(grip, id_cache_ttl_s), live, "An id is not published again on its channel for so long; 0: it may be",
       kOptionalS},
      {HF_KEY(grip, id_cache_max), live, "Ids remembered for that at most; over it the oldest are forgotten",
       Range{1, 1000000000}},
      {HF_KEY(grip, connection_subscription_max), live, "Channels of one client", Range{1, 1000000}},
      {HF_KEY(grip, subscription_linger_s), live, "How long a channel outlives its last long-poll", kOptionalS},
      {HF_KEY(grip, update_on_first_subscription), live,
       "A channel's first hold with a prev-id asks the origin again; no effect yet, recovery is not yet supported"},
      {HF_KEY(grip, slow_client), live,
       "A client over server.send_buffer_max_bytes loses its connection or the message: close | drop",
       OneOf{{"close", "drop"}}},

      {HF_KEY(stats, format), restart, "Encoding of the stream: tnetstring | json", OneOf{{"tnetstring", "json"}}},
      {HF_KEY(stats, report_interval_s), restart, "Between two reports; 0: none", kOptionalS},
      {HF_KEY(stats, connection_ttl_s), restart, "A connection's statistics are announced again within it", kDurationS},
      {HF_KEY(stats, subscription_ttl_s), restart, "A subscription's statistics are announced again within it",
       kDurationS},

      {HF_KEY(history, max_messages), live, "Kept per channel, without subscribers too; 0: off", kUnlimited, history},
      {HF_KEY(history, max_bytes), live, "All channels together", Range{1024, kNoMax}},
      {HF_KEY(history, max_age_s), live, "Older messages are forgotten", Range{1, kYearS}},

      {HF_KEY(broker, url), restart, "redis:// rediss:// nats:// zmq+tcp:// ; empty: this instance alone", kBrokerUrl,
       broker},
      {HF_KEY(broker, prefix), restart, "Subject in the broker: this and the channel's name (escaped)", kWord},

      {HF_KEY(webhooks, database),
       restart,
       "SQLite file of registrations and deliveries; empty: webhooks off",
       {},
       webhooks},

      {HF_KEY(admin, listen), restart, "Health, metrics and the admin API: http://HOST:PORT; empty: off", kHttpAddress},
      {HF_KEY(admin, tokens), live, "As control.tokens; /livez and /readyz never need one", kToken, {}, secret},
      {HF_KEY(admin, metrics_open), live, "/metrics needs no token"},
      {HF_KEY(admin, allow_unauthenticated), restart, "Lets the listener start outside loopback without tokens"},

      {HF_KEY(log, level), live, "error | warn | info | debug | trace",
       OneOf{{"error", "warn", "info", "debug", "trace"}}},
      {HF_KEY(log, format), restart, "text | json", OneOf{{"text", "json"}}},
      {HF_KEY(log, access), live, "One line for each request"},
      {HF_KEY(log, file), restart,
       "Appended to, and opened again on SIGUSR1; relative to this file; empty: standard output and error"},
      {HF_KEY(log, access_file), restart, "The same for the lines of log.access; empty: where the rest goes"},
  };
}

#undef HF_KEY

}  // namespace

std::string_view to_text(TakesEffect takes_effect) {
  switch (takes_effect) {
    case TakesEffect::restart: return "restart";
    case TakesEffect::live: return "live";
    case TakesEffect::new_connections: return "new";
  }
  return {};
}

const std::vector<KeySpec>& config_keys() {
  static const auto keys = make_keys();
  return keys;
}

const std::vector<SectionSpec>& config_sections() {
  static const std::vector<SectionSpec> sections{
      {"server", "Clients: HTTP/1.1"},
      {"tls", "Certificates of https:// listeners; all are read again when a file changes, and on SIGHUP"},
      {"control", "Where backends publish"},
      {"proxy", "Routes, and what passes between clients and origins"},
      {"grip", "Signatures, holds and delivery"},
      {"stats", "The ZeroMQ statistics stream of control.zmq_stats, which is not yet supported"},
      {"history", "What the proxy itself can replay; not yet supported"},
      {"broker", "What several instances share; not yet supported"},
      {"webhooks", "Calls to backends when channels come and go; not yet supported"},
      {"admin", "Operation of this daemon; requests have the limits of control"},
      {"log", "What the daemon says, and a line for each request: docs/logs.md"},
  };
  return sections;
}

const std::vector<TableSpec>& config_tables() {
  static const std::vector<TableSpec> tables{
      {"cache",
       "A CDN or cache that the routes go through",
       {"purging of caches is", "remove the table"},
       {
           {"name", "\"edge\"", "What rules call it"},
           {"kind", "\"purge\"", "purge (HTTP PURGE on the URL) | ban | xkey | fastly"},
           {"url", "\"http://127.0.0.1:6081\"", "Where purge requests go; for fastly the base of its API"},
           {"host", "\"\"", "Host of a relative purge URL, empty: that of url; an absolute one brings its own"},
           {"service_id", "\"\"", "For fastly"},
           {"token_env", "\"\"", "Name of the environment variable that holds the token"},
           {"soft", "false", "Marks as stale instead of removing"},
           {"purge_timeout_ms", "1000", "How long a publish waits for its purge"},
       }},
      {"rule",
       "How items of some channels are published; the first rule whose pattern matches governs",
       {"rules for publishing are", "remove the table"},
       {
           {"channel", "\"counter-*\"", "Pattern: * matches any run, available as {1}, {2} …"},
           {"max_rate", "1.0", "Publishes per second and channel; more are conflated, the latest wins"},
           {"purge.cache", "\"edge\"", "The cache that a publish purges"},
           {"purge.urls", "[\"/counters/{1}/stream\"]", "What is purged there, by URL"},
           {"purge.keys", "[\"counter-{1}\"]", "What is purged there, by key"},
           {"purge.min_interval_ms", "1000", "Between two purges of the same thing"},
       }},
  };
  return tables;
}

const KeySpec* find_config_key(std::string_view section, std::string_view key) {
  const auto& keys = config_keys();
  auto found = std::find_if(keys.begin(), keys.end(),
                            [&](const KeySpec& spec) { return spec.section == section && spec.key == key; });
  return found == keys.end() ? nullptr : &*found;
}

std::string environment_name(const KeySpec& spec) {
  std::string name = "HOLDFAST_" + std::string(spec.section) + "_" + std::string(spec.key);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; });
  return name;
}

std::string flag_name(const KeySpec& spec) {
  return "--" + std::string(spec.section) + "." + std::string(spec.key);
}

}  // namespace holdfast::app
