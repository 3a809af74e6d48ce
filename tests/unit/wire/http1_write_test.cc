// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_write.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

TEST(AppendStatusLine, BothVersions) {
  std::string out;
  append_status_line(out, 1, 200, "OK");
  append_status_line(out, 0, 599, "");
  append_status_line(out, 1, 100, "Continue");
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nHTTP/1.0 599 \r\nHTTP/1.1 100 Continue\r\n");
}

TEST(AppendRequestLine, IsAlwaysOneDotOne) {
  std::string out = "x";
  append_request_line(out, "GET", "/a?b");
  EXPECT_EQ(out, "xGET /a?b HTTP/1.1\r\n");
}

TEST(AppendField, TextAndNumbers) {
  std::string out;
  append_field(out, "A", "b");
  append_field(out, "Empty", "");
  append_field(out, "Zero", std::uint64_t{0});
  append_field(out, "Most", UINT64_MAX);
  append_end_of_head(out);
  EXPECT_EQ(out, "A: b\r\nEmpty: \r\nZero: 0\r\nMost: 18446744073709551615\r\n\r\n");
}

}  // namespace
}  // namespace holdfast::wire
