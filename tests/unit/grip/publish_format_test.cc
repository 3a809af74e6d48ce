// SPDX-License-Identifier: Apache-2.0
#include "grip/publish_format.h"

#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace holdfast::grip {
namespace {

using base::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

PublishItem read(const char* format, const Json& value, ItemEncoding encoding = ItemEncoding::json) {
  PublishItem item;
  auto problem = read_format(*find_format(format), value, encoding, item);
  EXPECT_FALSE(problem.has_value()) << (problem ? problem->what : "");
  return item;
}

std::string refused(const char* format, const Json& value, ItemEncoding encoding = ItemEncoding::json) {
  PublishItem item;
  auto problem = read_format(*find_format(format), value, encoding, item);
  EXPECT_TRUE(problem.has_value());
  if (!problem) return "";
  EXPECT_EQ(problem->status, 400);
  return problem->what;
}

StreamFormat stream(std::string_view json) {
  return read("http-stream", Json::parse(json)).stream.value_or(StreamFormat{});
}
ResponseFormat response(std::string_view json) {
  return read("http-response", Json::parse(json)).response.value_or(ResponseFormat{});
}
WsFormat ws(std::string_view json) {
  return read("ws-message", Json::parse(json)).ws.value_or(WsFormat{});
}

std::string bad_stream(std::string_view json) {
  return refused("http-stream", Json::parse(json));
}
std::string bad_response(std::string_view json) {
  return refused("http-response", Json::parse(json));
}
std::string bad_ws(std::string_view json) {
  return refused("ws-message", Json::parse(json));
}

TEST(Formats, NamesAreExact) {
  EXPECT_TRUE(find_format("http-stream"));
  EXPECT_FALSE(find_format("HTTP-Stream"));
  EXPECT_FALSE(find_format("http-strea"));
  EXPECT_FALSE(find_format(""));
  EXPECT_EQ(known_formats().size(), 3u);
}

// --- http-stream ---

TEST(StreamFormat, Send) {
  EXPECT_EQ(stream(R"({"content":"x\n"})").content, "x\n");
  EXPECT_EQ(stream(R"({"content":"x","action":"send"})").action, Action::send);
  EXPECT_EQ(stream(R"({"content":""})").content, "");
  EXPECT_EQ(stream(R"({"content":"x","action":null})").action, Action::send);
}

TEST(StreamFormat, BinaryContentWinsAndIsLenientBase64) {
  EXPECT_EQ(stream(R"({"content-bin":"Zm9v\nYmFy","content":"text"})").content, "foobar");
  EXPECT_EQ(stream(R"({"content-bin":"AP8="})").content, std::string("\0\xff", 2));
  EXPECT_EQ(stream(R"({"content-bin":"_-8"})").content, "\xff\xef");
  EXPECT_EQ(stream(R"({"content-bin":null,"content":"text"})").content, "text");
}

TEST(StreamFormat, CloseNeedsNoContent) {
  EXPECT_EQ(stream(R"({"action":"close"})").action, Action::close);
  EXPECT_EQ(stream(R"({"action":"close","content":"x"})").content, "");
  EXPECT_EQ(stream(R"({"action":"close","content":5})").action, Action::close);
}

TEST(StreamFormat, BadContentIsRefused) {
  EXPECT_EQ(bad_stream("{}"), "'http-stream' does not contain 'content' or 'content-bin'");
  EXPECT_EQ(bad_stream(R"({"content":null})"), "'http-stream' does not contain 'content' or 'content-bin'");
  EXPECT_EQ(bad_stream(R"({"content":1})"), "'http-stream' contains 'content' with wrong type: a string is needed");
  EXPECT_EQ(bad_stream(R"({"content-bin":1,"content":"x"})"),
            "'http-stream' contains 'content-bin' with wrong type: a string is needed");
}

TEST(StreamFormat, BadActionsAreRefused) {
  EXPECT_EQ(bad_stream(R"({"action":"fly"})"),
            "'http-stream' contains 'action' with unknown value 'fly': known are send, close");
  EXPECT_EQ(bad_stream(R"({"action":""})"),
            "'http-stream' contains 'action' with unknown value '': known are send, close");
  EXPECT_THAT(bad_stream(R"({"action":"refresh"})"), HasSubstr("unknown value 'refresh'"));
  EXPECT_THAT(bad_stream(R"({"action":"Close"})"), HasSubstr("unknown value 'Close'"));
  EXPECT_EQ(bad_stream(R"({"action":1,"content":"x"})"),
            "'http-stream' contains 'action' with wrong type: a string is needed");
  EXPECT_EQ(bad_stream(R"({"action":"hint"})"), "'http-stream': action 'hint' is not yet supported");
}

TEST(StreamFormat, ContentFilters) {
  EXPECT_EQ(stream(R"({"content":"x","content-filters":[]})").content, "x");
  EXPECT_EQ(bad_stream(R"({"content":"x","content-filters":["build-id"]})"),
            "'http-stream': content-filters are not yet supported");
  EXPECT_EQ(bad_stream(R"({"content":"x","content-filters":"a"})"),
            "'http-stream' contains 'content-filters' with wrong type: a list of strings is needed");
  EXPECT_THAT(bad_stream(R"({"content":"x","content-filters":[1]})"), HasSubstr("a list of strings"));
  EXPECT_THAT(bad_stream(R"({"content":"x","content-filters":{}})"), HasSubstr("a list of strings"));
}

// --- http-response ---

TEST(ResponseFormat, Defaults) {
  auto format = response(R"({"body":"x"})");
  EXPECT_EQ(format.action, Action::send);
  EXPECT_EQ(format.code, 200);
  EXPECT_EQ(format.reason, "OK");
  EXPECT_THAT(format.headers, IsEmpty());
  EXPECT_EQ(format.body, "x");
  EXPECT_FALSE(format.expose);
}

TEST(ResponseFormat, CodeMayBeAnythingLikeAWholeNumber) {
  EXPECT_EQ(response(R"({"code":404,"body":""})").reason, "Not Found");
  EXPECT_EQ(response(R"({"code":"201","body":""})").code, 201);
  EXPECT_EQ(response(R"({"code":202.9,"body":""})").code, 202);
  EXPECT_EQ(response(R"({"code":null,"body":""})").code, 200);
  EXPECT_EQ(response(R"({"code":599,"body":""})").code, 599);
}

TEST(ResponseFormat, CodesThatAreNoFinalStatusAreRefused) {
  for (const char* code : {"0", "-1", "100", "101", "199", "600", "1000", "true", "9223372036854775807"}) {
    EXPECT_THAT(bad_response(std::string(R"({"body":"","code":)") + code + "}"),
                HasSubstr("is not a status code from 200 to 599"))
        << code;
  }
  for (const char* code : {"[]", "{}", "\"\"", "\"OK\"", "\"200 OK\"", "1e99"}) {
    EXPECT_EQ(bad_response(std::string(R"({"body":"","code":)") + code + "}"),
              "'http-response' contains 'code' with wrong type: a whole number is needed")
        << code;
  }
}

TEST(ResponseFormat, Reason) {
  EXPECT_EQ(response(R"({"reason":"Fine","body":""})").reason, "Fine");
  EXPECT_EQ(response(R"({"reason":"","body":""})").reason, "OK");
  EXPECT_THAT(bad_response(R"({"reason":1,"body":""})"), HasSubstr("'reason' with wrong type"));
  EXPECT_THAT(bad_response(R"({"reason":"a\r\nX: y","body":""})"), HasSubstr("control character"));
  EXPECT_THAT(bad_response(R"({"reason":"a\u0000","body":""})"), HasSubstr("control character"));
}

TEST(ResponseFormat, HeadersAsObjectOrPairs) {
  EXPECT_THAT(response(R"({"body":"","headers":{"X-A":"1","X-B":" 2 "}})").headers,
              UnorderedElementsAre(Header{"X-A", "1"}, Header{"X-B", "2"}));
  EXPECT_THAT(response(R"({"body":"","headers":[["X-A","1"],["X-A","2"]]})").headers,
              ElementsAre(Header{"X-A", "1"}, Header{"X-A", "2"}));
  EXPECT_THAT(response(R"({"body":"","headers":null})").headers, IsEmpty());
  EXPECT_THAT(response(R"({"body":"","headers":{"X-A":""}})").headers, ElementsAre(Header{"X-A", ""}));
}

TEST(ResponseFormat, FramingHeadersAreDropped) {
  auto format = response(R"({"body":"","headers":{"Connection":"close","content-length":"5","Transfer-Encoding":
    "chunked","Keep-Alive":"timeout=5","Upgrade":"x","Trailer":"x","TE":"trailers","Proxy-Connection":"close",
    "Content-Type":"text/plain"}})");
  EXPECT_THAT(format.headers, ElementsAre(Header{"Content-Type", "text/plain"}));
}

