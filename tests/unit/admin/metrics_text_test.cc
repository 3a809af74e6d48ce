// SPDX-License-Identifier: Apache-2.0
#include "admin/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::admin {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(MetricsText, CountersAndGauges) {
  MetricsText out(MetricsFormat::openmetrics);
  out.family("a_bytes", MetricType::counter, "Bytes.");
  out.sample({{"kind", "x"}, {"other", "y"}}, std::uint64_t{7});
  out.family("b", MetricType::gauge, "B.");
  out.sample({}, std::int64_t{-1});
  out.family("c", MetricType::info, "C.");
  out.sample({{"version", "1"}}, std::uint64_t{1});
  EXPECT_EQ(
      out.finish(),
      "# TYPE a_bytes counter\n# UNIT a_bytes bytes\n# HELP a_bytes Bytes.\na_bytes_total{kind=\"x\",other=\"y\"} "
      "7\n# TYPE b gauge\n# HELP b B.\nb -1\n# TYPE c info\n# HELP c C.\nc_info{version=\"1\"} 1\n# EOF\n");
}

TEST(MetricsText, TheOlderFormatNamesTypesBySample) {
  MetricsText out(MetricsFormat::prometheus);
  out.family("a_bytes", MetricType::counter, "Bytes.");
  out.sample({}, std::uint64_t{7});
  out.family("c", MetricType::info, "C.");
  out.sample({{"version", "1"}}, std::uint64_t{1});
  EXPECT_EQ(out.finish(),
            "# TYPE a_bytes_total counter\n# HELP a_bytes_total Bytes.\na_bytes_total 7\n"
            "# TYPE c_info gauge\n# HELP c_info C.\nc_info{version=\"1\"} 1\n");
}

TEST(MetricsText, LabelsAndHelpAreEscaped) {
  MetricsText out(MetricsFormat::openmetrics);
  out.family("a", MetricType::gauge, "A \"line\"\nand \\ another");
  out.sample({{"l", "q\"b\\n\n"}}, 0.5);
  EXPECT_THAT(out.finish(),
              HasSubstr("# HELP a A \\\"line\\\"\\nand \\\\ another\na{l=\"q\\\"b\\\\n\\n\"} 0.500000\n"));
}

TEST(MetricsText, HistogramsAreCumulativeSums) {
  base::Histogram one;
  base::Histogram two;
  one.observe(10);
  one.observe(1000000);
  two.observe(20);
  two.observe(100000000);
  MetricsText out(MetricsFormat::openmetrics);
  out.family("t_seconds", MetricType::histogram, "T.");
  out.histogram({&one, &two});
  auto text = out.finish();
  EXPECT_THAT(text, HasSubstr("\nt_seconds_bucket{le=\"0.000016\"} 1\nt_seconds_bucket{le=\"0.000032\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\nt_seconds_bucket{le=\"0.524288\"} 2\nt_seconds_bucket{le=\"1.048576\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("\nt_seconds_bucket{le=\"16.777216\"} 3\nt_seconds_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("\nt_seconds_count 4\nt_seconds_sum 101.000030\n"));
}

}  // namespace
}  // namespace holdfast::admin
