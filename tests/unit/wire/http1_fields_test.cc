// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_fields.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

using std::string_literals::operator""s;
using State = HeadScanner::State;

/// A block of exactly this size, so that a sanitizer sees a single byte read too far.
std::vector<char> exact(std::string_view text) {
  return {text.begin(), text.end()};
}

State scan(HeadScanner& scanner, std::string_view text) {
  auto block = exact(text);
  return scanner.scan({block.data(), block.size()});
}

struct ParsedFields {
  HeadError error;
  std::vector<Header> fields;
};

ParsedFields parse(std::string_view text, std::size_t max_count = 100) {
  auto block = exact(text);
  std::vector<Field> fields;
  ParsedFields parsed;
  parsed.error = parse_fields(block.data(), block.data() + block.size(), max_count, fields);
  for (const auto& field : fields) parsed.fields.push_back({std::string(field.name), std::string(field.value)});
  return parsed;
}

TEST(HeadScanner, FindsTheEndAtEverySplit) {
  const std::string head = "GET / HTTP/1.1\r\nA: b\r\nC: \r\n\r\n";
  const std::string input = head + "body\r\n\r\n";
  for (std::size_t split = 0; split <= input.size(); ++split) {
    HeadScanner scanner;
    auto first = scan(scanner, input.substr(0, split));
    ASSERT_EQ(first, split < head.size() ? State::incomplete : State::complete) << split;
    ASSERT_EQ(scanner.has_first_line(), split >= 16) << split;
    if (first == State::incomplete) {
      ASSERT_EQ(scan(scanner, input), State::complete) << split;
    }
    ASSERT_EQ(scanner.head_size(), head.size()) << split;
  }
}

TEST(HeadScanner, AnEmptyFirstLineIsAHead) {
  HeadScanner scanner;
  EXPECT_EQ(scan(scanner, "\r\nGET"), State::complete);
  EXPECT_EQ(scanner.head_size(), 2u);
}

TEST(HeadScanner, ABareLfIsFoundAtEverySplit) {
  for (std::string input : {"\n", "G\n", "GET /\r\nA: b\n", "GET /\r\n\n", "GET /\r\nA: b\r\n\n"}) {
    for (std::size_t split = 0; split < input.size(); ++split) {
      HeadScanner scanner;
      ASSERT_EQ(scan(scanner, input.substr(0, split)), State::incomplete) << input << split;
      ASSERT_EQ(scan(scanner, input + "\r\n\r\n"), State::bare_lf) << input << split;
    }
  }
}

TEST(TokenChars, AreThoseOfRfc9110) {
  const std::string_view others = "!#$%&'*+-.^_`|~";
  for (int c = 0; c < 256; ++c) {
    bool expected = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c && others.find(static_cast<char>(c)) != std::string_view::npos);
    EXPECT_EQ(is_token_char(static_cast<char>(c)), expected) << c;
  }
  auto text = exact("abc:d");
  EXPECT_EQ(skip_token(text.data(), text.data() + text.size()) - text.data(), 3);
  EXPECT_EQ(skip_token(text.data() + 4, text.data() + 5) - text.data(), 5);
}

TEST(ParseFields, NamesAndTrimmedValues) {
  auto parsed = parse("A: b\r\nc-D:e\r\nEmpty:\r\nBlank: \t \r\nIn: \t two words \t\r\nColon: a:b:c\r\n\r\n");
  ASSERT_FALSE(parsed.error) << parsed.error.what;
  std::vector<Header> expected{{"A", "b"},    {"c-D", "e"},        {"Empty", ""},
                               {"Blank", ""}, {"In", "two words"}, {"Colon", "a:b:c"}};
  EXPECT_EQ(parsed.fields, expected);
}

TEST(ParseFields, NoFieldsAtAll) {
  auto parsed = parse("\r\n");
  EXPECT_FALSE(parsed.error);
  EXPECT_TRUE(parsed.fields.empty());
}

TEST(ParseFields, AreAppended) {
  auto block = exact("A: b\r\n\r\n");
  std::vector<Field> fields{{"x", "y"}};
  EXPECT_FALSE(parse_fields(block.data(), block.data() + block.size(), 1, fields));
  EXPECT_EQ(fields.size(), 2u) << "max_count is of this head alone";
}

