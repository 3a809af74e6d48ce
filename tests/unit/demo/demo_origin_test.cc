// SPDX-License-Identifier: Apache-2.0
#include "demo/demo_origin.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "channel/hub.h"
#include "demo/page.h"

namespace holdfast::demo {
namespace {

using base::Json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The origin with a hub that nobody listens to: it counts what is published.
class DemoOriginTest : public testing::Test {
 protected:
  DemoOriginTest() { origin_.set_hub(hub_); }

  origin::BuiltinResponse ask(std::string_view method, std::string_view target, std::string_view body = {}) {
    return origin_.respond({method, target, body, {}});
  }
  origin::BuiltinResponse get(std::string_view target) { return ask("GET", target); }
  std::uint64_t published() const { return hub_.counters().get(base::Counter::published); }

  static std::optional<std::string> header(const origin::BuiltinResponse& response, std::string_view name) {
    for (const auto& h : response.headers) {
      if (h.name == name) return h.value;
    }
    return std::nullopt;
  }
  static std::uint64_t version(const origin::BuiltinResponse& response) {
    return Json::parse(response.body)["version"].get<std::uint64_t>();
  }

  channel::Hub hub_{{}};
  DemoOrigin origin_{"http://127.0.0.1:5561"};
};

TEST_F(DemoOriginTest, ServesThePageWithTheControlAddressInIt) {
  auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("http://127.0.0.1:5561/publish/"),
                               Not(HasSubstr(std::string(kControlMark)))));
  EXPECT_FALSE(header(page, "Grip-Hold"));
}

TEST_F(DemoOriginTest, TheControlAddressCannotBecomeMarkup) {
  DemoOrigin origin("http://\"><script>&");
  auto page = origin.respond({"GET", "/", {}, {}});
  EXPECT_THAT(page.body,
              AllOf(HasSubstr("http://&quot;&gt;&lt;script&gt;&amp;/publish/"), Not(HasSubstr("\"><script"))));
}

TEST_F(DemoOriginTest, ThePageNeedsNothingFromElsewhere) {
  auto body = get("/").body;
  for (const auto* loaded : {"src=", "@import", "url(", "import("}) EXPECT_THAT(body, Not(HasSubstr(loaded)));
  EXPECT_THAT(*header(get("/"), "Content-Security-Policy"), StartsWith("default-src 'none'; "));
  EXPECT_THAT(body, Not(HasSubstr("innerHTML")));
}

TEST_F(DemoOriginTest, AChangeIsPublishedAndAnswered) {
  auto first = ask("POST", "/increment");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "{\"counter\":1,\"messages\":[],\"version\":1}\n");
  EXPECT_EQ(published(), 1u);
  auto second = ask("POST", "/message", "hello");
  EXPECT_EQ(second.body, "{\"counter\":1,\"messages\":[{\"text\":\"hello\",\"version\":2}],\"version\":2}\n");
  EXPECT_EQ(published(), 2u);
  EXPECT_EQ(get("/state").body, second.body);
}

TEST_F(DemoOriginTest, ARefusedMessageIsNotPublished) {
  auto refused = ask("POST", "/message", "");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body, "the message is empty: send a text as the body\n");
  EXPECT_EQ(ask("POST", "/message", std::string(501, 'x')).status, 413);
  EXPECT_EQ(published(), 0u);
  EXPECT_EQ(version(get("/state")), 0u);
}

TEST_F(DemoOriginTest, AStreamBeginsWithTheStateAndIsHeld) {
  ask("POST", "/increment");
  auto stream = get("/stream");
  EXPECT_EQ(stream.status, 200);
  EXPECT_EQ(header(stream, "Content-Type"), "text/event-stream");
  EXPECT_EQ(header(stream, "Grip-Hold"), "stream");
  EXPECT_EQ(header(stream, "Grip-Channel"), "demo");
  EXPECT_EQ(header(stream, "Grip-Keep-Alive"), ":\\n\\n; format=cstring; timeout=20");
  EXPECT_EQ(stream.body, "retry: 1000\nid: 1\nevent: state\ndata: {\"counter\":1,\"messages\":[],\"version\":1}\n\n");
}

TEST_F(DemoOriginTest, APollIsHeldOnlyAtThePresentVersion) {
  ask("POST", "/increment");
  auto held = get("/poll?after=1");
  EXPECT_EQ(header(held, "Grip-Hold"), "response");
  EXPECT_EQ(header(held, "Grip-Channel"), "demo");
  EXPECT_EQ(header(held, "Grip-Timeout"), "25");
  EXPECT_EQ(version(held), 1u) << "what the client is told when nothing happens";

  // Behind; without a version; and ahead, which is of an earlier run.
  for (const auto* target : {"/poll?after=0", "/poll", "/poll?x=1", "/poll?after=2"}) {
    auto answered = get(target);
    EXPECT_FALSE(header(answered, "Grip-Hold")) << target;
    EXPECT_EQ(answered.status, 200) << target;
    EXPECT_EQ(version(answered), 1u) << target;
  }
}

TEST_F(DemoOriginTest, APollForNoVersionIsRefused) {
  for (const auto* target : {"/poll?after=", "/poll?after=-1", "/poll?after=1x", "/poll?after=99999999999999999999"}) {
    auto refused = get(target);
    EXPECT_EQ(refused.status, 400) << target;
    EXPECT_FALSE(header(refused, "Grip-Hold")) << target;
  }
}

TEST_F(DemoOriginTest, OtherMethodsAndPathsAreRefused) {
  auto increment = get("/increment");
  EXPECT_EQ(increment.status, 405);
  EXPECT_EQ(header(increment, "Allow"), "POST");
  auto page = ask("POST", "/");
  EXPECT_EQ(page.status, 405);
  EXPECT_EQ(header(page, "Allow"), "GET");
  EXPECT_EQ(get("/nowhere").status, 404);
  EXPECT_EQ(get("/poll/").status, 404);
  EXPECT_EQ(published(), 0u);
}

TEST_F(DemoOriginTest, HeadIsAnsweredAsGet) {
  auto head = ask("HEAD", "/");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, get("/").body);
}

TEST_F(DemoOriginTest, NothingOfItIsCached) {
  for (const auto* target : {"/", "/state", "/stream", "/poll", "/poll?after=0", "/nowhere"}) {
    EXPECT_EQ(header(get(target), "Cache-Control"), "no-store") << target;
  }
}

TEST_F(DemoOriginTest, AllCoresMayAskAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kChanges = 250;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < kChanges; ++i) ask("POST", "/increment");
    });
  }
  for (auto& thread : threads) thread.join();
  auto state = Json::parse(get("/state").body);
  EXPECT_EQ(state["counter"], kThreads * kChanges);
  EXPECT_EQ(published(), static_cast<std::uint64_t>(kThreads * kChanges));
}

}  // namespace
}  // namespace holdfast::demo
