// SPDX-License-Identifier: Apache-2.0
// Reading the text of a holdfast.toml.
#include "app/config_toml.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using Texts = std::vector<std::string>;

Texts errors_of(std::string_view text) {
  return parse_config_toml(text, "holdfast.toml").errors;
}

TEST(ConfigToml, ReadsEveryType) {
  auto parsed = parse_config_toml(R"([server]
listen = ["http://127.0.0.1:1",
          "http://[::1]:2"]
workers = 1_0
[proxy]
debug = true
routes_file = 'r'
[control]
jwt_keys = [{ iss = "realm", key = "base64:aaaa" }]
)",
                                  "holdfast.toml");
  EXPECT_THAT(parsed.errors, IsEmpty());
  ASSERT_THAT(parsed.settings, SizeIs(5));
  auto value = [&](std::string_view key) {
    for (const auto& setting : parsed.settings) {
      if (setting.spec->key == key) return setting.value;
    }
    return ConfigValue();
  };
  EXPECT_EQ(value("listen"), ConfigValue(Texts{"http://127.0.0.1:1", "http://[::1]:2"}));
  EXPECT_EQ(value("workers"), ConfigValue(std::int64_t{10}));
  EXPECT_EQ(value("debug"), ConfigValue(true));
  EXPECT_EQ(value("routes_file"), ConfigValue(std::string("r")));
  EXPECT_EQ(value("jwt_keys"), ConfigValue(std::vector<JwtKey>{{"realm", "base64:aaaa"}}));
}

TEST(ConfigToml, PlacesNameFileLineSectionAndKey) {
  auto parsed = parse_config_toml("\n\n[grip]\nsig_iss = \"x\"\nserver.workers = 1", "etc/h.toml");
  ASSERT_THAT(parsed.settings, SizeIs(1));
  EXPECT_EQ(parsed.settings[0].place, "etc/h.toml:4: [grip] sig_iss");
  EXPECT_THAT(parsed.errors, ElementsAre(StartsWith("etc/h.toml:5: [grip] server: unknown key")));
}

TEST(ConfigToml, EmptyFilesAndEmptySectionsAreFine) {
  EXPECT_THAT(errors_of(""), IsEmpty());
  EXPECT_THAT(errors_of("# nothing\n[server]\n[log]\n"), IsEmpty());
}

TEST(ConfigToml, DottedKeysAreSections) {
  auto parsed = parse_config_toml("server.workers = 3\nserver.wokers = 4\n", "h.toml");
  ASSERT_THAT(parsed.settings, SizeIs(1));
  EXPECT_EQ(parsed.settings[0].place, "h.toml:1: [server] workers");
  EXPECT_THAT(parsed.errors, ElementsAre(StartsWith("h.toml:2: [server] wokers: unknown key")));
}

TEST(ConfigToml, UnknownKeysGetTheNearestOne) {
  EXPECT_THAT(errors_of("[server]\nwokers = 4\n"),
              ElementsAre("holdfast.toml:2: [server] wokers: unknown key; did you mean 'workers'?"));
}

TEST(ConfigToml, KeysOfAnotherSectionAreSentThere) {
  EXPECT_THAT(errors_of("[proxy]\nsig_key = \"s3cret\"\n"),
              ElementsAre("holdfast.toml:2: [proxy] sig_key: unknown key; did you mean [grip] sig_key?"));
}

TEST(ConfigToml, KeysLikeNoOtherGetTheListOfAll) {
  EXPECT_THAT(errors_of("[stats]\nxyzzyxyzzy = 1\n"),
              ElementsAre("holdfast.toml:2: [stats] xyzzyxyzzy: unknown key; the keys of [stats] are format, "
                          "report_interval_s, connection_ttl_s, subscription_ttl_s"));
}

TEST(ConfigToml, UnknownSectionsGetTheNearestOne) {
  EXPECT_THAT(errors_of("[sever]\nworkers = 1\n"),
              ElementsAre("holdfast.toml:1: [sever]: unknown section; did you mean [server]?"));
  EXPECT_THAT(errors_of("[xyzzyxyzzy]\n"),
              ElementsAre(HasSubstr("[xyzzyxyzzy]: unknown section; the sections are server, tls, control")));
}

