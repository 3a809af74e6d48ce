// SPDX-License-Identifier: Apache-2.0
// Values of the configuration: from text, against the table, to TOML.
#include "app/config_value.h"

#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

using testing::HasSubstr;
using testing::Not;
using Texts = std::vector<std::string>;

const KeySpec& key(std::string_view section, std::string_view name) {
  return *find_config_key(section, name);
}

template <class T>
std::string refusal(const Result<T>& result) {
  return result ? std::string("accepted") : result.error().what;
}

std::string refusal_of(std::string_view section, std::string_view name, const ConfigValue& value) {
  return refusal(check_config_value(key(section, name), value));
}

TEST(ConfigValue, SwitchesAreReadFromText) {
  const auto& debug = key("proxy", "debug");
  for (auto yes : {"true", "TRUE", "yes", "1", " true "}) {
    EXPECT_EQ(parse_config_value(debug, yes).value(), ConfigValue(true)) << yes;
  }
  for (auto no : {"false", "No", "0"}) EXPECT_EQ(parse_config_value(debug, no).value(), ConfigValue(false)) << no;
  EXPECT_THAT(refusal(parse_config_value(debug, "on")), HasSubstr("'on' is neither true nor false"));
  EXPECT_FALSE(parse_config_value(debug, "").has_value());
}

TEST(ConfigValue, NumbersAreReadFromText) {
  const auto& workers = key("server", "workers");
  EXPECT_EQ(parse_config_value(workers, "12").value(), ConfigValue(std::int64_t{12}));
  EXPECT_EQ(parse_config_value(workers, "-3").value(), ConfigValue(std::int64_t{-3}));
  for (auto bad : {"", "x", "1x", "1.5", "+1", "0x10", "1 2", "9223372036854775808"}) {
    EXPECT_THAT(refusal(parse_config_value(workers, bad)), HasSubstr("is not a whole number; give one like 0")) << bad;
  }
}

TEST(ConfigValue, ListsAreReadFromTextWithCommas) {
  const auto& listen = key("server", "listen");
  EXPECT_EQ(parse_config_value(listen, "http://a:1, http://b:2").value(),
            ConfigValue(Texts{"http://a:1", "http://b:2"}));
  EXPECT_EQ(parse_config_value(listen, "http://a:1").value(), ConfigValue(Texts{"http://a:1"}));
}

TEST(ConfigValue, TextsAreTakenAsTheyAre) {
  EXPECT_EQ(parse_config_value(key("grip", "sig_key"), " a,b ").value(), ConfigValue(std::string(" a,b ")));
}

TEST(ConfigValue, ListsOfTablesAreNotReadFromText) {
  EXPECT_THAT(refusal(parse_config_value(key("control", "jwt_keys"), "s3cret")),
              testing::AllOf(HasSubstr("in the file only, as in jwt_keys = [{ iss ="), Not(HasSubstr("s3cret"))));
}

TEST(ConfigValue, EmptyEntriesOfListsAreDropped) {
  EXPECT_EQ(check_config_value(key("control", "zmq_pull"), Texts{"", "tcp://*:1", ""}).value(),
            ConfigValue(Texts{"tcp://*:1"}));
}

TEST(ConfigValue, TokensAreNeverEmptyAndFitIntoAField) {
  EXPECT_EQ(parse_config_value(key("control", "tokens"), "").value(), ConfigValue(Texts{})) << "as if it was not set";
  EXPECT_EQ(refusal_of("control", "tokens", Texts{"a-token"}), "accepted");
  for (const auto& tokens : {Texts{""}, Texts{"a-token", ""}}) {
    EXPECT_THAT(refusal_of("control", "tokens", tokens), HasSubstr("is empty, and would let everybody in"));
  }
  for (auto token : {"s3cret ", " s3cret", "s3cr\xc3\xa9t"}) {
    EXPECT_THAT(refusal_of("admin", "tokens", Texts{token}),
                testing::AllOf(HasSubstr("printable ASCII characters only"), Not(HasSubstr("s3cr"))));
  }
}

TEST(ConfigValue, NumbersMustBeInRange) {
  EXPECT_EQ(refusal_of("server", "workers", std::int64_t{1024}), "accepted");
  EXPECT_EQ(refusal_of("server", "workers", std::int64_t{1025}), "1025 is out of range; give 0 to 1024");
  EXPECT_EQ(refusal_of("server", "workers", std::int64_t{-1}), "-1 is out of range; give 0 to 1024");
  EXPECT_EQ(refusal_of("server", "body_max_bytes", std::numeric_limits<std::int64_t>::max()), "accepted");
  EXPECT_EQ(refusal_of("server", "body_max_bytes", std::int64_t{-1}), "-1 is out of range; give 0 or more");
  EXPECT_EQ(refusal_of("server", "header_timeout_ms", std::int64_t{0}), "0 is out of range; give 1 to 86400000");
  EXPECT_EQ(refusal_of("server", "header_max_bytes", std::int64_t{255}), "255 is out of range; give 256 to 16777216");
  EXPECT_EQ(refusal_of("grip", "id_cache_ttl_s", std::int64_t{0}), "accepted");
}

TEST(ConfigValue, ChoicesAreNamed) {
  EXPECT_EQ(refusal_of("grip", "slow_client", std::string("drop")), "accepted");
  EXPECT_EQ(refusal_of("grip", "slow_client", std::string("Drop")),
            "'Drop' is not one of close, drop; did you mean 'drop'?");
  EXPECT_EQ(refusal_of("log", "level", std::string("")), "'' is not one of error, warn, info, debug, trace");
  EXPECT_EQ(refusal_of("tls", "min_version", std::string("1.3")), "accepted");
  EXPECT_THAT(refusal_of("tls", "min_version", std::string("TLSv1.0")), HasSubstr("is not one of 1.2, 1.3"));
}

