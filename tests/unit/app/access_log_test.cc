// SPDX-License-Identifier: Apache-2.0
#include "app/access_log.h"

#include <regex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/json.h"
#include "net/address.h"
#include "support/core_turns.h"

namespace holdfast::app {
namespace {

/// Whoever reads the log.
class OutputPipe {
 public:
  OutputPipe() {
    int fds[2];
    EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    read_ = fds[0];
    ::fcntl(read_, F_SETFL, O_NONBLOCK);
    ::fcntl(read_, F_SETPIPE_SZ, 65536);
    end_.use(fds[1]);
    write_ = fds[1];
  }
  ~OutputPipe() {
    ::close(write_);
    ::close(read_);
  }
  base::LogOutput& end() { return end_; }
  std::string take() const {
    std::string all;
    char part[4096];
    for (ssize_t n = 0; (n = ::read(read_, part, sizeof part)) > 0;) all.append(part, static_cast<std::size_t>(n));
    return all;
  }

 private:
  base::LogOutput end_;
  int write_;
  int read_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    auto end = text.find('\n', at);
    EXPECT_NE(end, std::string::npos) << "a line is cut";
    if (end == std::string::npos) break;
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() { test::stop_clock(core_); }

  void record(std::string_view target = "/x?y") {
    front::AccessRecord record;
    record.connection = 0x2a;
    record.peer = &peer_;
    record.note = {.method = "GET", .target = target, .host = "a.test:80", .route = "api", .hold = "stream"};
    record.status = 200;
    record.body_bytes = 1234;
    record.duration_ms = 56;
    record.reason = CloseReason::client_gone;
    log_.record(record);
  }
  std::uint64_t lost() { return core_.counters().get(base::Counter::access_lines_lost); }

  net::Core core_{0};
  PeerAddress peer_ = net::peer_address(*net::parse_literal("192.0.2.1", 1));
  OutputPipe output_;
  AccessLog log_{core_, output_.end(), base::LogFormat::text};
};

TEST_F(AccessLogTest, ALineForEachExchange) {
  record();
  log_.flush();
  auto text = output_.take();
  EXPECT_TRUE(std::regex_match(
      text, std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z access peer=192\\.0\\.2\\.1 "
                       "conn=[0-9a-f]{8}:2a GET a\\.test:80/x\\?y route=api code=200 bytes=1234 hold=stream ms=56 "
                       "end=client-gone\n")))
      << text;
}

TEST_F(AccessLogTest, ALineAsJson) {
  AccessLog log(core_, output_.end(), base::LogFormat::json);
  front::AccessRecord record;
  record.connection = 0x2a;
  record.peer = &peer_;
  record.note = {
      .method = "GET", .target = "/\xff\"\n", .host = "a.test:80", .route = "api", .hold = "stream", .cause = "body"};
  record.status = 200;
  record.body_bytes = 1234;
  record.duration_ms = 56;
  record.reason = CloseReason::origin_failed;
  log.record(record);
  front::AccessRecord bare;
  bare.peer = &peer_;
  log.record(bare);
  log.flush();
  auto lines = lines_of(output_.take());
  ASSERT_EQ(lines.size(), 2u);
  auto full = base::parse_json(lines[0]);
  ASSERT_TRUE(full) << lines[0];
  EXPECT_TRUE(std::regex_match(full->at("ts").get<std::string>(), std::regex("\\d{4}-.*T.*\\.\\d{3}Z")));
  full->erase("ts");
  EXPECT_EQ(*full, (base::Json{{"level", "info"},
                               {"msg", "access"},
                               {"peer", "192.0.2.1"},
                               {"conn", front::connection_text(0x2a)},
                               {"method", "GET"},
                               {"host", "a.test:80"},
                               {"target", "/\xef\xbf\xbd\"\n"},
                               {"route", "api"},
                               {"code", 200},
                               {"bytes", 1234},
                               {"hold", "stream"},
                               {"ms", 56},
                               {"end", "origin-failed"},
                               {"cause", "body"}}));
  auto least = base::parse_json(lines[1]);
  ASSERT_TRUE(least) << lines[1];
  EXPECT_FALSE(least->contains("target") || least->contains("cause")) << "what is missing is no member";
  EXPECT_EQ(least->at("code"), 0);
}

TEST_F(AccessLogTest, WhatIsMissingIsADash) {
  front::AccessRecord record;
  record.peer = &peer_;
  log_.record(record);
  log_.flush();
  auto text = output_.take();
  EXPECT_NE(text.find(" - - route=- code=0 bytes=0 hold=- ms=0 end=finished\n"), std::string::npos) << text;
}

TEST_F(AccessLogTest, NothingFromOutsideCanForgeALine) {
  record("/a\r\nforged\x1b[0m\"");
  log_.flush();
  auto lines = lines_of(output_.take());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("/a\\x0d\\x0aforged\\x1b[0m\\x22 route=api"), std::string::npos) << lines[0];
}

TEST_F(AccessLogTest, LongTargetsAreCut) {
  record("/" + std::string(10000, 'x'));
  log_.flush();
  EXPECT_LT(output_.take().size(), 2300u);
}

TEST_F(AccessLogTest, LinesAreGatheredForAWhile) {
  record();
  record();
  test::pass_time(core_, 100);
  EXPECT_EQ(output_.take(), "");
  test::pass_time(core_, 200);
  EXPECT_EQ(lines_of(output_.take()).size(), 2u);
  record();
  test::pass_time(core_, 300);
  EXPECT_EQ(lines_of(output_.take()).size(), 1u);
}

TEST_F(AccessLogTest, AFullBatchIsWrittenAtOnce) {
  std::size_t recorded = 0;
  std::string text;
  while (text.empty() && recorded < 10000) {
    record();
    ++recorded;
    text = output_.take();
  }
  EXPECT_GT(text.size(), 32000u);
  EXPECT_EQ(lines_of(text).size(), recorded);
}

TEST_F(AccessLogTest, AReaderWhoDoesNotReadIsWaitedForAndThenLosesLines) {
  std::size_t recorded = 0;
  while (lost() == 0 && recorded < 100000) {
    record();
    ++recorded;
  }
  ASSERT_GT(lost(), 0u);
  EXPECT_GT(recorded, 5000u);
  for (int i = 0; i < 10; ++i) record();
  EXPECT_EQ(lost(), 11u);
  recorded += 10;
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    auto part = output_.take();
    if (part.empty()) break;
    text += part;
    test::pass_time(core_, 300);
  }
  EXPECT_EQ(lines_of(text).size(), recorded - 11) << "all that were not lost, each whole";
  record();
  log_.flush();
  EXPECT_EQ(lines_of(output_.take()).size(), 1u);
}

TEST_F(AccessLogTest, ItsEndWritesWhatIsLeft) {
  {
    AccessLog log(core_, output_.end(), base::LogFormat::text);
    front::AccessRecord record;
    record.peer = &peer_;
    log.record(record);
    EXPECT_EQ(output_.take(), "");
  }
  EXPECT_EQ(lines_of(output_.take()).size(), 1u);
}

}  // namespace
}  // namespace holdfast::app