TEST(ResponseFormat, LP4_GripHeadersAreStripped) {
  auto format = response(R"({"body":"","headers":{"Grip-Hold":"stream","grip-channel":"x","Grip_Sig":"x","X":"1"}})");
  EXPECT_THAT(format.headers, ElementsAre(Header{"X", "1"}));
  EXPECT_FALSE(format.expose);
}

TEST(ResponseFormat, LP4_ExposeHeaders) {
  auto format = response(
      R"({"body":"","headers":[["Grip-Expose-Headers","X-A, X-B"],["grip-expose-headers","X-C"],["X-A","1"]]})");
  ASSERT_TRUE(format.expose);
  EXPECT_THAT(*format.expose, ElementsAre("X-A", "X-B", "X-C"));
  EXPECT_THAT(format.headers, ElementsAre(Header{"X-A", "1"}));
}

TEST(ResponseFormat, LP4_EmptyExposeHeadersExposesNothing) {
  auto format = response(R"({"body":"","headers":{"Grip-Expose-Headers":""}})");
  ASSERT_TRUE(format.expose);
  EXPECT_THAT(*format.expose, IsEmpty());
}

TEST(ResponseFormat, BadHeaderShapesAreRefused) {
  auto bad = [](std::string headers) { return bad_response(R"({"body":"","headers":)" + std::move(headers) + "}"); };
  EXPECT_EQ(bad(R"("X: y")"),
            "'http-response' contains 'headers' with wrong type: an object or a list of pairs is needed");
  EXPECT_EQ(bad(R"({"A":1})"), "'http-response': headers contains 'A' with wrong type: the value is not a string");
  EXPECT_EQ(bad(R"([["A","1"],["A",null]])"),
            "'http-response': headers contains element 1 with wrong type: the value is not a string");
  EXPECT_EQ(bad(R"([[1,"1"]])"),
            "'http-response': headers contains element 0 with wrong type: the name is not a string");
  EXPECT_EQ(bad(R"(["x"])"),
            "'http-response': headers contains element 0 with wrong type: a list of name and value is needed");
  EXPECT_EQ(bad(R"([["a","b","c"]])"),
            "'http-response': headers contains element 0, a list with wrong number of elements: name and value are "
            "needed");
  EXPECT_THAT(bad("[[]]"), HasSubstr("wrong number of elements"));
}