// Values are looked through 16 bytes at a time: every length meets the end of such a step somewhere else.
TEST(ParseFields, ValuesOfEveryLength) {
  for (std::size_t size = 0; size <= 70; ++size) {
    std::string value;
    for (std::size_t i = 0; i < size; ++i) value += static_cast<char>('!' + i);
    auto parsed = parse("N: " + value + "\r\nNext: x\r\n\r\n");
    ASSERT_FALSE(parsed.error) << size;
    std::vector<Header> expected{{"N", value}, {"Next", "x"}};
    ASSERT_EQ(parsed.fields, expected) << size;
  }
}

TEST(ParseFields, EveryByteAtEveryOffsetOfAValue) {
  for (std::size_t offset = 0; offset <= 40; ++offset) {
    for (int c = 0; c < 256; ++c) {
      std::string value(41, 'v');
      value[offset] = static_cast<char>(c);
      auto parsed = parse("N: " + value + "\r\n\r\n");
      bool control = (c < 0x20 && c != '\t') || c == 0x7f;
      ASSERT_EQ(static_cast<bool>(parsed.error), control) << "byte " << c << " at " << offset;
      if (control) {
        std::string expected = c == '\n'   ? "a line ends with LF alone"
                               : c == '\r' ? "CR that does not end a line"
                                           : "control character in a header field's value";
        ASSERT_EQ(parsed.error.what, expected) << "byte " << c << " at " << offset;
        ASSERT_EQ(parsed.error.status, 400);
      } else if (c != '\t' && c != ' ') {
        ASSERT_EQ(parsed.fields.at(0).value, value) << "byte " << c << " at " << offset;
      }
    }
  }
}

TEST(ParseFields, BadFieldsAndWhatIsSaidOfThem) {
  struct Case {
    std::string text;
    const char* what;
  };
  const Case cases[] = {
      {"A: b\r\n c\r\n\r\n", "a header field is folded over several lines"},
      {"A: b\r\n\tc\r\n\r\n", "a header field is folded over several lines"},
      {" A: b\r\n\r\n", "a header field is folded over several lines"},
      {": b\r\n\r\n", "a header field has no name"},
      {"A : b\r\n\r\n", "white space between a header field's name and its colon"},
      {"A\t: b\r\n\r\n", "white space between a header field's name and its colon"},
      {"A\r\n\r\n", "a header field has no colon"},
      {"A(b): c\r\n\r\n", "illegal character in a header field's name"},
      {"A\xc3\xa4: c\r\n\r\n", "illegal character in a header field's name"},
      {"A\0B: c\r\n\r\n"s, "illegal character in a header field's name"},
      {"(: c\r\n\r\n", "illegal character in a header field's name"},
      {"A: b\rC: d\r\n\r\n", "CR that does not end a line"},
      {"A: b\r\r\n\r\n", "CR that does not end a line"},
      {"\rA: b\r\n\r\n", "CR that does not end a line"},
      {"A: b\r\n\rC: d\r\n\r\n", "CR that does not end a line"},
      {"A: b\r\n\r\r\n", "CR that does not end a line"},
  };
  for (const auto& test : cases) {
    auto parsed = parse(test.text);
    EXPECT_EQ(parsed.error.status, 400) << test.text;
    EXPECT_STREQ(parsed.error.what, test.what) << test.text;
  }
}

TEST(ParseFields, CountUpToTheLimit) {
  std::string text;
  for (int i = 0; i < 3; ++i) text += "A: b\r\n";
  EXPECT_FALSE(parse(text + "\r\n", 3).error);
  auto error = parse(text + "\r\n", 2).error;
  EXPECT_EQ(error.status, 431);
  EXPECT_STREQ(error.what, "more header fields than header_max_count");
  EXPECT_FALSE(parse("\r\n", 0).error);
}

HeadError frame(const std::vector<Field>& fields, Framing& framing) {
  framing = {};
  return read_framing(fields, framing);
}

TEST(ReadFraming, NoBody) {
  Framing framing;
  EXPECT_FALSE(frame({{"Host", "a"}, {"Length", "5"}}, framing));
  EXPECT_EQ(framing.body_kind, BodyKind::none);
  EXPECT_FALSE(framing.has_length || framing.has_coding || framing.chunked);
}

TEST(ReadFraming, Length) {
  Framing framing;
  EXPECT_FALSE(frame({{"content-LENGTH", "5"}}, framing));
  EXPECT_EQ(framing.body_kind, BodyKind::sized);
  EXPECT_EQ(framing.body_size, 5u);
  EXPECT_FALSE(frame({{"Content-Length", "0"}}, framing));
  EXPECT_TRUE(framing.has_length);
  EXPECT_FALSE(frame({{"Content-Length", "9223372036854775807"}}, framing));
  EXPECT_EQ(framing.body_size, 9223372036854775807u);
  EXPECT_FALSE(frame({{"Content-Length", "0007"}, {"Content-Length", "7"}}, framing)) << "the same number twice";
  EXPECT_EQ(framing.body_size, 7u);
}

