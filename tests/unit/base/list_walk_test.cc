// SPDX-License-Identifier: Apache-2.0
#include "base/list_walk.h"

#include <deque>
#include <string>

#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

struct Item : boost::intrusive::list_base_hook<> {
  explicit Item(char n) : name(n) {}
  char name;
};
using List = boost::intrusive::list<Item>;
using Walk = ListWalk<List>;

class ListWalkTest : public ::testing::Test {
 protected:
  ~ListWalkTest() override { list_.clear(); }

  void add(std::string_view names) {
    for (char name : names) list_.push_back(items_.emplace_back(name));
  }
  void remove(char name) {
    for (auto& item : items_) {
      if (item.name != name) continue;
      Walk::pass(walks_, item);
      list_.erase(list_.iterator_to(item));
    }
  }
  static std::string rest(Walk& walk) {
    std::string names;
    while (auto* item = walk.next()) names += item->name;
    return names;
  }

  std::deque<Item> items_;
  List list_;
  Walk::Set walks_;
};

TEST_F(ListWalkTest, GoesFromTheFrontToTheEnd) {
  Walk empty(list_, walks_);
  add("abc");
  Walk walk(list_, walks_);
  EXPECT_FALSE(walk.at_end());
  EXPECT_EQ(rest(walk), "abc");
  EXPECT_TRUE(walk.at_end());
  EXPECT_EQ(walk.next(), nullptr);
  EXPECT_EQ(rest(empty), "") << "it was at the end when it began";
}

TEST_F(ListWalkTest, WhatLeavesIsPassed) {
  add("abcde");
  Walk walk(list_, walks_);
  EXPECT_EQ(walk.next()->name, 'a');
  remove('a');  // behind it
  remove('b');  // the next one
  remove('d');  // in front of it
  EXPECT_EQ(rest(walk), "ce");
}

TEST_F(ListWalkTest, TheLastOneMayLeave) {
  add("ab");
  Walk walk(list_, walks_);
  walk.next();
  remove('b');
  EXPECT_TRUE(walk.at_end());
  add("c");
  EXPECT_EQ(rest(walk), "") << "the end has been reached";
}

TEST_F(ListWalkTest, WhatComesIsMet) {
  add("ab");
  Walk walk(list_, walks_);
  walk.next();
  add("c");
  EXPECT_EQ(rest(walk), "bc");
}

TEST_F(ListWalkTest, ManyAtOnce) {
  add("abc");
  Walk one(list_, walks_);
  one.next();
  {
    Walk two(list_, walks_);
    remove('b');
    EXPECT_EQ(two.next()->name, 'a');
    EXPECT_EQ(two.next()->name, 'c');
  }
  EXPECT_TRUE(walks_.size() == 1);
  EXPECT_EQ(rest(one), "c");
}

}  // namespace
}  // namespace holdfast::base
