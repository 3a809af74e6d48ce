// SPDX-License-Identifier: Apache-2.0
#include "base/log_line.h"

#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "base/json.h"

namespace holdfast::base {
namespace {

std::string line(LogFormat format, const LogLine& line) {
  std::string out;
  append_line(out, format, line);
  return out;
}

/// Without its time, which has its form.
std::string text(const LogLine& parts) {
  auto whole = line(LogFormat::text, parts);
  EXPECT_TRUE(std::regex_search(whole, std::regex("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z "))) << whole;
  EXPECT_EQ(whole.find('\n'), whole.size() - 1);
  return whole.substr(25, whole.size() - 26);
}

Json json(const LogLine& parts) {
  auto whole = line(LogFormat::json, parts);
  EXPECT_EQ(whole.find('\n'), whole.size() - 1);
  for (char c : whole) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << whole;
  auto parsed = parse_json(whole);
  EXPECT_TRUE(parsed && parsed->is_object()) << whole;
  if (!parsed) return Json::object();
  EXPECT_EQ(parsed->at("ts").get<std::string>().size(), 24u);
  parsed->erase("ts");
  return *parsed;
}

std::string json_text(std::string_view value, std::size_t limit = 200) {
  std::string out;
  append_json_text(out, value, limit);
  return out;
}

TEST(LogLine, AMessageAlone) {
  EXPECT_EQ(text({.level = LogLevel::info, .message = "ready: \"x\""}), "info ready: \"x\"");
  EXPECT_EQ(text({.level = LogLevel::warn, .message = "m"}), "warning m");
  EXPECT_EQ(json({.level = LogLevel::error, .message = "ready: \"x\""}),
            (Json{{"level", "error"}, {"msg", "ready: \"x\""}}));
}

TEST(LogLine, FieldsInTheirOrder) {
  const LogLine parts{.level = LogLevel::warn,
                      .message = "failed",
                      .fields = {{"cause", "dns"},
                                 LogField::labelled("origin", "target", "a:80"),
                                 {"detail", "no such name"},
                                 {"route", ""},
                                 {"queued", 17u},
                                 LogField::bare("method", "GET"),
                                 LogField::bare("target", "/x?a=b")},
                      .held_back = 3};
  EXPECT_EQ(text(parts),
            "warning failed: cause=dns target=a:80 detail=\"no such name\" route=- queued=17 GET /x?a=b "
            "(3 more like this since the last one)");
  EXPECT_EQ(json(parts), (Json{{"level", "warn"},
                               {"msg", "failed"},
                               {"cause", "dns"},
                               {"origin", "a:80"},
                               {"detail", "no such name"},
                               {"queued", 17},
                               {"method", "GET"},
                               {"target", "/x?a=b"},
                               {"held_back", 3}}))
      << "what has no value is no member";
}

TEST(LogLine, NothingCanForgeALine) {
  const std::string evil = "a\r\ninfo forged\x1b[0m\"\\ \xff";
  EXPECT_EQ(text({.message = "m\r\nn\x7f", .fields = {{"x", evil}}}),
            "info m\\x0d\\x0an\\x7f: x=\"a\\x0d\\x0ainfo forged\\x1b[0m\\x22\\x5c \xff\"");
  auto parsed = json({.message = "m\r\nn", .fields = {{"x", evil}}});
  EXPECT_EQ(parsed["msg"], "m\r\nn");
  EXPECT_EQ(parsed["x"], "a\r\ninfo forged\x1b[0m\"\\ \xef\xbf\xbd") << "what is no UTF-8 is replaced";
}

TEST(LogLine, JsonTextIsCutByWhatItTakes) {
  EXPECT_EQ(json_text("abc", 3), R"("abc")");
  EXPECT_EQ(json_text("abcd", 3), R"("abc\u2026")");
  EXPECT_EQ(json_text("a\"b", 4), R"("a\"b")");
  EXPECT_EQ(json_text("a\"b", 3), R"("a\"\u2026")");
  EXPECT_EQ(json_text("\xc3\xa4x", 13), R"("\u00e4x")");
  EXPECT_EQ(json_text("x\xc3\xa4", 7), R"("x\ufffd\u2026")") << "cut inside a character";
  EXPECT_EQ(json_text("", 3), R"("")");
  EXPECT_LE(json_text(std::string(10000, '\x01'), 200).size(), 210u);
  EXPECT_LE(json_text(std::string(10000, '\xff'), 200).size(), 210u);
}

TEST(LogLine, NoLineIsLongerThanAPipeTakesAtOnce) {
  for (char c : {'x', '"', '\x01', '\xff'}) {
    const std::string large(100000, c);
    const LogLine parts{.message = large,
                        .fields = {{"a", large}, {"b", large}, {"c", large}, {"d", large}, {"e", large}, {"f", large}}};
    EXPECT_LT(line(LogFormat::json, parts).size(), 4096u);
    EXPECT_LT(line(LogFormat::text, {.message = std::string(100000, 'x'), .fields = parts.fields}).size(), 4096u);
  }
}

}  // namespace
}  // namespace holdfast::base