TEST(ReadFraming, Chunked) {
  Framing framing;
  EXPECT_FALSE(frame({{"Transfer-Encoding", "CHUNKED"}}, framing));
  EXPECT_EQ(framing.body_kind, BodyKind::streaming);
  EXPECT_TRUE(framing.chunked && framing.has_coding);
}

TEST(ReadFraming, RefusesWhatIsAmbiguous) {
  struct Case {
    std::vector<Field> fields;
    int status;
    const char* what;
  };
  const Case cases[] = {
      {{{"Content-Length", ""}}, 400, "Content-Length is not a whole number"},
      {{{"Content-Length", "+5"}}, 400, "Content-Length is not a whole number"},
      {{{"Content-Length", "-5"}}, 400, "Content-Length is not a whole number"},
      {{{"Content-Length", "5 5"}}, 400, "Content-Length is not a whole number"},
      {{{"Content-Length", "5, 5"}}, 400, "Content-Length is not a whole number"},
      {{{"Content-Length", "0x5"}}, 400, "Content-Length is not a whole number"},
      {{{"Content-Length", "18446744073709551616"}}, 400, "Content-Length is not a whole number"},
      {{{"Content-Length", "9223372036854775808"}}, 400, "Content-Length is too large"},
      {{{"Content-Length", "5"}, {"Content-Length", "6"}}, 400, "differing Content-Length fields"},
      {{{"Content_Length", "5"}}, 400, "Content_Length with an underscore"},
      {{{"Transfer_Encoding", "chunked"}}, 400, "Transfer_Encoding with an underscore"},
      {{{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}}, 400, "both Content-Length and Transfer-Encoding"},
      {{{"Content-Length", "0"}, {"Transfer-Encoding", "chunked"}}, 400, "both Content-Length and Transfer-Encoding"},
      {{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}},
       400,
       "more than one Transfer-Encoding field"},
      {{{"Transfer-Encoding", ""}}, 400, "the last transfer coding is not chunked"},
      {{{"Transfer-Encoding", "identity"}}, 400, "the last transfer coding is not chunked"},
      {{{"Transfer-Encoding", "gzip"}}, 400, "the last transfer coding is not chunked"},
      {{{"Transfer-Encoding", "chunked, gzip"}}, 400, "the last transfer coding is not chunked"},
      {{{"Transfer-Encoding", "chunked,"}}, 400, "the last transfer coding is not chunked"},
      {{{"Transfer-Encoding", "xchunked"}}, 400, "the last transfer coding is not chunked"},
      {{{"Transfer-Encoding", "chunked, chunked"}}, 400, "malformed Transfer-Encoding"},
      {{{"Transfer-Encoding", ", chunked"}}, 400, "malformed Transfer-Encoding"},
      {{{"Transfer-Encoding", "gzip,, chunked"}}, 400, "malformed Transfer-Encoding"},
      {{{"Transfer-Encoding", "gzip, chunked"}}, 501, "transfer codings other than chunked are not supported"},
  };
  for (const auto& test : cases) {
    Framing framing;
    auto error = frame(test.fields, framing);
    EXPECT_EQ(error.status, test.status) << test.fields[0].name << ": " << test.fields[0].value;
    EXPECT_STREQ(error.what, test.what) << test.fields[0].name << ": " << test.fields[0].value;
  }
}

TEST(ReadFraming, ConnectionOptions) {
  Framing framing;
  EXPECT_FALSE(frame({{"Connection", "Keep-Alive"}}, framing));
  EXPECT_TRUE(framing.connection_keep_alive && !framing.connection_close && !framing.connection_upgrade);
  EXPECT_FALSE(frame({{"connection", "x, CLOSE ,y"}, {"Connection", "upgrade"}}, framing));
  EXPECT_TRUE(framing.connection_close && framing.connection_upgrade && !framing.connection_keep_alive);
  EXPECT_FALSE(frame({{"Connection", ",,closed,"}, {"Connection", ""}}, framing));
  EXPECT_FALSE(framing.connection_close || framing.connection_upgrade || framing.connection_keep_alive);
}

}  // namespace
}  // namespace holdfast::wire
