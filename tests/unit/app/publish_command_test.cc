// SPDX-License-Identifier: Apache-2.0
// The item that `holdfast publish` makes of its options: `publishing` §2 and §10.
#include "app/publish_command.h"

#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "wire/tnet.h"

namespace holdfast::app {
namespace {

using base::Json;
using grip::ItemEncoding;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kNotUtf8 = "caf\xe9";

/// Parses as the command line does; throws what CLI11 throws.
PublishOptions options_of(std::vector<std::string> arguments) {
  CLI::App command;
  PublishOptions options;
  add_publish_options(command, options);
  command.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
  return options;
}

Json item_of(const std::vector<std::string>& arguments, ItemEncoding encoding = ItemEncoding::json) {
  auto options = options_of(arguments);
  auto content = read_publish_content(options);
  EXPECT_TRUE(content);
  if (!content) return {};
  auto item = make_publish_item(options, *content, encoding);
  EXPECT_TRUE(item) << item.error().what;
  return item ? *item : Json();
}

std::string refusal_of(const std::vector<std::string>& arguments) {
  auto options = options_of(arguments);
  auto content = read_publish_content(options);
  if (!content) return content.error().what;
  auto item = make_publish_item(options, *content, ItemEncoding::json);
  return item ? "accepted" : item.error().what;
}

TEST(PublishCommand, ContentGoesIntoEveryFormat) {
  EXPECT_EQ(item_of({"news", "hello"}), Json::parse(R"({"channel": "news", "formats": {
    "http-response": {"code": 200, "body": "hello\n"},
    "http-stream": {"content": "hello\n"},
    "ws-message": {"content": "hello"}}})"));
}

TEST(PublishCommand, NoEolLeavesTheContentAsItIs) {
  auto formats = item_of({"news", "hello", "--no-eol"})["formats"];
  EXPECT_EQ(formats["http-response"]["body"], "hello");
  EXPECT_EQ(formats["http-stream"]["content"], "hello");
}

TEST(PublishCommand, EmptyContentIsContent) {
  EXPECT_EQ(item_of({"news", ""})["formats"]["http-stream"]["content"], "\n");
}

TEST(PublishCommand, IdsMetaAndSequence) {
  auto item = item_of(
      {"--id", "2", "--prev-id", "1", "--sender", "me", "-M", "a=b=c", "--meta", "d=", "--no-seq", "news", "x"});
  EXPECT_EQ(item["id"], "2");
  EXPECT_EQ(item["prev-id"], "1");
  EXPECT_EQ(item["no-seq"], true);
  EXPECT_EQ(item["meta"], (Json{{"sender", "me"}, {"a", "b=c"}, {"d", ""}}));
}

TEST(PublishCommand, EmptyIdsAreNone) {
  auto item = item_of({"--id", "", "--prev-id", "", "news", "x"});
  for (const auto* absent : {"id", "prev-id", "no-seq", "meta"}) EXPECT_FALSE(item.contains(absent)) << absent;
}

TEST(PublishCommand, CodeAndHeadersAreOfTheResponse) {
  auto formats = item_of({"--code", "404", "-H", "A: b: c", "-H", "A:d", "news", "x"})["formats"];
  EXPECT_EQ(formats["http-response"],
            Json::parse(R"({"code": 404, "headers": [["A", "b: c"], ["A", "d"]], "body": "x\n"})"));
  EXPECT_EQ(formats["http-stream"], (Json{{"content", "x\n"}}));
}

TEST(PublishCommand, AListOptionTakesOneValue) {
  auto options = options_of({"-H", "A: b", "news", "x"});
  EXPECT_THAT(options.headers, ElementsAre("A: b"));
  EXPECT_EQ(options.channel, "news");
  EXPECT_EQ(options.content, "x");
}

TEST(PublishCommand, ActionsCarryNoContent) {
  EXPECT_EQ(item_of({"--hint", "news"})["formats"], Json::parse(R"({"http-response": {"action": "hint"},
    "http-stream": {"action": "hint"}, "ws-message": {"action": "hint"}})"));
  EXPECT_EQ(item_of({"--close", "news"})["formats"],
            Json::parse(R"({"http-stream": {"action": "close"}, "ws-message": {"action": "close"}})"));
  EXPECT_EQ(item_of({"--close", "news", "ignored"}), item_of({"--close", "news"}));
}

TEST(PublishCommand, APatchIsOfTheResponseAlone) {
  EXPECT_EQ(item_of({"--patch", "news", R"([{"op": "remove", "path": "/a"}])"})["formats"],
            Json::parse(R"({"http-response": {"code": 200, "body-patch": [{"op": "remove", "path": "/a"}]}})"));
  for (const auto* content : {"{}", "1", "[", ""}) {
    EXPECT_THAT(refusal_of({"--patch", "news", content}), HasSubstr("JSON array")) << content;
  }
}

TEST(PublishCommand, JsonCarriesBytesAsBase64) {
  auto formats = item_of({"--no-eol", "news", kNotUtf8})["formats"];
  EXPECT_EQ(formats, Json::parse(R"({"http-response": {"code": 200, "body-bin": "Y2Fm6Q=="},
    "http-stream": {"content-bin": "Y2Fm6Q=="}, "ws-message": {"content-bin": "Y2Fm6Q=="}})"));
}

TEST(PublishCommand, TnetstringsCarryBytesAsTheyAre) {
  auto item = item_of({"--no-eol", "news", kNotUtf8}, ItemEncoding::tnet);
  auto formats = item["formats"];
  EXPECT_EQ(formats["http-response"]["body"], kNotUtf8);
  EXPECT_EQ(formats["http-stream"]["content"], kNotUtf8);
  EXPECT_EQ(formats["ws-message"], (Json{{"content-bin", kNotUtf8}}));
}

/// What is made must be what our own parser reads, in both encodings.
TEST(PublishCommand, TheItemComesBackFromTheParser) {
  for (const auto* text : {"hello", kNotUtf8}) {
    std::vector<std::string> arguments{"--id", "7",   "--code",   "201",  "-H", "A: b",
                                       "-M",   "m=n", "--no-eol", "news", text};
    auto from_json = grip::parse_publish_request(Json{{"items", Json::array({item_of(arguments)})}}.dump());
    ASSERT_TRUE(from_json) << from_json.error().what;
    auto from_tnet = grip::parse_publish_frame(wire::encode_tnet(item_of(arguments, ItemEncoding::tnet)));
    ASSERT_TRUE(from_tnet) << from_tnet.error().what;
    for (const auto* item : {&from_json->front(), &*from_tnet}) {
      EXPECT_EQ(item->channel, "news");
      EXPECT_EQ(item->id, "7");
      EXPECT_EQ(item->stream->content, text);
      EXPECT_EQ(item->response->body, text);
      EXPECT_EQ(item->response->code, 201);
      EXPECT_THAT(item->response->headers, ElementsAre(Header{"A", "b"}));
      EXPECT_EQ(item->ws->content, text);
      EXPECT_EQ(item->ws->type, text == kNotUtf8 ? WsType::binary : WsType::text);
    }
  }
}

TEST(PublishCommand, RefusesWhatCannotBeSent) {
  for (const auto* header : {"A", "", ": b", "A b: c", "A: b\r\nC: d", "A: caf\xe9"}) {
    EXPECT_THAT(refusal_of({"-H", header, "news", "x"}), HasSubstr("is not \"Name: value\"")) << header;
  }
  for (const auto* meta : {"a", "=b", "a=caf\xe9"}) {
    EXPECT_THAT(refusal_of({"-M", meta, "news", "x"}), HasSubstr("is not \"name=value\"")) << meta;
  }
  EXPECT_THAT(refusal_of({kNotUtf8, "x"}), HasSubstr("is not UTF-8"));
  EXPECT_THAT(refusal_of({"--id", kNotUtf8, "news", "x"}), HasSubstr("is not UTF-8"));
  EXPECT_THAT(refusal_of({"news"}), HasSubstr("the content is missing"));
  EXPECT_THAT(refusal_of({"news", "@/nowhere/at/all"}), HasSubstr("No such file"));
  EXPECT_THAT(refusal_of({"news", "@/"}), HasSubstr("it is a directory"));
}

TEST(PublishCommand, TheCommandLineRefusesWhatExcludesEachOther) {
  EXPECT_THROW(options_of({"--hint", "--close", "news"}), CLI::ParseError);
  EXPECT_THROW(options_of({"--patch", "--close", "news", "[]"}), CLI::ParseError);
  EXPECT_THROW(options_of({"--patch", "--hint", "news", "[]"}), CLI::ParseError);
  EXPECT_THROW(options_of({"-u", "a:b", "-B", "t", "news", "x"}), CLI::ParseError);
  EXPECT_THROW(options_of({"--code", "199", "news", "x"}), CLI::ParseError);
  EXPECT_THROW(options_of({"--code", "600", "news", "x"}), CLI::ParseError);
  EXPECT_THROW(options_of({}), CLI::ParseError);
}

}  // namespace
}  // namespace holdfast::app
