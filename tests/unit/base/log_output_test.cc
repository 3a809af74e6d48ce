// SPDX-License-Identifier: Apache-2.0
#include "base/log_output.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast::base {
namespace {

class LogOutputTest : public ::testing::Test {
 protected:
  LogOutputTest() {
    char name[] = "/tmp/holdfast-log-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~LogOutputTest() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  static std::string content(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  static std::size_t write(LogOutput& output, const std::string& lines) { return output.write(lines); }

  std::string directory_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST_F(LogOutputTest, AFileIsMadeAndAppendedTo) {
  auto mask = ::umask(022);
  {
    LogOutput output;
    ASSERT_TRUE(output.open(path("log")));
    EXPECT_EQ(write(output, "one\ntwo\n"), 8u);
  }
  ::umask(mask);
  struct stat info {};
  ASSERT_EQ(::stat(path("log").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  LogOutput again;
  ASSERT_TRUE(again.open(path("log")));
  write(again, "three\n");
  EXPECT_EQ(content(path("log")), "one\ntwo\nthree\n");
}

TEST_F(LogOutputTest, AFileThatCannotBeOpenedIsNamed) {
  LogOutput output;
  auto opened = output.open(path("missing/log"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().what, "cannot open " + path("missing/log") + ": No such file or directory");
}

TEST_F(LogOutputTest, ReopenedAfterTheFileWasMovedAway) {
  LogOutput output;
  ASSERT_TRUE(output.open(path("log")));
  write(output, "old\n");
  std::filesystem::rename(path("log"), path("log.1"));
  write(output, "late\n");
  ASSERT_TRUE(output.reopen());
  write(output, "new\n");
  EXPECT_EQ(content(path("log.1")), "old\nlate\n");
  EXPECT_EQ(content(path("log")), "new\n");
}

TEST_F(LogOutputTest, WhenItCannotBeReopenedTheOldOneStays) {
  LogOutput output;
  std::filesystem::create_directory(path("d"));
  ASSERT_TRUE(output.open(path("d/log")));
  std::filesystem::rename(path("d"), path("e"));
  EXPECT_FALSE(output.reopen());
  write(output, "still\n");
  EXPECT_EQ(content(path("e/log")), "still\n");
}

TEST_F(LogOutputTest, ReopeningStandardOutputIsNothing) {
  LogOutput output;
  output.use(STDOUT_FILENO);
  EXPECT_TRUE(output.reopen());
}

TEST_F(LogOutputTest, NoLineIsLostOrSplitWhileFilesAreMovedAway) {
  LogOutput output;
  ASSERT_TRUE(output.open(path("log")));
  constexpr int kThreads = 3;
  constexpr int kLines = 3000;
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kLines; i += 2) {
        auto number = std::to_string(t) + ":" + std::to_string(i) + std::string(100, 'x') + "\n";
        EXPECT_EQ(write(output, number + number), 2 * number.size());
      }
      --running;
    });
  }
  int files = 0;
  while (running > 0) {
    std::filesystem::rename(path("log"), path("log." + std::to_string(++files)));
    ASSERT_TRUE(output.reopen());
  }
  for (auto& thread : threads) thread.join();
  std::size_t lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    for (const auto& line : lines_of(content(entry.path()))) {
      EXPECT_EQ(line.substr(line.find('x')), std::string(100, 'x'));
      ++lines;
    }
  }
  EXPECT_EQ(lines, static_cast<std::size_t>(kThreads * kLines));
  EXPECT_GT(files, 0);
}

/// As a full disk: a write that does not fit is short, the next one fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { lift(); }
  void lift() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

TEST_F(LogOutputTest, AFullDiskSplitsNoLine) {
  LogOutput output;
  ASSERT_TRUE(output.open(path("log")));
  FileSizeLimit limit(16);
  EXPECT_EQ(write(output, "123456789\nabcdefghi\n"), 10u) << "the line that does not fit is not out";
  EXPECT_EQ(write(output, "abcdefghi\n"), 0u);
  limit.lift();
  EXPECT_EQ(write(output, "abcdefghi\n"), 10u);
  EXPECT_EQ(content(path("log")), "123456789\nabcdef\nabcdefghi\n") << "the torn piece has a line of its own";
}

TEST_F(LogOutputTest, APipeThatIsFullIsNotWaitedFor) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  LogOutput output;
  output.use(fds[1]);
  EXPECT_EQ(::fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0) << "the pipe of the other process waits as before";
  const std::string line = std::string(99, 'x') + "\n";
  std::string many;
  for (int i = 0; i < 100; ++i) many += line;
  std::size_t taken = 0;
  for (std::size_t n = 1; n > 0;) taken += n = write(output, many);
  EXPECT_GT(taken, 50000u);
  EXPECT_EQ(taken % 100, 0u) << "whole lines only";
  EXPECT_EQ(write(output, line), 0u);
  char part[65536];
  ASSERT_GT(::read(fds[0], part, sizeof part), 0);
  EXPECT_EQ(write(output, line), line.size());
  ::close(fds[0]);
  EXPECT_EQ(write(output, line), 0u) << "nobody reads any more";
  ::close(fds[1]);
}

TEST_F(LogOutputTest, ASocketThatIsFullIsNotWaitedFor) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  LogOutput output;
  output.use(fds[1]);
  const std::string line = std::string(999, 'x') + "\n";
  std::size_t taken = 0;
  for (std::size_t n = 1; n > 0;) taken += n = write(output, line);
  EXPECT_GT(taken, 1000u);
  ::close(fds[0]);
  EXPECT_EQ(write(output, line), 0u);
  ::close(fds[1]);
}

class IgnoredBrokenPipes : public ::testing::Environment {
  void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
};
const auto* const kIgnored = ::testing::AddGlobalTestEnvironment(new IgnoredBrokenPipes);

}  // namespace
}  // namespace holdfast::base
