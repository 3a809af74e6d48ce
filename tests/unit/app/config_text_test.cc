// SPDX-License-Identifier: Apache-2.0
// The documents that are made from the configuration's table.
#include "app/config_text.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/cli.h"
#include "app/config_load.h"
#include "app/config_schema.h"
#include "app/config_toml.h"
#include "base/text.h"

namespace holdfast::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kSource = HOLDFAST_SOURCE_DIR;

std::string read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// With UPDATE_GENERATED=1 in the environment, the file is written first.
void expect_up_to_date(const std::string& name, const std::string& text) {
  auto path = kSource + "/" + name;
  if (std::getenv("UPDATE_GENERATED")) std::ofstream(path, std::ios::binary) << text;
  EXPECT_TRUE(read(path) == text) << name << " is older than its source in src/app; run this test again with "
                                  << "UPDATE_GENERATED=1 and commit the file";
}

TEST(ConfigText, CommittedFileIsWhatTheTableMakes) {
  expect_up_to_date("config/holdfast.toml", default_config_text());
}

TEST(ConfigText, CommittedReferenceIsWhatTheTableMakes) {
  expect_up_to_date("docs/configuration.md", config_reference());
}

TEST(ConfigText, CommittedManPageIsWhatTheTableMakes) {
  expect_up_to_date("packaging/holdfast.toml.5", config_man_page());
}

TEST(ConfigText, CommittedCommandLineDocumentsAreWhatItsDefinitionMakes) {
  expect_up_to_date("packaging/holdfast.1", command_line_document(CommandDocument::man_page));
  expect_up_to_date("packaging/holdfast.bash", command_line_document(CommandDocument::bash_completion));
  expect_up_to_date("packaging/_holdfast", command_line_document(CommandDocument::zsh_completion));
}

TEST(ConfigText, CommittedFileLoads) {
  auto loaded = load_config({kSource + "/config/holdfast.toml", {}, {}});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.grip.sig_key, kExampleSigKey);
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("[grip] sig_key: still the example")));
}

TEST(ConfigText, FileSetsTheDefaultsOfEveryKeyThatWorks) {
  auto parsed = parse_config_toml(default_config_text(), "holdfast.toml");
  EXPECT_THAT(parsed.errors, IsEmpty());
  std::size_t working = 0;
  for (const auto& spec : config_keys()) working += spec.not_yet ? 0 : 1;
  EXPECT_EQ(parsed.settings.size(), working);
  for (const auto& [spec, value, place] : parsed.settings) {
    if (spec->secrecy == Secrecy::secret) continue;  // sig_key, an example
    EXPECT_EQ(value, spec->default_value()) << place;
  }
}

TEST(ConfigText, FileShowsMissingFeaturesCommentedOut) {
  auto text = default_config_text();
  EXPECT_THAT(text, HasSubstr("\n# (not yet supported) HTTP/2"));
  EXPECT_THAT(text, HasSubstr("\n# http2 = false\n"));
  EXPECT_THAT(text, HasSubstr("\n# [[cache]]\n# name = \"edge\""));
}

TEST(ConfigText, FileFitsTheLine) {
  auto text = default_config_text();
  for (auto line : base::split(text, '\n')) EXPECT_LE(line.size(), 120U) << line;
}

TEST(ConfigText, ReferenceHasEveryNameOfEveryKey) {
  auto text = config_reference();
  for (const auto& spec : config_keys()) {
    EXPECT_THAT(text, HasSubstr("| `" + std::string(spec.key) + "` |"));
    if (spec.is_file_only()) continue;
    EXPECT_THAT(text, HasSubstr("| `" + environment_name(spec) + "` | `" + flag_name(spec) + "` |"));
  }
}

TEST(ConfigText, ReferenceSaysLimitsAndWhatIsMissing) {
  auto text = config_reference();
  EXPECT_THAT(text, HasSubstr("| `workers` | `0` | `HOLDFAST_SERVER_WORKERS` | `--server.workers` | restart | Threads, "
                              "each with its own event loop; 0: one per core. Allowed: 0 to 1024 |\n"));
  EXPECT_THAT(text, HasSubstr("**Not yet supported**: any other value is refused |\n"));
  EXPECT_THAT(text, HasSubstr("close \\| drop. Allowed: `close`, `drop` |\n"));
}

TEST(ConfigText, EveryRowOfTheReferenceHasSixCells) {
  auto text = config_reference();
  std::size_t rows = 0;
  for (auto line : base::split(text, '\n')) {
    if (line.find("`HOLDFAST_") == std::string_view::npos || !line.starts_with("| `")) continue;
    ++rows;
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
    EXPECT_EQ(bars, 7U) << line;
  }
  EXPECT_EQ(rows, config_keys().size() - 1);  // jwt_keys has no variable
}

}  // namespace
}  // namespace holdfast::app
