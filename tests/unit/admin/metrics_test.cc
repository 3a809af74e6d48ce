// SPDX-License-Identifier: Apache-2.0
// What /metrics says, and the document that is made from it.
#include "admin/metrics.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/admin_bench.h"
#include "support/messages.h"
#include "support/recorder.h"

namespace holdfast::admin {
namespace {

using test::AdminBench;
using testing::HasSubstr;
using testing::StartsWith;

std::string metrics(const AdminBench& bench, const Settings& settings = {},
                    MetricsFormat format = MetricsFormat::openmetrics) {
  return write_metrics(bench.context, settings, {}, 0, format);
}

TEST(Metrics, SumsOverCoresAndOtherThreads) {
  AdminBench bench(2);
  base::Counters thread;
  bench.context.more_counters.push_back(&thread);
  bench.parts[0]->core.counters().add(base::Counter::requests, 3);
  bench.parts[1]->core.counters().add(base::Counter::requests, 4);
  thread.add(base::Counter::requests, 5);
  bench.parts[0]->core.counters().adjust(base::Gauge::send_queue_bytes, 10);
  bench.parts[1]->core.counters().adjust(base::Gauge::send_queue_bytes, -3);
  auto text = metrics(bench);
  EXPECT_THAT(text, HasSubstr("\nholdfast_requests_total 12\n"));
  EXPECT_THAT(text, HasSubstr("\nholdfast_send_queue_bytes 7\n"));
  EXPECT_THAT(text, HasSubstr("\nholdfast_cores 2\n"));
}

TEST(Metrics, SubscriptionsAndChannels) {
  AdminBench bench(2);
  test::Recorder one(bench.parts[0]->table);
  one.join({"a", "b"});
  test::Recorder two(bench.parts[1]->table);
  two.join({"a"}, channel::Transport::response);
  EXPECT_THAT(metrics(bench), HasSubstr("\nholdfast_subscriptions{transport=\"stream\"} 2\n"
                                        "holdfast_subscriptions{transport=\"response\"} 1\n"));
  EXPECT_THAT(metrics(bench), HasSubstr("\nholdfast_channels 3\n"));
  one.leave();
  two.leave();
  EXPECT_THAT(metrics(bench), HasSubstr("\nholdfast_subscriptions{transport=\"stream\"} 0\n"
                                        "holdfast_subscriptions{transport=\"response\"} 0\n"));
  EXPECT_THAT(metrics(bench), HasSubstr("\nholdfast_channels 0\n"));
}

TEST(Metrics, PublishToWriteCountsOncePerMessageTransportAndCore) {
  AdminBench bench(3);
  std::vector<std::unique_ptr<test::Recorder>> listeners;
  for (unsigned core : {0u, 0u, 0u, 1u}) {
    listeners.push_back(std::make_unique<test::Recorder>(bench.parts[core]->table));
    listeners.back()->join({"a"});
  }
  bench.hub.publish({test::stream_message("a", "1"), test::stream_message("a", "2"), test::stream_message("b", "3")});
  bench.settle();
  EXPECT_EQ(listeners.front()->received.size(), 2u);
  EXPECT_THAT(metrics(bench), HasSubstr("\nholdfast_publish_to_write_seconds_count 4\n"));
}

TEST(Metrics, LimitsAndCertificates) {
  AdminBench bench(1);
  bench.parts[0]->core.counters().add(base::Counter::slow_clients_closed, 2);
  bench.parts[0]->core.counters().add(base::Counter::slow_clients_dropped, 3);
  Settings settings;
  settings.limits = {{"a.max", 5, {base::Counter::slow_clients_closed, base::Counter::slow_clients_dropped}},
                     {"b.max", 0}};
  settings.certificates = {{"*.a.test", 1700000000}};
  auto text = metrics(bench, settings);
  EXPECT_THAT(text, HasSubstr("\nholdfast_limit{limit=\"a.max\"} 5\nholdfast_limit{limit=\"b.max\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nholdfast_limit_hits_total{limit=\"a.max\"} 5\n#"));
  EXPECT_THAT(text, HasSubstr("\nholdfast_certificate_expiry_seconds{certificate=\"*.a.test\"} 1700000000\n"));
}

TEST(Metrics, FormatByAccept) {
  for (auto accept : {"", "*/*", "text/html, */*", "application/openmetrics-text; version=1.0.0, text/plain;q=0.5",
                      "application/json", "text/plain, */*"}) {
    EXPECT_EQ(choose_metrics_format(accept), MetricsFormat::openmetrics) << accept;
  }
  EXPECT_EQ(choose_metrics_format("text/plain;version=0.0.4"), MetricsFormat::prometheus);
  AdminBench bench;
  EXPECT_THAT(bench.answer("GET", "/metrics", "", {{"Accept", "text/plain"}}), Not(HasSubstr("# EOF")));
}

// ------------------------------------------------------------------------------------------------- docs/metrics.md

struct Row {
  std::string type;
  std::string help;
  std::set<std::string> labels;
};

/// As the older format shows the families: by the names that one queries.
std::map<std::string, Row> rows() {
  AdminBench bench(1);
  front::ClientCount clients(0);
  bench.context.listening = {{"client", &clients}};
  Settings settings;
  settings.limits = {{"a.max", 5, {base::Counter::rate_limited}}};
  settings.certificates = {{"default", 1}};
  std::istringstream text(metrics(bench, settings, MetricsFormat::prometheus));
  std::map<std::string, Row> rows;
  std::string name;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("# TYPE ")) {
      auto space = line.rfind(' ');
      name = line.substr(7, space - 7);
      rows[name].type = name == "holdfast_build_info" ? "info" : line.substr(space + 1);
    } else if (line.starts_with("# HELP ")) {
      rows[name].help = line.substr(8 + name.size());
    } else if (auto brace = line.find('{'); brace != std::string::npos) {
      auto label = line.substr(brace + 1, line.find('=') - brace - 1);
      if (label != "le") rows[name].labels.insert(label);
    }
  }
  return rows;
}

