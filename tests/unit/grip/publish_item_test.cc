// SPDX-License-Identifier: Apache-2.0
#include "grip/publish_item.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "wire/tnet.h"

namespace holdfast::grip {
namespace {

using base::Json;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::vector<PublishItem> parsed(std::string_view body) {
  auto items = parse_publish_request(body);
  EXPECT_TRUE(items.has_value()) << body << ": " << (items ? "" : items.error().what);
  return items ? std::move(*items) : std::vector<PublishItem>{};
}

std::string refused(std::string_view body) {
  auto items = parse_publish_request(body);
  EXPECT_FALSE(items.has_value()) << body;
  if (items) return "";
  EXPECT_EQ(items.error().status, 400);
  return items.error().what;
}

/// A request of one item on the channel "c" with these members beside.
std::string request(const std::string& members) {
  return R"({"items":[{"channel":"c",)" + members + "}]}";
}

const std::string kStream = R"("formats":{"http-stream":{"content":"x"}})";

PublishItem parsed_item(const std::string& members) {
  auto items = parsed(request(members));
  EXPECT_EQ(items.size(), 1u);
  return items.empty() ? PublishItem{} : items.front();
}

/// The error of a request of one item, without what is the same for all.
std::string refused_item(const std::string& members) {
  auto what = refused(request(members));
  constexpr std::string_view kStart = "Invalid format: item 0: ";
  EXPECT_TRUE(what.starts_with(kStart)) << what;
  return what.substr(std::min(kStart.size(), what.size()));
}

// --- requests (publishing §1.4) ---

TEST(PublishRequest, ItemsInOrder) {
  auto items = parsed(R"({"items":[{"channel":"a","formats":{"http-stream":{"content":"1"}}},
                                   {"channel":"b","formats":{"http-stream":{"content":"2"}}}]})");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].channel, "a");
  EXPECT_EQ(items[0].stream->content, "1");
  EXPECT_EQ(items[1].channel, "b");
  EXPECT_EQ(items[1].stream->content, "2");
}

TEST(PublishRequest, NoItemsAreFine) {
  EXPECT_TRUE(parsed(R"({"items":[]})").empty());
}

TEST(PublishRequest, BodiesThatAreNotJsonAreRefused) {
  for (const char* body : {"", "{nope", "\"x\"", "5", "null", "{\"items\":[]} x", "{\"items\":[\"\xff\"]}"}) {
    EXPECT_EQ(refused(body), "Body is not valid JSON") << body;
  }
}

TEST(PublishRequest, WrongShapesAreRefused) {
  EXPECT_EQ(refused("[]"), "Invalid format: an object with 'items' is needed");
  EXPECT_EQ(refused("{}"), "Invalid format: object does not contain 'items'");
  EXPECT_EQ(refused(R"({"items":{}})"), "Invalid format: object contains 'items' with wrong type: a list is needed");
  EXPECT_THAT(refused(R"({"items":null})"), HasSubstr("'items' with wrong type"));
}

TEST(PublishRequest, TheBadItemIsNamedByItsIndex) {
  std::string good = R"({"channel":"c","http-stream":{"content":"x"}},)";
  EXPECT_EQ(refused(R"({"items":[)" + good + good + R"({"channel":"c","http-stream":{}}]})"),
            "Invalid format: item 2: 'http-stream' does not contain 'content' or 'content-bin'");
  EXPECT_EQ(refused(R"({"items":[)" + good + R"("x"]})"),
            "Invalid format: item 1: publish item object is not an object");
  EXPECT_EQ(refused(R"({"items":[null]})"), "Invalid format: item 0: publish item object is not an object");
}

TEST(PublishRequest, ItemsAreLimited) {
  auto body = [](std::size_t count) {
    std::string text = R"({"items":[)";
    for (std::size_t i = 0; i < count; ++i) text += R"({"channel":"","http-stream":{"content":""}},)";
    text.back() = ']';
    return text + "}";
  };
  EXPECT_EQ(parsed(body(kMaxPublishItems)).size(), kMaxPublishItems);
  EXPECT_THAT(refused(body(kMaxPublishItems + 1)), HasSubstr("'items' has 10001 elements, 10000 are allowed"));
}

