// SPDX-License-Identifier: Apache-2.0
#include "grip/instruct_document.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::grip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Instruct parsed(std::string_view body, Instruct from_headers = {}) {
  auto result = parse_instruct_document(body, std::move(from_headers));
  EXPECT_TRUE(result.has_value()) << body << ": " << (result ? "" : result.error().what);
  if (!result) return {};
  EXPECT_TRUE(result->response) << body;
  return *result;
}

std::string refused(std::string_view body) {
  auto result = parse_instruct_document(body, {});
  EXPECT_FALSE(result.has_value()) << body;
  if (result) return {};
  EXPECT_EQ(result.error().status, 502);
  return result.error().what;
}

/// A document whose hold has one channel and these further members.
std::string hold_with(std::string_view members) {
  return R"({"hold": {"channels": [{"name": "c"}], )" + std::string(members) + "}}";
}

std::string response_with(std::string_view members) {
  return R"({"response": {)" + std::string(members) + "}}";
}

/// A document with a hold of this one channel.
std::string channel_with(std::string_view members) {
  return R"({"hold": {"channels": [{)" + std::string(members) + "}]}}";
}

std::vector<std::string> channel_names(const Instruct& instruct) {
  std::vector<std::string> names;
  for (const auto& channel : instruct.channels) names.push_back(channel.name);
  return names;
}

TEST(IsInstructType, MediaTypeInAnyCaseWithParameters) {
  for (const char* type : {"application/grip-instruct", "Application/GRIP-Instruct", "application/grip-instruct ; a=b",
                           "application/grip-instruct; charset=utf-8", " application/grip-instruct"}) {
    EXPECT_TRUE(is_instruct_type(type)) << type;
  }
  for (const char* type : {"", "application/json", "application/grip-instruct2",
                           "text/plain; application/grip-instruct", "application/grip"}) {
    EXPECT_FALSE(is_instruct_type(type)) << type;
  }
}

TEST(InstructDocument, SpellingsOfLibraries) {
  auto instruct =
      parsed(R"({"hold":{"mode":"stream","channels":[{"name":"c","prev-id":"1"}],"timeout":20},)"
             R"("response":{"code":202,"reason":"Fine","headers":{"X-A":"1","X-B":"2"},"body":"hello\n"}})");
  EXPECT_EQ(instruct.hold, HoldMode::stream);
  ASSERT_THAT(channel_names(instruct), ElementsAre("c"));
  EXPECT_EQ(instruct.channels[0].prev_id, "1");
  EXPECT_EQ(instruct.timeout_s, 20);
  EXPECT_FALSE(instruct.keep_alive);
  EXPECT_EQ(instruct.response->status.code, 202);
  EXPECT_EQ(instruct.response->status.reason, "Fine");
  EXPECT_EQ(instruct.response->headers, (HeaderList{{"X-A", "1"}, {"X-B", "2"}}));
  EXPECT_EQ(instruct.response->body, "hello\n");
}

// --- JSON-1 ------------------------------------------------------------------------

TEST(InstructDocument, Json1NotJsonIsRefused) {
  for (std::string_view body : {"", "{nope", "{} x", "{\"hold\":", "\"\xff\"", "{\"a\":1e999}"}) {
    EXPECT_THAT(refused(body), HasSubstr("not valid JSON"));
  }
}

TEST(InstructDocument, Json1NotAnObjectIsRefused) {
  for (std::string_view body : {"[1]", "null", "1", "\"hold\""})
    EXPECT_THAT(refused(body), HasSubstr("not a JSON object"));
}