TEST(ConfigValue, FormsAreHeldAgainstTextsAndEntries) {
  EXPECT_EQ(refusal_of("control", "http", std::string("5561")),
            "'5561' is not an HTTP address: it must begin with http://; write it as in "
            "http = \"http://127.0.0.1:5561\"");
  EXPECT_THAT(refusal_of("server", "listen", Texts{"http://0.0.0.0:1", "http://0.0.0.0:0"}),
              HasSubstr("'http://0.0.0.0:0' is not an address to listen on: the port must be"));
  EXPECT_THAT(refusal_of("proxy", "x_forwarded_for", Texts{"truncate:x"}), HasSubstr("truncate needs the number"));
}

TEST(ConfigValue, AnEmptyAddressTurnsAListenerOff) {
  EXPECT_EQ(refusal_of("control", "http", std::string()), "accepted");
  EXPECT_EQ(refusal_of("admin", "listen", std::string()), "accepted");
  EXPECT_EQ(refusal_of("proxy", "cdn_loop", std::string()), "accepted");
  EXPECT_EQ(refusal_of("proxy", "routes_file", std::string()), "it is empty; write it as in routes_file = \"routes\"");
}

TEST(ConfigValue, ControlCharactersAreRefused) {
  EXPECT_THAT(refusal_of("proxy", "routes_file", std::string("a\nb")),
              HasSubstr("'a\\x0ab' holds a control character"));
  EXPECT_THAT(refusal_of("proxy", "routes_file", std::string("a\0b", 3)), HasSubstr("control character"));
  EXPECT_EQ(refusal_of("proxy", "routes_file", std::string("m\xc3\xa4rz")), "accepted");
}

TEST(ConfigValue, SecretsAreNotQuoted) {
  EXPECT_EQ(refusal_of("grip", "sig_key", std::string("s3cret\n")),
            "the value holds a control character, perhaps a line break at its end; remove it");
  EXPECT_THAT(refusal_of("control", "tokens", Texts{"s3cret\x7f"}), Not(HasSubstr("s3cret")));
  EXPECT_THAT(refusal_of("control", "jwt_keys", std::vector<JwtKey>{{"realm", "s3cret\t"}}),
              testing::AllOf(HasSubstr("control character"), Not(HasSubstr("s3cret"))));
}

TEST(ConfigValue, JwtKeysNeedBothMembers) {
  EXPECT_EQ(refusal_of("control", "jwt_keys", std::vector<JwtKey>{{"realm", "k"}}), "accepted");
  EXPECT_THAT(refusal_of("control", "jwt_keys", std::vector<JwtKey>{{"", "k"}}), HasSubstr("empty iss or key"));
  EXPECT_THAT(refusal_of("control", "jwt_keys", std::vector<JwtKey>{{"realm", ""}}), HasSubstr("empty iss or key"));
}

TEST(ConfigValue, MissingFeaturesAreRefusedWithWhatToDo) {
  auto unsupported = [](std::string_view section, std::string_view name, const ConfigValue& value) {
    return refusal(check_supported(key(section, name), value));
  };
  EXPECT_EQ(unsupported("server", "http2", true), "HTTP/2 is not yet supported; set it to false");
  EXPECT_EQ(unsupported("server", "http2", false), "accepted");
  EXPECT_EQ(unsupported("history", "max_messages", std::int64_t{1}), "history is not yet supported; set it to 0");
  EXPECT_THAT(unsupported("grip", "upstream_key", std::string("s3cret")),
              testing::AllOf(HasSubstr("not yet supported"), Not(HasSubstr("s3cret"))));
}

TEST(ConfigValue, TuningKeysOfMissingFeaturesAreAccepted) {
  for (auto [section, name] : std::vector<std::pair<std::string_view, std::string_view>>{{"stats", "report_interval_s"},
                                                                                         {"grip", "message_wait_ms"},
                                                                                         {"history", "max_bytes"},
                                                                                         {"history", "max_age_s"},
                                                                                         {"server", "drain_seconds"}}) {
    EXPECT_TRUE(check_supported(key(section, name), std::int64_t{2000}).has_value()) << name;
  }
  EXPECT_TRUE(check_supported(key("grip", "update_on_first_subscription"), false).has_value());
  EXPECT_TRUE(check_supported(key("stats", "format"), std::string("json")).has_value());
}

TEST(ConfigValue, ExpectationsShowAnExample) {
  EXPECT_EQ(expectation(key("server", "workers")), "expected a whole number, as in workers = 0");
  EXPECT_EQ(expectation(key("control", "zmq_sub_connect")),
            "expected a list of texts, as in zmq_sub_connect = [\"tcp://hub:5565\"]");
  EXPECT_EQ(expectation(key("grip", "sig_key")), "expected a text in quotes, as in sig_key = \"text\"");
}

TEST(ConfigValue, TomlIsEscaped) {
  EXPECT_EQ(encode_toml(true), "true");
  EXPECT_EQ(encode_toml(std::int64_t{-5}), "-5");
  EXPECT_EQ(encode_toml(std::string("a\"\\\n\x7f…")), "\"a\\\"\\\\\\u000a\\u007f…\"");
  EXPECT_EQ(encode_toml(Texts{}), "[]");
  EXPECT_EQ(encode_toml(Texts{"a", "b"}), "[\"a\", \"b\"]");
  EXPECT_EQ(encode_toml(std::vector<JwtKey>{{"i", "k"}}), "[{ iss = \"i\", key = \"k\" }]");
}

}  // namespace
}  // namespace holdfast::app
