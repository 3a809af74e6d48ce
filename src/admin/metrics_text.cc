// SPDX-License-Identifier: Apache-2.0
#include "admin/metrics_text.h"

#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace holdfast::admin {
namespace {

std::string_view to_text(MetricType type) {
  switch (type) {
    case MetricType::counter: return "counter";
    case MetricType::gauge: return "gauge";
    case MetricType::histogram: return "histogram";
    case MetricType::info: return "info";
  }
  return "unknown";
}

std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void MetricsText::family(std::string_view name, MetricType type, std::string_view help) {
  name_ = name;
  type_ = type;
  auto shown = name_;
  auto shown_type = type;
  if (format_ == MetricsFormat::prometheus) {
    // There the type belongs to the name of the samples, and "info" is unknown.
    if (type == MetricType::counter) shown += "_total";
    if (type == MetricType::info) {
      shown += "_info";
      shown_type = MetricType::gauge;
    }
  }
  text_ += fmt::format("# TYPE {} {}\n", shown, to_text(shown_type));
  for (std::string_view unit : {"seconds", "bytes"}) {
    if (format_ == MetricsFormat::openmetrics && name.ends_with(unit)) {
      text_ += fmt::format("# UNIT {} {}\n", shown, unit);
    }
  }
  text_ += fmt::format("# HELP {} {}\n", shown, escape(help));
}

void MetricsText::line(std::string_view suffix, Labels labels, std::string_view value) {
  text_ += name_;
  text_ += suffix;
  const char* separator = "{";
  for (const auto& [label, text] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", separator, label, escape(text));
    separator = ",";
  }
  if (labels.size() > 0) text_ += '}';
  text_ += fmt::format(" {}\n", value);
}

void MetricsText::sample(Labels labels, std::uint64_t value) {
  line(type_ == MetricType::counter ? "_total"
       : type_ == MetricType::info  ? "_info"
                                    : "",
       labels, fmt::format("{}", value));
}

void MetricsText::sample(Labels labels, std::int64_t value) {
  line(type_ == MetricType::counter ? "_total" : "", labels, fmt::format("{}", value));
}

void MetricsText::sample(Labels labels, double value) {
  line(type_ == MetricType::counter ? "_total" : "", labels, fmt::format("{:.6f}", value));
}

void MetricsText::histogram(const std::vector<const base::Histogram*>& parts) {
  using base::Histogram;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= Histogram::kBounds; ++i) {
    for (const auto* part : parts) count += part->bucket(i);
    // Whole microseconds: six digits are exact.
    auto bound = i < Histogram::kBounds ? fmt::format("{:.6f}", static_cast<double>(Histogram::bound_us(i)) / 1e6)
                                        : std::string("+Inf");
    line("_bucket", {{"le", bound}}, fmt::format("{}", count));
  }
  line("_count", {}, fmt::format("{}", count));
  std::uint64_t sum = 0;
  for (const auto* part : parts) sum += part->sum_us();
  line("_sum", {}, fmt::format("{:.6f}", static_cast<double>(sum) / 1e6));
}

std::string MetricsText::finish() {
  if (format_ == MetricsFormat::openmetrics) text_ += "# EOF\n";
  return std::move(text_);
}

std::string_view MetricsText::content_type(MetricsFormat format) {
  return format == MetricsFormat::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                              : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace holdfast::admin
