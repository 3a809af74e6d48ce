// SPDX-License-Identifier: Apache-2.0
// docs/logs.md explains everything that lines and error answers can say.
#include "app/log_setup.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "base/cause.h"
#include "front/access.h"
#include "wire/proxy_status.h"

namespace holdfast::app {
namespace {

bool document_has(const std::string& word) {
  static const std::string document = [] {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/docs/logs.md");
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }();
  return document.find("`" + word + "`") != std::string::npos;
}

TEST(LogsDocument, NamesEveryCause) {
  // A write that fails has no cause of its own: the origin's answer is looked for, and what becomes of that is told.
  for (int i = 1; i <= static_cast<int>(base::Cause::limit); ++i) {
    auto cause = static_cast<base::Cause>(i);
    if (cause != base::Cause::write) EXPECT_TRUE(document_has(to_text(cause))) << to_text(cause);
  }
}

TEST(LogsDocument, NamesEveryEnd) {
  for (int i = 0; i <= static_cast<int>(CloseReason::dismissed); ++i) {
    std::string end = front::to_text(static_cast<CloseReason>(i));
    EXPECT_TRUE(document_has(end)) << end;
  }
}

TEST(LogsDocument, NamesEveryProxyError) {
  for (int i = 0; i <= static_cast<int>(wire::ProxyError::proxy_configuration_error); ++i) {
    std::string error = to_text(static_cast<wire::ProxyError>(i));
    EXPECT_TRUE(document_has(error)) << error;
  }
}

TEST(LogSetup, AFileThatCannotBeOpenedIsNamedWithItsKey) {
  Config config;
  config.directory = "/proc/none";
  config.log.file = "there/holdfast.log";
  auto started = start_log(config);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what, "log.file: cannot open /proc/none/there/holdfast.log: No such file or directory");
}

}  // namespace
}  // namespace holdfast::app