TEST(ResponseFormat, HeadersThatCouldInjectAreRefused) {
  auto bad = [](const Json& name, const Json& value) {
    return refused("http-response", {{"body", ""}, {"headers", {{name, value}}}});
  };
  for (const char* name : {"", "a b", "a:", "a\r\nb", "a\n", "\xc3\xa4", "a(b)"}) {
    EXPECT_THAT(bad(name, "x"), HasSubstr("with an illegal name")) << name;
  }
  for (const auto& value : {std::string("a\r\nX: y"), std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3),
                            std::string("a\x7f"), std::string("a\x1b")}) {
    EXPECT_THAT(bad("X", value), HasSubstr("with an illegal value")) << value;
  }
  EXPECT_THAT(bad("Grip-Hold", "a\nb"), HasSubstr("with an illegal value")) << "also where it would be dropped";
}

TEST(ResponseFormat, Body) {
  EXPECT_EQ(response(R"({"body-bin":"AP8=","body":"text"})").body, std::string("\0\xff", 2));
  EXPECT_EQ(response(R"({"body":""})").body, "");
  EXPECT_EQ(response(R"({"body":"x","body-patch":[]})").body, "x");
  EXPECT_EQ(bad_response("{}"), "'http-response' does not contain 'body', 'body-bin', or 'body-patch'");
  EXPECT_EQ(bad_response(R"({"body":null})"), "'http-response' does not contain 'body', 'body-bin', or 'body-patch'");
  EXPECT_EQ(bad_response(R"({"body":[]})"), "'http-response' contains 'body' with wrong type: a string is needed");
}

TEST(ResponseFormat, BodyPatchIsNotYetSupported) {
  EXPECT_EQ(bad_response(R"({"body-patch":{}})"),
            "'http-response' contains 'body-patch' with wrong type: a list is needed");
  EXPECT_EQ(bad_response(R"({"body-patch":[]})"), "'http-response': 'body-patch' is not yet supported");
}

TEST(ResponseFormat, BadActionsAreRefused) {
  EXPECT_EQ(bad_response(R"({"action":"close","body":""})"),
            "'http-response' contains 'action' with unknown value 'close': known are send");
  EXPECT_EQ(bad_response(R"({"action":"hint"})"), "'http-response': action 'hint' is not yet supported");
}

TEST(ResponseFormat, ContentFilters) {
  EXPECT_EQ(response(R"({"body":"x","content-filters":[]})").body, "x");
  EXPECT_THAT(bad_response(R"({"body":"x","content-filters":["a"]})"), HasSubstr("not yet supported"));
}

// --- ws-message ---

TEST(WsFormat, TypeFollowsTheMember) {
  auto text = ws(R"({"content":"x"})");
  EXPECT_EQ(text.type, WsType::text);
  EXPECT_EQ(text.content, "x");
  auto binary = ws(R"({"content-bin":"AP8=","content":"x"})");
  EXPECT_EQ(binary.type, WsType::binary);
  EXPECT_EQ(binary.content, std::string("\0\xff", 2));
}

