// SPDX-License-Identifier: Apache-2.0
#include "app/file_watch.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace holdfast::app {
namespace {

namespace fs = std::filesystem;

class FileWatching : public ::testing::Test {
 protected:
  FileWatching() {
    std::string name = (fs::temp_directory_path() / "holdfast-watch-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~FileWatching() override { fs::remove_all(directory_); }
  void write(const char* name, const std::string& content) const { std::ofstream(directory_ / name) << content; }
  /// What somebody sees who asks until a change, if any, has settled.
  int changes() {
    int count = 0;
    for (int i = 0; i < 4; ++i) count += watch_.changed() ? 1 : 0;
    return count;
  }

  fs::path directory_;
  FileWatch watch_{[this] {
    std::vector<std::string> paths{(directory_ / "always").string()};
    for (const auto& entry : fs::directory_iterator(directory_)) paths.push_back(entry.path().string());
    return paths;
  }};
};

TEST_F(FileWatching, WhatStaysIsNoChange) {
  write("a", "1");
  watch_.remember();
  EXPECT_EQ(changes(), 0);
  EXPECT_FALSE(FileWatch().changed()) << "nothing is watched";
}

TEST_F(FileWatching, EachChangeIsToldOnce) {
  write("a", "1");
  watch_.remember();
  write("a", "22");
  EXPECT_EQ(changes(), 1);
  write("b", "1");
  EXPECT_EQ(changes(), 1) << "a file has come";
  fs::remove(directory_ / "a");
  EXPECT_EQ(changes(), 1) << "a file has gone";
  EXPECT_EQ(changes(), 0);
}

TEST_F(FileWatching, AFileThatIsStillBeingWrittenIsWaitedFor) {
  write("a", "1");
  watch_.remember();
  std::string content = "1";
  for (int i = 0; i < 5; ++i) {
    write("a", content += "x");
    EXPECT_FALSE(watch_.changed());
  }
  EXPECT_TRUE(watch_.changed());
}

TEST_F(FileWatching, ASwappedLinkIsAChange) {
  write("one", "same");
  write("two", "same");
  fs::create_symlink("one", directory_ / "always");
  watch_.remember();
  fs::create_symlink("two", directory_ / "next");
  fs::rename(directory_ / "next", directory_ / "always");
  EXPECT_EQ(changes(), 1);
}

}  // namespace
}  // namespace holdfast::app
