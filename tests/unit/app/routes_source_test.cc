// SPDX-License-Identifier: Apache-2.0
#include "app/routes_source.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace holdfast::app {
namespace {

namespace fs = std::filesystem;

/// A directory of its own, with a routes file.
class RoutesFile : public ::testing::Test {
 protected:
  RoutesFile() {
    std::string name = (fs::temp_directory_path() / "holdfast-routes-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    write("* a:1\n");
  }
  ~RoutesFile() override { fs::remove_all(directory_); }

  std::string path(const char* name = "routes") const { return (directory_ / name).string(); }
  void write(const std::string& content, const char* name = "routes") const {
    std::ofstream(path(name), std::ios::binary) << content;
  }
  /// The file's time is another one, whatever the file system's clock has done.
  void touch(int seconds, const char* name = "routes") const {
    fs::last_write_time(path(name), fs::file_time_type::clock::now() + std::chrono::seconds(seconds));
  }
  /// What a watcher sees who asks until a change, if any, has settled.
  static bool changed(RoutesSource& source) {
    bool any = false;
    for (int i = 0; i < 3; ++i) any |= source.changed();
    return any;
  }
  static std::string first_target(RoutesSource& source) {
    auto loaded = source.load();
    if (!loaded) return loaded.error().what;
    return loaded->parsed.routes.empty() ? "none" : loaded->parsed.routes[0].targets[0].text;
  }

  fs::path directory_;
};

TEST_F(RoutesFile, Loads) {
  auto source = RoutesSource::from_file(path());
  EXPECT_EQ(source.text(), path());
  auto loaded = source.load();
  ASSERT_TRUE(loaded.has_value());
  ASSERT_EQ(loaded->parsed.routes.size(), 1u);
  EXPECT_EQ(loaded->parsed.routes[0].file, path());
  EXPECT_TRUE(loaded->parsed.issues.empty());
  EXPECT_FALSE(changed(source));
}

TEST_F(RoutesFile, BadLinesAreIssues) {
  write("* a:1\nb.test\nc.test c:1\n");
  auto source = RoutesSource::from_file(path());
  auto loaded = source.load();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->parsed.routes.size(), 2u);
  EXPECT_TRUE(loaded->parsed.has_errors());
  EXPECT_TRUE(loaded->parsed.issues.at(0).text().starts_with(path() + ":2: "));
}

TEST_F(RoutesFile, AMissingFileSaysSo) {
  auto source = RoutesSource::from_file(path("absent"));
  auto loaded = source.load();
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().what, "routes file " + path("absent") +
                                     ": No such file or directory; create it, or name another one in "
                                     "proxy.routes_file");
  write("* b:1\n", "absent");
  EXPECT_TRUE(changed(source)) << "it has come";
  EXPECT_EQ(first_target(source), "b:1");
}

TEST_F(RoutesFile, ADirectoryIsNoRoutesFile) {
  auto source = RoutesSource::from_file(directory_.string());
  auto loaded = source.load();
  ASSERT_FALSE(loaded.has_value());
  EXPECT_NE(loaded.error().what.find("Is a directory"), std::string::npos) << loaded.error().what;
}

TEST_F(RoutesFile, AnEmptyFileHasNoRoutes) {
  write("");
  auto source = RoutesSource::from_file(path());
  EXPECT_EQ(first_target(source), "none");
}

TEST_F(RoutesFile, OtherContentIsAChange) {
  auto source = RoutesSource::from_file(path());
  ASSERT_TRUE(source.load().has_value());
  write("* b:1\n");  // of the same size
  touch(10);
  EXPECT_TRUE(changed(source));
  EXPECT_EQ(first_target(source), "b:1");
  EXPECT_FALSE(changed(source));
}

TEST_F(RoutesFile, AChangeIsToldOnce) {
  auto source = RoutesSource::from_file(path());
  ASSERT_TRUE(source.load().has_value());
  write("* b:1\n");
  touch(10);
  EXPECT_TRUE(changed(source));
  EXPECT_FALSE(changed(source)) << "also where nobody loads it";
}