TEST(WsFormat, TypeMayBeGiven) {
  EXPECT_EQ(ws(R"({"type":"binary","content":"x"})").type, WsType::binary);
  EXPECT_EQ(ws(R"({"type":"text","content-bin":"eA=="})").type, WsType::text);
  EXPECT_EQ(ws(R"({"type":"ping"})").type, WsType::ping);
  EXPECT_EQ(ws(R"({"type":"pong","content":"p"})").content, "p");
  EXPECT_EQ(bad_ws(R"({"type":"x","content":""})"),
            "'ws-message' contains 'type' with unknown value 'x': known are text, binary, ping, pong");
  EXPECT_THAT(bad_ws(R"({"type":1,"content":""})"), HasSubstr("'type' with wrong type"));
}

TEST(WsFormat, ContentIsNeededButForPings) {
  for (const char* format : {"{}", R"({"type":"text"})", R"({"type":"binary"})", R"({"content":null})"}) {
    EXPECT_EQ(bad_ws(format), "'ws-message' does not contain 'content' or 'content-bin'") << format;
  }
  EXPECT_THAT(bad_ws(R"({"content-bin":[]})"), HasSubstr("'content-bin' with wrong type"));
}

TEST(WsFormat, TextMustBeUtf8) {
  EXPECT_THAT(bad_ws(R"({"type":"text","content-bin":"/w=="})"), HasSubstr("is not UTF-8: use type binary"));
  Json raw = {{"content", "\xff"}};
  EXPECT_THAT(refused("ws-message", raw, ItemEncoding::tnet), HasSubstr("is not UTF-8"));
  raw["type"] = "binary";
  EXPECT_EQ(read("ws-message", raw, ItemEncoding::tnet).ws->content, "\xff");
  Json bin = {{"content-bin", "\xff"}};
  EXPECT_EQ(read("ws-message", bin, ItemEncoding::tnet).ws->type, WsType::binary);
}

TEST(WsFormat, PingContentIsLimited) {
  EXPECT_EQ(ws(R"({"type":"ping","content":")" + std::string(125, 'x') + "\"}").content.size(), 125u);
  EXPECT_EQ(bad_ws(R"({"type":"pong","content":")" + std::string(126, 'x') + "\"}"),
            "'ws-message': the content of a ping or pong has 126 bytes, 125 are allowed");
}

TEST(WsFormat, Close) {
  auto format = ws(R"({"action":"close","code":1001,"reason":"bye"})");
  EXPECT_EQ(format.action, Action::close);
  EXPECT_EQ(format.code, 1001);
  EXPECT_EQ(format.reason, "bye");
  EXPECT_EQ(ws(R"({"action":"close"})").code, std::nullopt);
  EXPECT_EQ(ws(R"({"action":"close","code":null})").code, std::nullopt);
  EXPECT_EQ(ws(R"({"action":"close","code":"4999"})").code, 4999);
}

TEST(WsFormat, CloseCodeZeroMeansNone) {
  EXPECT_EQ(ws(R"({"action":"close","code":0})").code, std::nullopt);
}

TEST(WsFormat, IllegalCloseCodesAreRefused) {
  for (int code : {-1, 1, 999, 1005, 1006, 1015, 5000, 65536}) {
    EXPECT_THAT(refused("ws-message", {{"action", "close"}, {"code", code}}),
                HasSubstr("'code' with invalid value: " + std::to_string(code)));
  }
  EXPECT_THAT(bad_ws(R"({"action":"close","code":"x"})"), HasSubstr("'code' with wrong type"));
}

TEST(WsFormat, CloseReasonIsLimited) {
  EXPECT_EQ(ws(R"({"action":"close","code":1000,"reason":")" + std::string(123, 'x') + "\"}").reason.size(), 123u);
  EXPECT_EQ(bad_ws(R"({"action":"close","code":1000,"reason":")" + std::string(124, 'x') + "\"}"),
            "'ws-message' contains 'reason' with invalid value: it has 124 bytes, 123 are allowed");
  Json raw = {{"action", "close"}, {"reason", "\xff"}};
  EXPECT_THAT(refused("ws-message", raw, ItemEncoding::tnet), HasSubstr("it is not UTF-8"));
}

TEST(WsFormat, RefreshNeedsNothing) {
  EXPECT_EQ(ws(R"({"action":"refresh"})").action, Action::refresh);
}

TEST(WsFormat, BadActionsAreRefused) {
  EXPECT_EQ(bad_ws(R"({"action":"hint"})"),
            "'ws-message' contains 'action' with unknown value 'hint': known are send, close, refresh");
}

TEST(WsFormat, ContentFilters) {
  EXPECT_EQ(ws(R"({"content":"x","content-filters":[]})").content, "x");
  EXPECT_THAT(bad_ws(R"({"content":"x","content-filters":["a"]})"), HasSubstr("not yet supported"));
}

}  // namespace
}  // namespace holdfast::grip
