// SPDX-License-Identifier: Apache-2.0
#include "channel/run.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/messages.h"

namespace holdfast::channel {
namespace {

using test::close_message;
using test::response_message;
using test::stream_message;

std::string joined(std::span<const Slice> slices) {
  std::string text;
  for (const auto& slice : slices) text += slice.view();
  return text;
}

TEST(Run, PreparesBothFormsOfTheSameBlocks) {
  std::vector<MessageRef> messages{stream_message("c", "hello"), stream_message("c", std::string(20, 'x'))};
  channel::Run run;
  run.reset(messages);
  EXPECT_EQ(joined(run.chunks()), "5\r\nhello\r\n14\r\n" + std::string(20, 'x') + "\r\n");
  EXPECT_EQ(joined(run.raws()), "hello" + std::string(20, 'x'));
  EXPECT_EQ(run.bytes(), joined(run.chunks()).size());
  EXPECT_FALSE(run.closes());
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(run.chunks()[i].owner, messages[i]->stream->block.get());
    EXPECT_EQ(run.raws()[i].owner, messages[i]->stream->block.get());
  }
  EXPECT_EQ(run.chunks().data(), run.chunks().data()) << "made once";
}

TEST(Run, EndsAtTheFirstClose) {
  std::vector<MessageRef> messages{stream_message("c", "one"), close_message("c"), stream_message("c", "two")};
  channel::Run run;
  run.reset(messages);
  EXPECT_TRUE(run.closes());
  EXPECT_EQ(joined(run.raws()), "one");
  EXPECT_EQ(run.messages().size(), 3u);
}

TEST(Run, LeavesOutWhatIsNotForStreams) {
  std::vector<MessageRef> messages{response_message("c", "poll"), stream_message("c", ""), stream_message("c", "x")};
  channel::Run run;
  run.reset(messages);
  EXPECT_EQ(joined(run.raws()), "x");
  EXPECT_EQ(run.chunks().size(), 1u) << "an empty chunk would end the body";
}

TEST(Run, IsReusable) {
  std::vector<MessageRef> first{stream_message("c", "one"), close_message("c")};
  std::vector<MessageRef> second{stream_message("c", "two")};
  channel::Run run;
  EXPECT_TRUE(run.chunks().empty());
  run.reset(first);
  EXPECT_TRUE(run.closes());
  run.reset(second);
  EXPECT_FALSE(run.closes());
  EXPECT_EQ(joined(run.raws()), "two");
  EXPECT_EQ(run.bytes(), 8u);
  run.reset({});
  EXPECT_TRUE(run.chunks().empty());
  EXPECT_EQ(run.bytes(), 0u);
}

}  // namespace
}  // namespace holdfast::channel
