// SPDX-License-Identifier: Apache-2.0
// The log of a process is one: these tests share it, as a file.
#include "base/log.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/json.h"

namespace holdfast::base {
namespace {

class LogTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    char name[] = "/tmp/holdfast-log-XXXXXX";
    directory_ = ::mkdtemp(name);
    ASSERT_TRUE(start_log({.format = LogFormat::json, .file = file()}));
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory_); }
  void SetUp() override {
    set_log_level(LogLevel::info);
    seen_ = all().size();
  }

  static std::string file() { return directory_ + "/log"; }
  static std::vector<Json> all() {
    std::vector<Json> lines;
    std::ifstream in(file());
    for (std::string line; std::getline(in, line);) {
      if (auto parsed = parse_json(line)) lines.push_back(*parsed);
    }
    return lines;
  }
  std::vector<Json> fresh() const {
    auto lines = all();
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(seen_));
    return lines;
  }

  static inline std::string directory_;
  std::size_t seen_ = 0;
};

TEST_F(LogTest, EveryLevelGoesToTheFileAboveTheOneThatIsSet) {
  log_error("e {}", 1);
  log_warn("w");
  log_info("i");
  log_debug("d");
  set_log_level(LogLevel::debug);
  log_debug("d");
  log(LogLevel::debug, {{"conn", "x:1"}, {"n", 2}}, "f {}", 3);
  auto lines = fresh();
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0]["level"], "error");
  EXPECT_EQ(lines[0]["msg"], "e 1");
  EXPECT_EQ(lines[3]["level"], "debug");
  EXPECT_EQ(lines[4]["msg"], "f 3");
  EXPECT_EQ(lines[4]["conn"], "x:1");
  EXPECT_EQ(lines[4]["n"], 2);
  EXPECT_EQ(&access_output(), &access_output());
  EXPECT_EQ(log_format(), LogFormat::json);
}

TEST_F(LogTest, ALineThatRepeatsIsHeldBackAndCounted) {
  LogLimiter limiter;
  for (int i = 0; i < 5; ++i) log_limited(limiter, {{"i", i}}, "again");
  auto lines = fresh();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["i"], 0);
  set_log_level(LogLevel::error);
  LogLimiter other;
  log_limited(other, "not heard");
  EXPECT_EQ(fresh().size(), 1u);
}

TEST_F(LogTest, AFullDiskLosesLinesAndTheNextOneSaysSo) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &none);
  auto lost = log_lines_lost();
  log_info("one");
  log_info("two");
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(log_lines_lost(), lost + 2);
  EXPECT_TRUE(fresh().empty());
  log_info("three");
  auto lines = fresh();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0]["msg"].get<std::string>().starts_with("log lines lost: 2;")) << lines[0];
  EXPECT_EQ(lines[1]["msg"], "three");
  log_info("four");
  EXPECT_EQ(fresh().size(), 3u) << "said once";
}

TEST_F(LogTest, ErrorsNameTheKey) {
  auto started = start_log({.format = LogFormat::json, .file = directory_ + "/none/log"});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what, "log.file: cannot open " + directory_ + "/none/log: No such file or directory");
  started = start_log({.format = LogFormat::json, .access_file = directory_ + "/none/access"});
  ASSERT_FALSE(started);
  EXPECT_TRUE(started.error().what.starts_with("log.access_file: cannot open "));
}

TEST_F(LogTest, TheFileIsOpenedAgain) {
  log_info("old");
  std::filesystem::rename(file(), file() + ".1");
  EXPECT_TRUE(reopen_log());
  log_info("new");
  auto lines = all();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["msg"], "new");
}

}  // namespace
}  // namespace holdfast::base
