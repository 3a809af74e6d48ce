// SPDX-License-Identifier: Apache-2.0
#include "admin/counter_families.h"

#include <array>

namespace holdfast::admin {
namespace {

using base::Counter;

std::vector<CounterFamily> described() {
  return {
      {"holdfast_connections_accepted", "Connections accepted, on all listeners.", "", {{Counter::clients_accepted}}},
      {"holdfast_connections_refused",
       "Connections turned away, by reason.",
       "reason",
       {{Counter::clients_refused, "max_connections"},
        {Counter::clients_refused_memory, "memory"},
        {Counter::clients_refused_descriptors, "descriptors"}}},
      {"holdfast_accept_failures",
       "Times that the kernel had no descriptor or memory for a client who waits.",
       "",
       {{Counter::accept_failures}}},
      {"holdfast_clients_vanished",
       "Clients closed because of server.tcp_user_timeout_ms or server.tcp_keepalive_s.",
       "",
       {{Counter::clients_vanished}}},
      {"holdfast_tls_handshakes_failed",
       "TLS handshakes with clients that failed.",
       "",
       {{Counter::handshakes_failed}}},
      {"holdfast_tls_handshakes_delayed",
       "TLS handshakes that waited because of tls.handshakes_max.",
       "",
       {{Counter::handshakes_delayed}}},
      {"holdfast_client_received_bytes",
       "Bytes read from connections, on all listeners.",
       "",
       {{Counter::bytes_received}}},
      {"holdfast_client_sent_bytes",
       "Bytes that sockets have taken, heads and framing included, on all listeners.",
       "",
       {{Counter::bytes_sent}}},
      {"holdfast_requests", "Requests, on all listeners.", "", {{Counter::requests}}},
      {"holdfast_requests_refused",
       "Requests that were answered with 4xx because they are malformed or over a limit.",
       "",
       {{Counter::requests_refused}}},
      {"holdfast_requests_shed",
       "Requests that were answered with 503 because of a limit, by its kind: waiting (proxy.waiting_requests_max) and "
       "memory (server.memory_max_bytes).",
       "reason",
       {{Counter::requests_refused_waiting, "waiting"}, {Counter::requests_refused_memory, "memory"}}},
      {"holdfast_origin_waits",
       "Requests that waited for proxy.origin_connections_max, or for a descriptor.",
       "",
       {{Counter::origin_waits}}},
      {"holdfast_origin_wait_timeouts",
       "Those of the waits that got no connection in time.",
       "",
       {{Counter::origin_wait_timeouts}}},
      {"holdfast_origin_requests",
       "Requests begun towards origins, retries and further targets included.",
       "",
       {{Counter::origin_requests}}},
      {"holdfast_origin_retries",
       "Requests sent again because a kept connection had gone.",
       "",
       {{Counter::origin_retries}}},
      {"holdfast_origin_responses",
       "Response heads of origins, by class of status.",
       "class",
       {{Counter::origin_2xx, "2xx"},
        {Counter::origin_3xx, "3xx"},
        {Counter::origin_4xx, "4xx"},
        {Counter::origin_5xx, "5xx"}}},
      {"holdfast_origin_failures", "Attempts on origins that failed, in sum.", "", {{Counter::origin_failures}}},
      {"holdfast_origin_failures_by_stage",
       "Attempts on origins that failed, by how far they had come.",
       "stage",
       {{Counter::origin_failed_dns, "dns"},
        {Counter::origin_failed_connect, "connect"},
        {Counter::origin_failed_tls, "tls"},
        {Counter::origin_failed_write, "write"},
        {Counter::origin_failed_header, "header"},
        {Counter::origin_failed_body, "body"}}},
      {"holdfast_origin_timeouts",
       "Attempts on origins that failed because nothing came in time.",
       "",
       {{Counter::origin_timeouts}}},
      {"holdfast_instructions_refused",
       "Responses whose GRIP instructions cannot be followed, answered with 502.",
       "",
       {{Counter::instructs_refused}}},
      {"holdfast_holds_begun",
       "Holds that have begun, by transport.",
       "transport",
       {{Counter::holds_stream, "stream"}, {Counter::holds_response, "response"}}},
      {"holdfast_channels_over_limit",
       "Channels of a hold that were cut because of grip.connection_subscription_max.",
       "",
       {{Counter::channels_over_limit}}},
      {"holdfast_published",
       "Items that got their place in the order of everything published.",
       "",
       {{Counter::published}}},
      {"holdfast_publishes_refused",
       "Publish requests answered with 503 because of control.backlog_max_bytes.",
       "",
       {{Counter::publishes_refused}}},
      {"holdfast_unauthorized", "Control and admin requests without a good credential.", "", {{Counter::unauthorized}}},
      {"holdfast_deliveries",
       "Messages given to clients: each counts once for each client.",
       "",
       {{Counter::deliveries}}},
      {"holdfast_items_out_of_order",
       "Items that went without the predecessor that they name, by what made them: message_wait_ms (it did not come in "
       "time) or message_wait_max (too many waited on their channel).",
       "reason",
       {{Counter::items_expired, "message_wait_ms"}, {Counter::items_overflowed, "message_wait_max"}}},
      {"holdfast_messages_dropped",
       "Messages that went no further, by reason: duplicate (of an id seen before) and bad_input (a ZeroMQ frame that "
       "is no item) count items, slow_client and message_hwm count deliveries.",
       "reason",
       {{Counter::duplicates, "duplicate"},
        {Counter::bad_input, "bad_input"},
        {Counter::slow_clients_dropped, "slow_client"},
        {Counter::rate_limited, "message_hwm"}}},
      {"holdfast_slow_clients_closed",
       "Clients closed because of server.send_buffer_max_bytes.",
       "",
       {{Counter::slow_clients_closed}}},
      {"holdfast_slow_clients_shed",
       "Clients closed because of server.memory_max_bytes, those with the longest queues first.",
       "",
       {{Counter::slow_clients_shed}}},
      {"holdfast_access_lines_lost",
       "Lines of the access log that were lost because nobody read it.",
       "",
       {{Counter::access_lines_lost}}},
  };
}

std::vector<CounterFamily> complete() {
  auto families = described();
  std::array<bool, static_cast<std::size_t>(Counter::count_)> known{};
  for (const auto& family : families) {
    for (const auto& member : family.members) known[static_cast<std::size_t>(member.counter)] = true;
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i]) continue;
    families.push_back({"holdfast_" + std::string(base::kCounterNames[i]), "", "", {{static_cast<Counter>(i)}}});
  }
  return families;
}

}  // namespace

const std::vector<CounterFamily>& counter_families() {
  static const auto families = complete();
  return families;
}

}  // namespace holdfast::admin
