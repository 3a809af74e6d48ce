// SPDX-License-Identifier: Apache-2.0
#include "admin/metrics.h"

#include <algorithm>

#include "admin/counter_families.h"
#include "base/clock.h"
#include "base/log.h"

namespace holdfast::admin {
namespace {

using base::Counter;
using base::Gauge;
using base::Timing;

/// Sums over the cores.
class Sums {
 public:
  explicit Sums(const Context& context) : context_(context) {}

  std::uint64_t of(Counter counter) const {
    std::uint64_t sum = 0;
    for (const auto* counters : context_.more_counters) sum += counters->get(counter);
    for (const auto& part : context_.cores) sum += part.core->counters().get(counter);
    return sum;
  }
  std::int64_t of(Gauge gauge) const {
    std::int64_t sum = 0;
    for (const auto& part : context_.cores) sum += part.core->counters().get(gauge);
    return sum;
  }
  std::vector<const base::Histogram*> of(Timing timing) const {
    std::vector<const base::Histogram*> parts;
    for (const auto& part : context_.cores) parts.push_back(&part.core->counters().get(timing));
    return parts;
  }

 private:
  const Context& context_;
};

void write_counters(MetricsText& out, const Sums& sums) {
  for (const auto& family : counter_families()) {
    out.family(family.name, MetricType::counter, family.help);
    for (const auto& member : family.members) {
      if (family.label.empty()) {
        out.sample({}, sums.of(member.counter));
      } else {
        out.sample({{family.label, member.label_value}}, sums.of(member.counter));
      }
    }
  }
}

void write_gauges(MetricsText& out, const Context& context, const Sums& sums) {
  out.family("holdfast_connections", MetricType::gauge, "Connections that are there, by kind of listener.");
  for (const auto& listening : context.listening) {
    out.sample({{"listener", listening.kind}}, listening.clients->now.load(std::memory_order_relaxed));
  }
  out.family("holdfast_holds", MetricType::gauge, "Clients that are held, by transport.");
  out.sample({{"transport", "stream"}}, sums.of(Gauge::holds_stream));
  out.sample({{"transport", "response"}}, sums.of(Gauge::holds_response));
  out.family("holdfast_subscriptions", MetricType::gauge,
             "Subscriptions of held clients, by transport: each counts once for each of its channels.");
  out.sample({{"transport", "stream"}}, sums.of(Gauge::subscriptions_stream));
  out.sample({{"transport", "response"}}, sums.of(Gauge::subscriptions_response));
  out.family("holdfast_channels", MetricType::gauge,
             "Channels that somebody is subscribed to, or has just left: each counts once for each core that has it.");
  out.sample({}, sums.of(Gauge::channels));
  out.family("holdfast_send_queue_bytes", MetricType::gauge,
             "Bytes that wait in this process for clients that are slower than we are.");
  out.sample({}, sums.of(Gauge::send_queue_bytes));
  out.family("holdfast_backlog_bytes", MetricType::gauge,
             "Published messages that wait to be ordered, taken by a core, or given to all members of a channel.");
  out.sample({}, context.hub.backlog_bytes());
}

void write_timings(MetricsText& out, const Sums& sums) {
  out.family("holdfast_loop_turn_seconds", MetricType::histogram,
             "How long turns of the event loops took: nobody on a core waits much longer than its longest turn.");
  out.histogram(sums.of(Timing::turn));
  out.family("holdfast_publish_to_write_seconds", MetricType::histogram,
             "From the place of a message in the order of everything published to its last write to a client, once for "
             "each message, channel transport and core with members. Deliveries that wait for grip.message_rate are "
             "left out.");
  out.histogram(sums.of(Timing::publish_to_write));
  out.family("holdfast_origin_response_seconds", MetricType::histogram,
             "From the first byte of a request to an origin to the complete head of its response.");
  out.histogram(sums.of(Timing::origin_response));
}

void write_limits(MetricsText& out, const Settings& settings, const Sums& sums) {
  out.family("holdfast_limit", MetricType::gauge, "Limits of the configuration, by key; 0: none.");
  for (const auto& limit : settings.limits) out.sample({{"limit", limit.key}}, limit.value);
  out.family("holdfast_limit_hits", MetricType::counter, "How often a limit has made a difference, by key.");
  for (const auto& limit : settings.limits) {
    std::uint64_t hits = 0;
    for (auto counter : limit.hits) hits += sums.of(counter);
    if (!limit.hits.empty()) out.sample({{"limit", limit.key}}, hits);
  }
}

void write_health(MetricsText& out, const Context& context, const Settings& settings, base::Millis now) {
  out.family("holdfast_ready", MetricType::gauge, "1 when clients may be sent here, as /readyz.");
  out.sample({}, std::uint64_t{context.readiness.is_ready()});
  out.family("holdfast_not_ready", MetricType::gauge, "1 for each reason why clients should not be sent here.");
  auto reasons = context.readiness.reasons();
  for (auto name : base::kNotReadyNames) {
    bool set = std::find(reasons.begin(), reasons.end(), name) != reasons.end();
    out.sample({{"reason", name}}, std::uint64_t{set});
  }
  out.family("holdfast_cores", MetricType::gauge, "Event loops.");
  out.sample({}, std::uint64_t{context.cores.size()});
  base::Millis oldest = 0;
  for (const auto& part : context.cores) oldest = std::max(oldest, now - part.core->last_turn());
  out.family("holdfast_loop_oldest_turn_seconds", MetricType::gauge,
             "How long ago the loop that is longest in its turn began it; above 5 /livez fails.");
  out.sample({}, static_cast<double>(oldest) / 1000);
  out.family("holdfast_certificate_expiry_seconds", MetricType::gauge,
             "When a certificate of a listener expires, in seconds since 1970.");
  for (const auto& certificate : settings.certificates) {
    out.sample({{"certificate", certificate.name}}, certificate.expires);
  }
}

void write_process(MetricsText& out, const ProcessStats& process) {
  out.family("holdfast_build", MetricType::info, "The version that runs.");
  out.sample({{"version", HOLDFAST_VERSION}}, std::uint64_t{1});
  out.family("holdfast_process_start_time_seconds", MetricType::gauge,
             "When this process started, in seconds since 1970.");
  out.sample({}, process.start_time);
  out.family("holdfast_process_cpu_seconds", MetricType::counter, "CPU time that this process has used.");
  out.sample({}, process.cpu_seconds);
  out.family("holdfast_process_resident_memory_bytes", MetricType::gauge, "Resident memory of this process.");
  out.sample({}, process.resident_bytes);
  out.family("holdfast_log_lines_lost", MetricType::counter,
             "Lines that an output of the log has not taken, since it was full or gone.");
  out.sample({}, base::log_lines_lost());
  out.family("holdfast_process_open_fds", MetricType::gauge, "Open file descriptors.");
  out.sample({}, process.open_fds);
  out.family("holdfast_process_max_fds", MetricType::gauge, "File descriptors that this process may have.");
  out.sample({}, process.max_fds);
}

}  // namespace

std::string write_metrics(const Context& context, const Settings& settings, const ProcessStats& process,
                          base::Millis now, MetricsFormat format) {
  MetricsText out(format);
  Sums sums(context);
  write_health(out, context, settings, now);
  write_gauges(out, context, sums);
  write_counters(out, sums);
  write_timings(out, sums);
  write_limits(out, settings, sums);
  write_process(out, process);
  return out.finish();
}

MetricsFormat choose_metrics_format(std::string_view accept) {
  bool text_only = accept.find("text/plain") != std::string_view::npos &&
                   accept.find("openmetrics") == std::string_view::npos && accept.find("*/*") == std::string_view::npos;
  return text_only ? MetricsFormat::prometheus : MetricsFormat::openmetrics;
}

void show_metrics(const Request& request, const ReplyRef& reply) {
  auto format = choose_metrics_format(request.accept);
  // On the main thread, which has the time to count descriptors.
  request.context.run_on_main([&context = request.context, settings = request.settings, reply, format] {
    Answer answer{200, write_metrics(context, *settings, read_process_stats(), base::steady_ms(), format),
                  std::string(MetricsText::content_type(format))};
    reply->core().post([reply, answer = std::move(answer)] { reply->send(answer); });
  });
}

}  // namespace holdfast::admin
