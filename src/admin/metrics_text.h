// SPDX-License-Identifier: Apache-2.0
// Metrics as text: OpenMetrics 1.0, or the older format of Prometheus for who asks for it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace holdfast::admin {

enum class MetricsFormat : std::uint8_t { openmetrics, prometheus };
enum class MetricType : std::uint8_t { counter, gauge, histogram, info };

/// Families one after the other, each with its samples behind it. Names and help are ours; label values are escaped.
class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit MetricsText(MetricsFormat format) : format_(format) {}

  /// `name` has no suffix of a type; one that ends with _seconds or _bytes has this unit.
  void family(std::string_view name, MetricType type, std::string_view help);
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, std::int64_t value);
  void sample(Labels labels, double value);
  /// The sum of several, in seconds.
  void histogram(const std::vector<const base::Histogram*>& parts);

  std::string finish();
  static std::string_view content_type(MetricsFormat format);

 private:
  void line(std::string_view suffix, Labels labels, std::string_view value);

  const MetricsFormat format_;
  std::string text_;
  std::string name_;
  MetricType type_ = MetricType::gauge;
};

}  // namespace holdfast::admin
