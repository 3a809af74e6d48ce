// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/core_turns.h"

namespace holdfast::net {
namespace {

struct Waiter final : ResolveWaiter {
  void on_resolved(const std::vector<Endpoint>& endpoints, const std::string& error) override {
    ++calls;
    count = endpoints.size();
    if (count) text = endpoints[0].text();
    failure = error;
  }
  int calls = 0;
  std::size_t count = 0;
  std::string text;
  std::string failure;
};

TEST(Resolver, LiteralsAreKnownAtOnce) {
  Core core(0);
  Resolver resolver(core);
  const auto* four = resolver.known("127.0.0.1", 80);
  ASSERT_NE(four, nullptr);
  ASSERT_EQ(four->size(), 1u);
  EXPECT_EQ((*four)[0].text(), "127.0.0.1:80");
  const auto* six = resolver.known("2001:db8::1", 443);
  ASSERT_NE(six, nullptr);
  EXPECT_EQ((*six)[0].text(), "[2001:db8::1]:443");
  EXPECT_EQ(resolver.known("127.0.0.1", 80), four) << "remembered";
  EXPECT_EQ((*resolver.known("127.0.0.1", 81))[0].text(), "127.0.0.1:81");
}

TEST(Resolver, NamesAreNotKnownAtOnce) {
  Core core(0);
  Resolver resolver(core);
  EXPECT_EQ(resolver.known("localhost", 80), nullptr);
  EXPECT_EQ(resolver.known("", 80), nullptr);
}

TEST(Resolver, WaitersAreCalledLaterAndAllTogether) {
  Core core(0);
  Resolver resolver(core);
  Waiter one;
  Waiter two;
  resolver.resolve("127.0.0.1", 80, one);
  resolver.resolve("127.0.0.1", 80, two);
  EXPECT_EQ(one.calls + two.calls, 0);
  ASSERT_TRUE(test::run_until(core, [&] { return one.calls == 1; }));
  EXPECT_EQ(two.calls, 1) << "one look-up for both";
  EXPECT_EQ(one.text, "127.0.0.1:80");
  EXPECT_EQ(one.failure, "");
}

TEST(Resolver, NamesAreRememberedForAWhile) {
  Core core(0);
  Resolver resolver(core);
  Waiter waiter;
  resolver.resolve("localhost", 8080, waiter);
  ASSERT_TRUE(test::run_until(core, [&] { return waiter.calls == 1; }));
  ASSERT_GT(waiter.count, 0u) << waiter.failure;
  const auto* known = resolver.known("localhost", 8080);
  ASSERT_NE(known, nullptr);
  EXPECT_EQ((*known)[0].text(), waiter.text);
  EXPECT_EQ(resolver.known("localhost", 8081), nullptr) << "another port is another name";
}

TEST(Resolver, LocalhostIsThisMachineWhereNobodyHasWrittenItDown) {
  Core core(0);
  Resolver resolver(core);
  Waiter name;
  Waiter other;
  resolver.resolve("API.localhost.", 8080, name);
  resolver.resolve("notlocalhost", 8080, other);
  ASSERT_TRUE(test::run_until(core, [&] { return name.calls + other.calls == 2; }));
  EXPECT_EQ(name.text, "127.0.0.1:8080");
  EXPECT_EQ(other.count, 0u);
}

TEST(Resolver, AWaiterThatIsGoneIsNotCalled) {
  Core core(0);
  Resolver resolver(core);
  auto gone = std::make_unique<Waiter>();
  Waiter unlinked;
  Waiter waiter;
  resolver.resolve("127.0.0.1", 80, *gone);
  resolver.resolve("127.0.0.1", 80, unlinked);
  resolver.resolve("127.0.0.1", 80, waiter);
  gone.reset();
  unlinked.unlink();
  ASSERT_TRUE(test::run_until(core, [&] { return waiter.calls == 1; }));
  EXPECT_EQ(unlinked.calls, 0);
}

TEST(Resolver, MayEndBeforeItsLookUps) {
  Core core(0);
  Waiter waiter;
  auto resolver = std::make_unique<Resolver>(core);
  resolver->resolve("127.0.0.1", 80, waiter);
  waiter.unlink();
  resolver.reset();
  // Another look-up on the same core ends after the first one has.
  Resolver other(core);
  Waiter second;
  other.resolve("127.0.0.1", 81, second);
  ASSERT_TRUE(test::run_until(core, [&] { return second.calls == 1; }));
  EXPECT_EQ(waiter.calls, 0);
}

}  // namespace
}  // namespace holdfast::net