std::string document() {
  std::string text = R"(# Metrics

What `GET /metrics` of the admin listener has, as OpenMetrics 1.0, or in the older text format of Prometheus for who
accepts `text/plain` alone. Labels have values of bounded sets only: nothing of a client, a channel or a route is among
them. Counters and histograms begin with the process; rates are the scraper's to make.

| Name | Type | Labels | What it is |
|---|---|---|---|
)";
  for (const auto& [name, row] : rows()) {
    std::string labels;
    for (const auto& label : row.labels) labels += (labels.empty() ? "`" : ", `") + label + "`";
    text += fmt::format("| `{}` | {} | {} | {} |\n", name, row.type, labels, row.help);
  }
  return text + R"(
The buckets of every histogram are powers of two, from 16 µs to 16.8 s.

## What to watch

| Question | Expression |
|---|---|
| is it there? | `up == 0 or holdfast_ready == 0` |
| are deliveries late? | `histogram_quantile(0.99, rate(holdfast_publish_to_write_seconds_bucket[5m])) > 0.1` |
| is a loop held up? | `histogram_quantile(0.999, rate(holdfast_loop_turn_seconds_bucket[5m])) > 0.05` |
| do clients lose messages? | `rate(holdfast_messages_dropped_total{reason!="duplicate"}[5m]) > 0` |
| which limit is in the way? | `rate(holdfast_limit_hits_total[5m]) > 0` |
| are the origins well? | `rate(holdfast_origin_failures_by_stage_total[5m])` |
| do descriptors run out? | `holdfast_process_open_fds / holdfast_process_max_fds > 0.9` |
| does a certificate expire? | `holdfast_certificate_expiry_seconds - time() < 14 * 86400` |
)";
}

TEST(Metrics, CommittedDocumentIsWhatTheDaemonShows) {
  std::string path = HOLDFAST_SOURCE_DIR "/docs/metrics.md";
  if (std::getenv("UPDATE_GENERATED")) std::ofstream(path, std::ios::binary) << document();
  std::ifstream stream(path, std::ios::binary);
  std::string committed{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(committed == document()) << "docs/metrics.md is older than src/admin; run admin_test again with "
                                       << "UPDATE_GENERATED=1 and commit the file";
}

}  // namespace
}  // namespace holdfast::admin
