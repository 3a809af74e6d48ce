// SPDX-License-Identifier: Apache-2.0
#include "wire/header_block.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

std::vector<Header> fields_of(const HeaderBlock& block) {
  std::vector<Field> fields;
  block.append_to(fields);
  std::vector<Header> kept;
  for (const auto& field : fields) kept.push_back({std::string(field.name), std::string(field.value)});
  return kept;
}

TEST(HeaderBlock, IsOnePointer) {
  EXPECT_EQ(sizeof(HeaderBlock), sizeof(void*));
}

TEST(HeaderBlock, EmptyOnes) {
  EXPECT_TRUE(fields_of(HeaderBlock()).empty());
  EXPECT_TRUE(fields_of(HeaderBlock(Fields())).empty());
}

TEST(HeaderBlock, KeepsACopy) {
  std::vector<Header> expected;
  HeaderBlock block;
  {
    std::vector<Header> source;
    // Every size of text modulo the block's word.
    for (std::size_t i = 0; i < 9; ++i) source.push_back({std::string(i, 'n'), std::string(2 * i, 'v')});
    source.push_back({"Nul", std::string("a\0b", 3)});
    source.push_back({"Nul", "twice"});
    std::vector<Field> fields;
    for (const auto& header : source) fields.push_back({header.name, header.value});
    block = HeaderBlock(fields);
    expected = source;
  }
  EXPECT_EQ(fields_of(block), expected);
  auto moved = std::move(block);
  EXPECT_EQ(fields_of(moved), expected);
  EXPECT_TRUE(fields_of(block).empty()) << "moved away";
}

TEST(HeaderBlock, Appends) {
  const std::vector<Field> one{{"A", "b"}};
  HeaderBlock block(one);
  std::vector<Field> fields{{"x", "y"}};
  block.append_to(fields);
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].name, "x");
  EXPECT_EQ(fields[1].value, "b");
}

}  // namespace
}  // namespace holdfast::wire