TEST(ConfigToml, KeysOutsideOfASectionAreErrors) {
  EXPECT_THAT(errors_of("workers = 1\nxyzzy = 2\n"),
              ElementsAre("holdfast.toml:1: workers: key outside of a section; did you mean [server] workers?",
                          "holdfast.toml:2: xyzzy: key outside of a section; every key belongs under a section, as in "
                          "[server]"));
}

TEST(ConfigToml, SectionsAreThereOnceAndAreTables) {
  EXPECT_THAT(errors_of("[[server]]\nworkers = 1\n"),
              ElementsAre(AllOf(StartsWith("holdfast.toml:1: [server]: "), HasSubstr("found a list of tables"))));
  EXPECT_THAT(errors_of("log = 3\n"), ElementsAre(HasSubstr("found a whole number")));
}

TEST(ConfigToml, WrongTypesSayWhatIsExpectedAndWhatWasFound) {
  EXPECT_THAT(
      errors_of("[server]\nworkers = \"4\"\nlisten = \"http://0.0.0.0:1\"\nhttp2 = 1\nbody_max_bytes = 1.5\n"),
      ElementsAre("holdfast.toml:2: [server] workers: expected a whole number, as in workers = 0; found a text",
                  "holdfast.toml:3: [server] listen: expected a list of texts, as in listen = "
                  "[\"http://0.0.0.0:7999\"]; found a text",
                  "holdfast.toml:4: [server] http2: expected true or false, as in http2 = false; found a whole number",
                  "holdfast.toml:5: [server] body_max_bytes: expected a whole number, as in body_max_bytes = 0; found "
                  "a number with a fraction"));
  EXPECT_THAT(errors_of("[log]\nlevel = 2\nformat = []\naccess = 2026-01-01\n"),
              ElementsAre(HasSubstr("a whole number"), HasSubstr("found a list"), HasSubstr("found a date or time")));
  EXPECT_THAT(errors_of("[log]\nlevel = {}\naccess = [{}]\n"),
              ElementsAre(HasSubstr("found a table"), HasSubstr("found a list of tables")));
}

TEST(ConfigToml, EntriesOfListsMustBeTexts) {
  EXPECT_THAT(errors_of("[control]\nzmq_pull = [\"tcp://*:1\", 5560]\n"),
              ElementsAre("holdfast.toml:2: [control] zmq_pull: expected a list of texts, as in zmq_pull = "
                          "[\"tcp://127.0.0.1:5560\"]; found a whole number in the list"));
}

TEST(ConfigToml, JwtKeysHaveTwoTextsAndNothingElse) {
  for (auto bad : {"\"s3cret\"", "[\"s3cret\"]", "[{ iss = \"r\" }]", "[{ key = \"s3cret\" }]",
                   "[{ iss = 1, key = \"s3cret\" }]", "[{ iss = \"r\", key = \"s3cret\", s3cret = 1 }]"}) {
    EXPECT_THAT(errors_of(std::string("[control]\njwt_keys = ") + bad),
                ElementsAre(AllOf(HasSubstr("jwt_keys: expected a list of tables, as in jwt_keys = [{ iss = "),
                                  Not(HasSubstr("s3cret")))))
        << bad;
  }
}

TEST(ConfigToml, ValuesAreHeldAgainstTheirLimits) {
  EXPECT_THAT(errors_of("[server]\nworkers = 2000\n[grip]\nslow_client = \"clos\"\n"),
              ElementsAre("holdfast.toml:2: [server] workers: 2000 is out of range; give 0 to 1024",
                          "holdfast.toml:4: [grip] slow_client: 'clos' is not one of close, drop; did you mean "
                          "'close'?"));
}