TEST_F(RoutesFile, AFileThatIsStillBeingWrittenIsWaitedFor) {
  auto source = RoutesSource::from_file(path());
  ASSERT_TRUE(source.load().has_value());
  for (int i = 1; i <= 5; ++i) {
    write("* b:" + std::to_string(i) + "\n");
    touch(10 * i);
    EXPECT_FALSE(source.changed()) << "it looks different each time";
  }
  EXPECT_TRUE(source.changed());
  EXPECT_EQ(first_target(source), "b:5");
}

TEST_F(RoutesFile, TheSameContentIsNoChange) {
  auto source = RoutesSource::from_file(path());
  ASSERT_TRUE(source.load().has_value());
  touch(10);
  EXPECT_FALSE(changed(source));
  write("* a:1\n");
  touch(20);
  EXPECT_FALSE(changed(source));
}

TEST_F(RoutesFile, AnotherFileInItsPlace) {
  auto source = RoutesSource::from_file(path());
  ASSERT_TRUE(source.load().has_value());
  write("* b:1\n", "new");
  fs::rename(path("new"), path());
  EXPECT_TRUE(changed(source));
  EXPECT_EQ(first_target(source), "b:1");
}

TEST_F(RoutesFile, ASwappedLink) {
  write("* one:1\n", "one");
  write("* two:1\n", "two");
  fs::create_symlink("one", path("link"));
  auto source = RoutesSource::from_file(path("link"));
  EXPECT_EQ(first_target(source), "one:1");
  fs::create_symlink("two", path("next"));
  fs::rename(path("next"), path("link"));
  EXPECT_TRUE(changed(source));
  EXPECT_EQ(first_target(source), "two:1");
}

TEST_F(RoutesFile, AFileThatGoesIsAChangeThatCannotBeLoaded) {
  auto source = RoutesSource::from_file(path());
  ASSERT_TRUE(source.load().has_value());
  fs::remove(path());
  EXPECT_TRUE(changed(source));
  EXPECT_FALSE(source.load().has_value());
  EXPECT_FALSE(changed(source));
  write("* a:1\n");
  EXPECT_FALSE(changed(source)) << "it is back as it was, and was never let go of";
  write("* b:1\n");
  touch(10);
  EXPECT_TRUE(changed(source));
}

TEST_F(RoutesFile, KeysAreReadOnceAndByTheFilesDirectory) {
  write("abcdef0123456789abcdef0123456789", "key");
  write("a.test,sig_key=file:key a:1\nb.test,sig_key=file:key b:1\nc.test,sig_key=secret c:1\n");
  auto source = RoutesSource::from_file(path());
  auto loaded = source.load();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->parsed.routes.size(), 3u);
  EXPECT_EQ(loaded->keys.size(), 2u);
  EXPECT_TRUE(loaded->keys.contains("file:key"));
}

TEST_F(RoutesFile, ARouteWhoseKeyCannotBeReadIsSkipped) {
  write("a.test,sig_key=file:absent a:1\nb.test b:1\n");
  auto source = RoutesSource::from_file(path());
  auto loaded = source.load();
  ASSERT_TRUE(loaded.has_value());
  ASSERT_EQ(loaded->parsed.routes.size(), 1u);
  EXPECT_EQ(loaded->parsed.routes[0].host, "b.test");
  ASSERT_EQ(loaded->parsed.issues.size(), 1u);
  EXPECT_TRUE(loaded->parsed.has_errors());
  EXPECT_TRUE(loaded->parsed.issues[0].text().starts_with(path() + ":1: sig_key: ")) << loaded->parsed.issues[0].text();
}

TEST_F(RoutesFile, AKeysSecretIsNotQuoted) {
  write("a.test,sig_key=base64:$$$ a:1\n");
  auto source = RoutesSource::from_file(path());
  auto loaded = source.load();
  ASSERT_TRUE(loaded.has_value());
  for (const auto& issue : loaded->parsed.issues) EXPECT_EQ(issue.text().find("$$$"), std::string::npos);
}

TEST(RoutesText, LinesFromElsewhere) {
  auto source = RoutesSource::from_text("* a:1\n\n* b\n", "--route");
  EXPECT_EQ(source.text(), "--route");
  auto loaded = source.load();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->parsed.routes.size(), 1u);
  EXPECT_TRUE(loaded->parsed.issues.at(0).text().starts_with("--route:3: "));
  EXPECT_FALSE(source.changed());
  EXPECT_TRUE(source.load().has_value()) << "a second time";
}

}  // namespace
}  // namespace holdfast::app