TEST(InstructDocument, Json1DeepNestingIsHarmless) {
  EXPECT_THAT(refused(std::string(100'000, '[')), HasSubstr("not valid JSON"));
  std::string deep = R"({"x":)" + std::string(40'000, '[') + std::string(40'000, ']') + "}";
  EXPECT_EQ(parsed(deep).hold, HoldMode::none);
}

TEST(InstructDocument, UnknownMembersAreIgnored) {
  EXPECT_THAT(channel_names(parsed(R"({"x": 1, "hold": {"y": [], "channels": [{"name": "a", "z": {}}]}})")),
              ElementsAre("a"));
}

// --- JSON-2 ------------------------------------------------------------------------

TEST(InstructDocument, Json2HoldMustBeAnObject) {
  for (const char* body : {R"({"hold": "response"})", R"({"hold": null})", R"({"hold": []})"}) {
    EXPECT_EQ(refused(body), "hold is not an object");
  }
}

TEST(InstructDocument, Json2ChannelsMustBeAList) {
  EXPECT_EQ(refused(R"({"hold": {"mode": "response"}})"), "hold.channels is missing");
  EXPECT_EQ(refused(R"({"hold": {"channels": null}})"), "hold.channels is not a list");
  EXPECT_EQ(refused(R"({"hold": {"channels": {"name": "a"}}})"), "hold.channels is not a list");
}

TEST(InstructDocument, ModeIsResponseUnlessGiven) {
  EXPECT_EQ(parsed(R"({"hold": {"channels": []}})").hold, HoldMode::response);
  EXPECT_EQ(parsed(R"({"hold": {"mode": null, "channels": []}})").hold, HoldMode::response);
  EXPECT_EQ(parsed(R"({"hold": {"mode": "response", "channels": []}})").hold, HoldMode::response);
  EXPECT_EQ(refused(R"({"hold": {"mode": "Stream", "channels": []}})"),
            "hold.mode: \"Stream\" is neither response nor stream");
  EXPECT_EQ(refused(R"({"hold": {"mode": 1, "channels": []}})"), "hold.mode is not a string");
}

TEST(InstructDocument, ChannelNames) {
  EXPECT_THAT(channel_names(parsed(R"({"hold": {"channels": [{"name": "a, b; c"}, {"name": "\u00fc"}]}})")),
              ElementsAre("a, b; c", "ü"));
  EXPECT_EQ(refused(R"({"hold": {"channels": [{"name": "a"}, "b"]}})"), "hold.channels[1] is not an object");
  EXPECT_EQ(refused(channel_with("")), "hold.channels[0].name is missing");
  EXPECT_EQ(refused(channel_with(R"("name": "")")), "hold.channels[0].name is empty");
  EXPECT_EQ(refused(R"({"hold": {"channels": [{"name": "a"}, {"name": "b"}, {"name": 3}]}})"),
            "hold.channels[2].name is not a string");
  EXPECT_EQ(refused(channel_with(R"("name": null)")), "hold.channels[0].name is not a string");
}

// --- JSON-3 ------------------------------------------------------------------------

TEST(InstructDocument, Json3NullStringsAreAbsent) {
  auto instruct = parsed(R"({"hold": {"channels": [{"name": "a", "prev-id": null}], "meta": {"m": null}},
                             "response": {"reason": null, "body": null, "body-bin": null}})");
  EXPECT_FALSE(instruct.channels[0].prev_id);
  EXPECT_THAT(instruct.meta, IsEmpty());
  EXPECT_EQ(instruct.response->status.reason, "OK");
  EXPECT_EQ(instruct.response->body, "");
  EXPECT_EQ(parsed(response_with(R"("body": "b", "body-bin": null)")).response->body, "b");
}

TEST(InstructDocument, PrevIdMustBeAString) {
  EXPECT_EQ(refused(channel_with(R"("name": "a", "prev-id": 5)")), "hold.channels[0].prev-id is not a string");
  EXPECT_FALSE(parsed(channel_with(R"("name": "a", "prev-id": "")")).channels[0].prev_id);
}

// --- JSON-4 ------------------------------------------------------------------------

TEST(InstructDocument, Json4IntegersMayBeConverted) {
  EXPECT_EQ(parsed(hold_with(R"("timeout": 0)")).timeout_s, 0);
  EXPECT_EQ(parsed(hold_with(R"("timeout": 7.9)")).timeout_s, 7);
  EXPECT_EQ(parsed(hold_with(R"("timeout": -0.5)")).timeout_s, 0);
  EXPECT_EQ(parsed(hold_with(R"("timeout": 1e2)")).timeout_s, 100);
  EXPECT_EQ(parsed(hold_with(R"("timeout": "30")")).timeout_s, 30);
  EXPECT_EQ(parsed(hold_with(R"("timeout": true)")).timeout_s, 1);
  EXPECT_EQ(parsed(hold_with(R"("timeout": 1000000000)")).timeout_s, 1'000'000'000);
  EXPECT_EQ(parsed(response_with(R"("code": "404")")).response->status.code, 404);
}

TEST(InstructDocument, Json4OtherValuesAreRefused) {
  for (const char* value : {"[5]", "{}", "null", R"("soon")", R"("")", R"("5s")", "-1", R"("-1")", "1000000001", "1e18",
                            "-1e300", "9223372036854775808", "18446744073709551615", "18446744073709551616"}) {
    EXPECT_EQ(refused(hold_with(std::string(R"("timeout": )") + value)),
              "hold.timeout is not a whole number of seconds from 0 to 1000000000")
        << value;
  }
}

// --- JSON-5 ------------------------------------------------------------------------

TEST(InstructDocument, Json5BinaryMembersWin) {
  EXPECT_EQ(parsed(response_with(R"("body": "text", "body-bin": "AAH/Ymlu")")).response->body, std::string("\0\1\xff"
                                                                                                           "bin",
                                                                                                           6));
  EXPECT_EQ(parsed(hold_with(R"("keep-alive": {"content": "x", "content-bin": "AAE="})")).keep_alive->content,
            std::string("\0\1", 2));
  EXPECT_EQ(refused(response_with(R"("body": "text", "body-bin": 1)")), "response.body-bin is not a string");
  EXPECT_EQ(refused(response_with(R"("body": {})")), "response.body is not a string");
}

// --- JSON-6 ------------------------------------------------------------------------

TEST(InstructDocument, Json6HeadersAndDocumentAreCombined) {
  Instruct headers;
  headers.hold = HoldMode::stream;
  headers.channels = {{"from-header", "1", {"f"}}};
  headers.timeout_s = 7;
  headers.keep_alive = KeepAlive{KeepAlive::Mode::idle, "h", 9};
  headers.meta = {{"a", "header"}, {"b", "header"}};
  headers.next = Link{"/next", 120};
  auto instruct = parsed(R"({"hold": {"mode": "response", "channels": [{"name": "from-document"}], "timeout": 8,
                             "keep-alive": {"content": "d"}, "meta": {"b": "document"}}})",
                         headers);
  EXPECT_EQ(instruct.hold, HoldMode::response);
  EXPECT_THAT(channel_names(instruct), ElementsAre("from-header", "from-document"));
  EXPECT_EQ(instruct.timeout_s, 8);
  EXPECT_EQ(instruct.keep_alive->content, "d");
  EXPECT_EQ(instruct.keep_alive->timeout_s, 55);
  EXPECT_THAT(instruct.meta, ElementsAre(Pair("a", "header"), Pair("b", "document")));
  ASSERT_TRUE(instruct.next);
  EXPECT_EQ(instruct.next->uri, "/next");
}

TEST(InstructDocument, Json6WhatTheDocumentLeavesOutStaysAsInTheHeaders) {
  Instruct headers;
  headers.hold = HoldMode::stream;
  headers.timeout_s = 7;
  headers.keep_alive = KeepAlive{KeepAlive::Mode::idle, "h", 9};
  for (const char* body : {"{}", R"({"hold": {"channels": []}})"}) {
    auto instruct = parsed(body, headers);
    EXPECT_EQ(instruct.hold, HoldMode::stream) << body;
    EXPECT_EQ(instruct.timeout_s, 7) << body;
    EXPECT_EQ(instruct.keep_alive->content, "h") << body;
  }
}

// --- JSON-7, JSON-8 ------------------------------------------------------------------

TEST(InstructDocument, Json7MissingResponseIs200AndEmpty) {
  auto instruct = parsed("{}");
  EXPECT_EQ(instruct.hold, HoldMode::none);
  EXPECT_EQ(instruct.response->status.code, 200);
  EXPECT_EQ(instruct.response->status.reason, "OK");
  EXPECT_THAT(instruct.response->headers, IsEmpty());
  EXPECT_EQ(instruct.response->body, "");
  EXPECT_FALSE(instruct.status);
}

TEST(InstructDocument, Json7GripStatusCountsUnlessTheDocumentHasACode) {
  Instruct headers;
  headers.status = StatusLine{404, "Lost"};
  for (const char* body : {"{}", R"({"response": {"body": "b"}})"}) {
    auto instruct = parsed(body, headers);
    EXPECT_EQ(instruct.response->status.code, 404) << body;
    EXPECT_EQ(instruct.response->status.reason, "Lost") << body;
  }
  auto instruct = parsed(response_with(R"("code": 410)"), headers);
  EXPECT_EQ(instruct.response->status.code, 410);
  EXPECT_EQ(instruct.response->status.reason, "Gone");
  EXPECT_EQ(instruct.status->code, 410);
  EXPECT_EQ(instruct.status->reason, "Gone");
}

TEST(InstructDocument, Json8ReasonDefaultsToTheStandardPhrase) {
  EXPECT_EQ(parsed(response_with(R"("code": 422)")).response->status.reason, "Unprocessable Content");
  EXPECT_EQ(parsed(response_with(R"("code": 422, "reason": "")")).response->status.reason, "Unprocessable Content");
  EXPECT_EQ(parsed(response_with(R"("code": 208, "reason": "Zzz")")).response->status.reason, "Zzz");
}

TEST(InstructDocument, CodeMustBeAFinalStatus) {
  for (const char* code :
       {"0", "100", "199", "600", "999", "-200", "4294967496", "\"abc\"", "null", "[200]", "1e300"}) {
    auto what = refused(response_with(std::string(R"("code": )") + code));
    EXPECT_THAT(what, HasSubstr("response.code")) << code;
    EXPECT_THAT(what, HasSubstr("a status code from 200 to 599")) << code;
  }
}

TEST(InstructDocument, ReasonMustNotForgeAHead) {
  for (const char* reason : {R"("OK\r\nX: y")", R"("a\nb")", R"("a\u0000b")", R"("a\u007f")"}) {
    EXPECT_EQ(refused(response_with(std::string(R"("reason": )") + reason)), "response.reason has a control character");
  }
  EXPECT_EQ(refused(response_with(R"("reason": 1)")), "response.reason is not a string");
}

TEST(InstructDocument, ResponseMustBeAnObject) {
  EXPECT_EQ(refused(R"({"response": "hello"})"), "response is not an object");
  EXPECT_EQ(refused(R"({"response": null})"), "response is not an object");
}

// --- JSON-9 ------------------------------------------------------------------------

TEST(InstructDocument, Json9KeepAliveIsByInterval) {
  auto keep_alive = parsed(hold_with(R"("keep-alive": {"content": "tick\n"})")).keep_alive;
  ASSERT_TRUE(keep_alive);
  EXPECT_EQ(keep_alive->content, "tick\n");
  EXPECT_EQ(keep_alive->mode, KeepAlive::Mode::interval);
  EXPECT_EQ(keep_alive->timeout_s, 55);
}

TEST(InstructDocument, Json9KeepAliveTimeoutAndMode) {
  auto keep_alive = parsed(hold_with(R"("keep-alive": {"content": "x", "timeout": 0, "mode": "idle"})")).keep_alive;
  ASSERT_TRUE(keep_alive);
  EXPECT_EQ(keep_alive->timeout_s, 1);
  EXPECT_EQ(keep_alive->mode, KeepAlive::Mode::idle);
  EXPECT_EQ(parsed(hold_with(R"("keep-alive": {"content": "x", "timeout": 20})")).keep_alive->timeout_s, 20);
}

TEST(InstructDocument, BadKeepAliveIsRefused) {
  EXPECT_EQ(refused(hold_with(R"("keep-alive": "x")")), "hold.keep-alive is not an object");
  EXPECT_EQ(refused(hold_with(R"("keep-alive": {})")), "hold.keep-alive has neither content nor content-bin");
  EXPECT_EQ(refused(hold_with(R"("keep-alive": {"content": ""})")), "hold.keep-alive.content is empty");
  EXPECT_EQ(refused(hold_with(R"("keep-alive": {"content": 1})")), "hold.keep-alive.content is not a string");
  EXPECT_EQ(refused(hold_with(R"("keep-alive": {"content": "x", "mode": "never"})")),
            "hold.keep-alive.mode: the mode \"never\" is neither idle nor interval");
  EXPECT_THAT(refused(hold_with(R"("keep-alive": {"content": "x", "timeout": -1})")),
              HasSubstr("hold.keep-alive.timeout is not a whole number"));
}

// --- JSON-10 -----------------------------------------------------------------------

TEST(InstructDocument, Json10AtMostFiveFilters) {
  EXPECT_THAT(parsed(channel_with(R"("name": "a", "filters": ["1", "2", "3", "4", "5"])")).channels[0].filters,
              ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_EQ(refused(channel_with(R"("name": "a", "filters": ["1", "2", "3", "4", "5", "6"])")),
            "hold.channels[0].filters has 6 elements, 5 are allowed");
}

TEST(InstructDocument, FiltersMustBeAListOfStrings) {
  EXPECT_EQ(refused(channel_with(R"("name": "a", "filters": "skip-self")")), "hold.channels[0].filters is not a list");
  EXPECT_EQ(refused(channel_with(R"("name": "a", "filters": ["x", 1])")),
            "hold.channels[0].filters[1] is not a string");
}

TEST(InstructDocument, MetaMustBeAnObjectOfStrings) {
  EXPECT_THAT(parsed(hold_with(R"("meta": {"user": "u", "e": ""})")).meta,
              ElementsAre(Pair("e", ""), Pair("user", "u")));
  EXPECT_EQ(refused(hold_with(R"("meta": [])")), "hold.meta is not an object");
  EXPECT_EQ(refused(hold_with(R"("meta": {"a\nb": 1})")), R"(hold.meta["a\x0ab"] is not a string)");
  EXPECT_EQ(refused(hold_with(R"("meta": {"": "x"})")), "hold.meta has a member with an empty name");
}

// --- JSON-11 and headers -------------------------------------------------------------

TEST(InstructDocument, Json11HeadersAsListKeepOrderAndDuplicates) {
  EXPECT_EQ(parsed(response_with(R"("headers": [["X-B", "1"], ["X-A", " 2 "], ["X-B", "3"]])")).response->headers,
            (HeaderList{{"X-B", "1"}, {"X-A", "2"}, {"X-B", "3"}}));
}

TEST(InstructDocument, Json11HeadersAsObject) {
  EXPECT_EQ(parsed(response_with(R"("headers": {"X-A": "1", "X-B": "ü"})")).response->headers,
            (HeaderList{{"X-A", "1"}, {"X-B", "ü"}}));
  EXPECT_THAT(parsed(response_with(R"("headers": {})")).response->headers, IsEmpty());
}

TEST(InstructDocument, FramingConnectionAndGripHeadersAreLeftOut) {
  EXPECT_EQ(parsed(response_with(R"("headers": [["Connection", "close"], ["content-length", "5"],
              ["Transfer-Encoding", "chunked"], ["Keep-Alive", "x"], ["Upgrade", "h2c"], ["Trailer", "X"], ["TE", "x"],
              ["Proxy-Connection", "x"], ["Grip-Hold", "stream"], ["GRIP-FOO", "x"], ["Content-Type", "a/b"]])"))
                .response->headers,
            (HeaderList{{"Content-Type", "a/b"}}));
}

TEST(InstructDocument, HeadersOfOtherShapesAreRefused) {
  EXPECT_EQ(refused(response_with(R"("headers": "X: y")")), "response.headers is neither a list nor an object");
  EXPECT_EQ(refused(response_with(R"("headers": null)")), "response.headers is neither a list nor an object");
  for (const char* pair : {R"("X")", R"(["X"])", R"(["X", "1", "2"])", R"({"X": "1"})"}) {
    EXPECT_EQ(refused(response_with(std::string(R"("headers": [["A", "b"], )") + pair + "]")),
              "response.headers[1] is not a pair of name and value");
  }
  EXPECT_EQ(refused(response_with(R"("headers": [[1, "x"]])")), "response.headers[0]: the name is not a string");
  EXPECT_EQ(refused(response_with(R"("headers": [["X", 1]])")), "response.headers[0]: the value is not a string");
  EXPECT_EQ(refused(response_with(R"("headers": {"X": null})")), "response.headers[\"X\"]: the value is not a string");
}

TEST(InstructDocument, HeadersMustNotForgeAHead) {
  for (const char* name : {R"("")", R"("X Y")", R"("X:")", R"("X\r\nY")", R"("X\u0000")", R"("ü")"}) {
    EXPECT_THAT(refused(response_with(std::string(R"("headers": [[)") + name + R"(, "v"]])")),
                HasSubstr("is not a legal header name"));
  }
  for (const char* value : {R"("a\r\nSet-Cookie: x")", R"("a\nb")", R"("a\rb")", R"("a\u0000b")", R"("\u001b")"}) {
    EXPECT_EQ(refused(response_with(std::string(R"("headers": [["X", )") + value + "]]")),
              "response.headers[0]: the value has a control character");
  }
  EXPECT_EQ(refused(response_with(R"("headers": {"X\r\nY": "v"})")),
            R"(response.headers["X\x0d\x0aY"]: "X\x0d\x0aY" is not a legal header name)");
}

}  // namespace
}  // namespace holdfast::grip