TEST(PublishRequest, DeepNestingIsHarmless) {
  std::string deep(100'000, '[');
  EXPECT_EQ(refused(deep), "Body is not valid JSON");
  parsed_item(kStream + R"(,"unknown":)" + deep + std::string(deep.size(), ']'));
}

TEST(PublishItems, TnetstringArgumentsOfACommand) {
  auto args = Json::parse(R"({"items":[{"channel":"c","formats":{"http-stream":{"content":"x"}}}]})");
  auto items = parse_publish_items(args, ItemEncoding::tnet);
  ASSERT_TRUE(items.has_value());
  EXPECT_EQ(items->front().stream->content, "x");
  auto bad = parse_publish_items(Json::object(), ItemEncoding::tnet);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().what, "Invalid format: object does not contain 'items'");
}

// --- items (publishing §2.1) ---

TEST(PublishItem, AllMembers) {
  auto item = parsed_item(kStream + R"(,"id":"2","prev-id":"1","meta":{"a":"","user":"42"},"size":10,"no-seq":true)");
  EXPECT_EQ(item.channel, "c");
  EXPECT_EQ(item.id, "2");
  EXPECT_EQ(item.prev_id, "1");
  EXPECT_THAT(item.meta, UnorderedElementsAre(Pair("user", "42"), Pair("a", "")));
  EXPECT_TRUE(item.no_seq);
  EXPECT_EQ(item.stream->content, "x");
  EXPECT_FALSE(item.response);
  EXPECT_FALSE(item.ws);
}

TEST(PublishItem, Defaults) {
  auto item = parsed_item(kStream);
  EXPECT_FALSE(item.id);
  EXPECT_FALSE(item.prev_id);
  EXPECT_TRUE(item.meta.empty());
  EXPECT_FALSE(item.no_seq);
}

TEST(PublishItem, NullCountsAsAbsent) {
  auto item = parsed_item(kStream + R"(,"id":null,"prev-id":null,"meta":null,"size":null,"no-seq":null,"purge":null)");
  EXPECT_FALSE(item.id);
  EXPECT_FALSE(item.prev_id);
  EXPECT_TRUE(item.meta.empty());
}

TEST(PublishItem, EmptyIdCountsAsAbsent) {
  auto item = parsed_item(kStream + R"(,"id":"","prev-id":"")");
  EXPECT_FALSE(item.id);
  EXPECT_FALSE(item.prev_id);
}

TEST(PublishItem, UnknownMembersAreIgnored) {
  auto item = parsed_item(R"("colour":"blue","formats":{"http-stream":{"content":"x","future":[1]},"telegram":{}})");
  EXPECT_EQ(item.stream->content, "x");
}

TEST(PublishItem, ChannelMayBeEmptyOrUnicodeOrLong) {
  EXPECT_EQ(parsed(R"({"items":[{"channel":"",)" + kStream + "}]}").front().channel, "");
  EXPECT_EQ(parsed(R"({"items":[{"channel":"\u017elu\u0165",)" + kStream + "}]}").front().channel,
            "\xc5\xbelu\xc5\xa5");
  std::string longest(kMaxChannelBytes, 'x');
  EXPECT_EQ(parsed(R"({"items":[{"channel":")" + longest + R"(",)" + kStream + "}]}").front().channel, longest);
}

TEST(PublishItem, BadChannelsAreRefused) {
  EXPECT_THAT(refused(R"({"items":[{)" + kStream + "}]}"),
              HasSubstr("item 0: publish item object does not contain 'channel'"));
  EXPECT_THAT(refused(R"({"items":[{"channel":null,)" + kStream + "}]}"), HasSubstr("does not contain 'channel'"));
  EXPECT_THAT(refused(R"({"items":[{"channel":5,)" + kStream + "}]}"),
              HasSubstr("publish item object contains 'channel' with wrong type: a string is needed"));
  EXPECT_THAT(refused(R"({"items":[{"channel":")" + std::string(kMaxChannelBytes + 1, 'x') + R"(",)" + kStream + "}]}"),
              HasSubstr("'channel' with invalid value: it has 4097 bytes, 4096 are allowed"));
}

TEST(PublishItem, WrongTypesOfMembersAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("id":7)", "publish item object contains 'id' with wrong type: a string is needed"},
      {R"("prev-id":["1"])", "publish item object contains 'prev-id' with wrong type: a string is needed"},
      {R"("meta":[])", "publish item object contains 'meta' with wrong type: an object of strings is needed"},
      {R"("meta":{"a":1})", "'meta' contains 'a' with wrong type: a string is needed"},
      {R"("meta":{"a":null})", "'meta' contains 'a' with wrong type: a string is needed"},
      {R"("no-seq":"yes")", "publish item object contains 'no-seq' with wrong type: true or false is needed"},
      {R"("no-seq":1)", "publish item object contains 'no-seq' with wrong type: true or false is needed"},
      {R"("size":-1)", "publish item object contains 'size' with invalid value: it is less than 0"},
      {R"("size":[])", "publish item object contains 'size' with wrong type: a whole number is needed"},
      {R"("size":"many")", "publish item object contains 'size' with wrong type: a whole number is needed"},
      {R"("size":1e300)", "publish item object contains 'size' with wrong type: a whole number is needed"},
      {R"("size":18446744073709551615)",
       "publish item object contains 'size' with wrong type: a whole number is needed"},
  };
  for (const auto& [member, error] : cases) EXPECT_EQ(refused_item(kStream + "," + member), error) << member;
}