TEST(ConfigToml, AllErrorsAreReportedInTheOrderOfTheirLines) {
  auto errors = errors_of("[server]\nworkers = -1\n[admin]\nlissen = \"\"\n[control]\nhttp = 5561\n[[cache]]\n");
  EXPECT_THAT(errors, ElementsAre(StartsWith("holdfast.toml:2: "), StartsWith("holdfast.toml:4: "),
                                  StartsWith("holdfast.toml:6: "), StartsWith("holdfast.toml:7: ")));
}

TEST(ConfigToml, TablesOfMissingFeaturesAreRefusedWhereTheyStand) {
  EXPECT_THAT(errors_of("[[cache]]\nname = \"a\"\n[[cache]]\nname = \"b\"\n[[rule]]\nchannel = \"*\"\n"),
              ElementsAre("holdfast.toml:1: [[cache]]: purging of caches is not yet supported; remove the table",
                          "holdfast.toml:3: [[cache]]: purging of caches is not yet supported; remove the table",
                          "holdfast.toml:5: [[rule]]: rules for publishing are not yet supported; remove the table"));
  EXPECT_THAT(errors_of("[cache]\n"), ElementsAre(HasSubstr("not yet supported")));
  EXPECT_THAT(errors_of("rule = []\n"), IsEmpty());
}

TEST(ConfigToml, SyntaxErrorsNameLineAndColumn) {
  EXPECT_THAT(errors_of("[server]\nworkers 4\n"),
              ElementsAre(AllOf(StartsWith("holdfast.toml:2: not TOML, column 9: "), HasSubstr("expected '='"))));
  EXPECT_THAT(errors_of("[server\n"), ElementsAre(StartsWith("holdfast.toml:1: not TOML")));
  EXPECT_THAT(errors_of("[log]\nlevel = \"\xff\"\n"), ElementsAre(StartsWith("holdfast.toml:2: not TOML")));
}

TEST(ConfigToml, KeysGivenTwiceAreErrors) {
  EXPECT_THAT(errors_of("[server]\nworkers = 1\nworkers = 2\n"),
              ElementsAre(AllOf(StartsWith("holdfast.toml:3: not TOML"), HasSubstr("'workers'"))));
}

TEST(ConfigToml, SyntaxErrorsDoNotQuoteSecrets) {
  for (auto bad : {"tr0ub4dor", "99999999999999999999", "\"abc\\qtr0ub4dor\"", "fals3tr0ub4dor", "1_tr0ub4dor",
                   "'tr0ub4dor", "[\"tr0ub4dor\" \"tr0ub4dor\"]", "0xtr0ub4dor", "12345.tr0ub4dor"}) {
    auto errors = errors_of(std::string("[grip]\nsig_key = ") + bad);
    EXPECT_THAT(errors, ElementsAre(StartsWith("holdfast.toml:"))) << bad;
    EXPECT_THAT(errors, Not(testing::Contains(HasSubstr("tr0ub4")))) << bad;
    EXPECT_THAT(errors, Not(testing::Contains(HasSubstr("9999")))) << bad;
    EXPECT_THAT(errors, Not(testing::Contains(HasSubstr("12345")))) << bad;
  }
}

TEST(ConfigToml, SyntaxErrorsDoNotQuoteTheBeginningOfASecret) {
  EXPECT_THAT(errors_of("[grip]\nsig_key = trubadour"),
              ElementsAre(AllOf(HasSubstr("'true'"), Not(HasSubstr("trub")))));
  EXPECT_THAT(errors_of("[grip]\nsig_key = falstaff"),
              ElementsAre(AllOf(HasSubstr("'false'"), Not(HasSubstr("falst")))));
}

TEST(ConfigToml, NamesFromTheFileCannotForgeALine) {
  EXPECT_THAT(errors_of("[server]\n\"a\\nb\" = 1\n[\"c\\nd\"]\n"), testing::Each(Not(HasSubstr("\n"))));
  EXPECT_THAT(errors_of("[server]\n\"a\\nb\" = 1\n"), SizeIs(1));
}

}  // namespace
}  // namespace holdfast::app