TEST(PublishItem, SizeMayBeAnythingLikeAWholeNumber) {
  for (const char* size : {"0", "\"12\"", "3.7", "true"}) parsed_item(kStream + R"(,"size":)" + size);
}

TEST(PublishItem, PurgeIsNotYetSupported) {
  EXPECT_EQ(refused_item(kStream + R"(,"purge":{"cache":"edge"})"), "'purge' is not yet supported");
}

// --- layouts ---

TEST(PublishItem, FormatsDirectlyInTheItem) {
  auto item = parsed_item(R"("http-stream":{"content":"S"},"http-response":{"body":"R"},"ws-message":{"content":"W"})");
  EXPECT_EQ(item.stream->content, "S");
  EXPECT_EQ(item.response->body, "R");
  EXPECT_EQ(item.ws->content, "W");
}

TEST(PublishItem, ThreeFormatsNested) {
  auto item = parsed_item(
      R"("formats":{"http-stream":{"content":"S"},"http-response":{"body":"R"},"ws-message":{"content":"W"}})");
  EXPECT_EQ(item.stream->content, "S");
  EXPECT_EQ(item.response->body, "R");
  EXPECT_EQ(item.ws->content, "W");
}

TEST(PublishItem, NestedFormatsWinOverTheOldLayout) {
  auto item = parsed_item(R"("formats":{"http-stream":{"content":"new"}},"http-response":{"body":5})");
  EXPECT_EQ(item.stream->content, "new");
  EXPECT_FALSE(item.response);
}

TEST(PublishItem, NullFormatsMeanTheOldLayout) {
  EXPECT_EQ(parsed_item(R"("formats":null,"http-stream":{"content":"old"})").stream->content, "old");
}

TEST(PublishItem, ItemsWithoutFormatsAreRefused) {
  EXPECT_EQ(refused_item(R"("id":"1")"), "no formats specified");
  EXPECT_EQ(refused_item(R"("formats":{})"), "no formats specified");
  EXPECT_EQ(refused_item(R"("formats":{"http-stream":null})"), "no formats specified");
  EXPECT_EQ(refused_item(R"("http-stream":null)"), "no formats specified");
  EXPECT_EQ(refused_item(R"("telegram":{"content":"x"})"), "no formats specified");
  EXPECT_EQ(refused_item(R"("formats":[])"),
            "publish item object contains 'formats' with wrong type: an object is needed");
}

TEST(PublishItem, UnknownFormatsAloneAreRefused) {
  EXPECT_EQ(refused_item(R"("formats":{"x":{}})"),
            "unknown format 'x': known are http-response, http-stream, ws-message");
  EXPECT_EQ(refused_item(R"("formats":{"HTTP-Stream\n":{}})"),
            "unknown format 'HTTP-Stream\\x0a': known are http-response, http-stream, ws-message");
}

TEST(PublishItem, FormatsThatAreNotObjectsAreRefused) {
  EXPECT_EQ(refused_item(R"("formats":{"http-stream":"x"})"), "'http-stream' is not an object");
  EXPECT_EQ(refused_item(R"("ws-message":[])"), "'ws-message' is not an object");
}

// Exactly what the published libraries send (clients §2).
TEST(PublishItem, SpellingsOfLibraries) {
  auto js = parsed(R"({"items":[{"channel":"c","id":"1","prev-id":"0","formats":{"http-stream":{"content":"x"}}}]})");
  EXPECT_EQ(js.front().prev_id, "0");
  auto python = parsed(R"({"items":[{"channel":"c","http-stream":{"content":"x"},"meta":{}}]})");
  EXPECT_EQ(python.front().stream->content, "x");
  auto close = parsed(R"({"items":[{"channel":"c","formats":{"http-stream":{"action":"close","content":""}}}]})");
  EXPECT_EQ(close.front().stream->action, Action::close);
  auto filters = parsed(R"({"items":[{"channel":"c","http-stream":{"content":"x","content-filters":[]}}]})");
  EXPECT_EQ(filters.front().stream->content, "x");
  auto code = parsed(
      R"({"items":[{"channel":"c","formats":{"http-response":{"code":"200","reason":"OK","headers":{},"body":""}}}]})");
  EXPECT_EQ(code.front().response->code, 200);
}

// --- frames (publishing §3) ---

PublishItem parsed_frame(std::string_view frame, const std::string* topic = nullptr) {
  auto item = parse_publish_frame(frame, topic);
  EXPECT_TRUE(item.has_value()) << frame << ": " << (item ? "" : item.error().what);
  return item ? std::move(*item) : PublishItem{};
}

std::string refused_frame(std::string_view frame, const std::string* topic = nullptr) {
  auto item = parse_publish_frame(frame, topic);
  EXPECT_FALSE(item.has_value()) << frame;
  if (item) return "";
  EXPECT_EQ(item.error().status, 400);
  return item.error().what;
}

std::string tnet_item(Json format, std::string channel = "c") {
  return wire::encode_tnet({{"channel", std::move(channel)}, {"formats", {{"http-stream", std::move(format)}}}});
}

TEST(PublishFrame, ThreeEncodings) {
  EXPECT_EQ(parsed_frame(R"(J{"channel":"c","formats":{"http-stream":{"content":"x"}}})").stream->content, "x");
  EXPECT_EQ(parsed_frame("T" + tnet_item({{"content", "x"}})).stream->content, "x");
  EXPECT_EQ(parsed_frame(tnet_item({{"content", "x"}})).channel, "c");
}

TEST(PublishFrame, TnetstringContentIsRawBytes) {
  std::string raw("\0\xff\x80 eA==", 8);
  EXPECT_EQ(parsed_frame(tnet_item({{"content", raw}})).stream->content, raw);
  EXPECT_EQ(parsed_frame(tnet_item({{"content-bin", raw}, {"content", "loses"}})).stream->content, raw);
  auto response = wire::encode_tnet({{"channel", "c"}, {"http-response", {{"body-bin", raw}}}});
  EXPECT_EQ(parsed_frame(response).response->body, raw);
}

TEST(PublishFrame, TnetstringNamesMustBeUtf8) {
  EXPECT_EQ(refused_frame(tnet_item({{"content", "x"}}, "\xff")),
            "publish item object contains 'channel' with invalid value: it is not UTF-8");
  Json item = {{"channel", "c"}, {"id", "\xff"}, {"http-stream", {{"content", "x"}}}};
  EXPECT_THAT(refused_frame(wire::encode_tnet(item)), HasSubstr("'id' with invalid value"));
  item["id"] = "1";
  item["meta"] = {{"a", "\xff"}};
  EXPECT_EQ(refused_frame(wire::encode_tnet(item)), "'meta' contains 'a' with invalid value: it is not UTF-8");
  item["meta"] = {{"\xff", "a"}};
  EXPECT_THAT(refused_frame(wire::encode_tnet(item)), HasSubstr("it is not UTF-8"));
}

TEST(PublishFrame, TheTopicIsTheChannel) {
  std::string topic = "mine";
  EXPECT_EQ(parsed_frame(tnet_item({{"content", "x"}}, "someone-else"), &topic).channel, "mine");
  EXPECT_EQ(parsed_frame(R"(J{"http-stream":{"content":"x"}})", &topic).channel, "mine");
  EXPECT_EQ(parsed_frame(R"(J{"channel":5,"http-stream":{"content":"x"}})", &topic).channel, "mine");
}

TEST(PublishFrame, BadTopicsAreRefused) {
  std::string topic = "\xff";
  EXPECT_EQ(refused_frame(R"(J{"http-stream":{"content":"x"}})", &topic), "the topic is not UTF-8");
  topic = std::string(kMaxChannelBytes + 1, 'x');
  EXPECT_THAT(refused_frame(R"(J{"http-stream":{"content":"x"}})", &topic), HasSubstr("4096 are allowed"));
}

TEST(PublishFrame, RubbishIsRefused) {
  EXPECT_EQ(refused_frame(""), "the frame is empty: a publish item is needed");
  EXPECT_EQ(refused_frame("J"), "the frame is not valid JSON behind its 'J'");
  EXPECT_EQ(refused_frame("J{broken"), "the frame is not valid JSON behind its 'J'");
  EXPECT_EQ(refused_frame("Jnull"), "publish item object is not an object");
  EXPECT_THAT(refused_frame("T"), HasSubstr("tnetstring: at byte 0"));
  EXPECT_THAT(refused_frame(":"), HasSubstr("tnetstring: at byte 0"));
  EXPECT_THAT(refused_frame("-1:,"), HasSubstr("tnetstring: at byte 0"));
  EXPECT_THAT(refused_frame("T3:a:b,}"), HasSubstr("tnetstring"));
  EXPECT_THAT(refused_frame("T5:abc"), HasSubstr("5 bytes"));
  EXPECT_THAT(refused_frame("99999999:x,"), HasSubstr("99999999 bytes"));
  EXPECT_EQ(refused_frame("1:x,"), "publish item object is not an object");
  EXPECT_EQ(refused_frame(R"({"channel":"c"})").substr(0, 11), "tnetstring:");
}

}  // namespace
}  // namespace holdfast::grip
