// SPDX-License-Identifier: Apache-2.0
#include "grip/encode.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::grip {
namespace {

using ::testing::ElementsAre;

PublishItem stream_item(std::string content, Action action = Action::send) {
  PublishItem item;
  item.channel = "news";
  item.stream = StreamFormat{action, std::move(content)};
  return item;
}

TEST(Encode, StreamContentIsOneChunk) {
  auto message = encode_message(stream_item("data: 1\n\n"));
  ASSERT_TRUE(message->stream);
  EXPECT_EQ(message->stream->chunk().view(), "9\r\ndata: 1\n\n\r\n");
  EXPECT_EQ(message->stream->raw().view(), "data: 1\n\n");
  EXPECT_EQ(message->stream->action, Action::send);
  EXPECT_FALSE(message->response);
}

TEST(Encode, BothFormsAreViewsIntoOneBlock) {
  auto message = encode_message(stream_item("x"));
  EXPECT_EQ(message->stream->chunk().owner, message->stream->block.get());
  EXPECT_EQ(message->stream->raw().owner, message->stream->block.get());
}

TEST(Encode, ChunkSizesAreLowerCaseHexWithoutLeadingZeros) {
  const std::pair<std::size_t, std::string> sizes[] = {{1, "1"},     {15, "f"},     {16, "10"},        {255, "ff"},
                                                       {256, "100"}, {4095, "fff"}, {0xabcde, "abcde"}};
  for (const auto& [size, digits] : sizes) {
    std::string content(size, 'x');
    auto message = encode_message(stream_item(content));
    EXPECT_EQ(message->stream->chunk().view(), digits + "\r\n" + content + "\r\n");
    EXPECT_EQ(message->stream->raw().view(), content);
  }
}

TEST(Encode, StreamContentMayHoldAnyBytes) {
  std::string content("\0\r\n0\r\n\r\n\xff", 10);
  EXPECT_EQ(encode_message(stream_item(content))->stream->raw().view(), content);
}

// An empty chunk would end the body (RFC 9112 §7.1).
TEST(Encode, EmptyStreamContentHasNoChunk) {
  auto message = encode_message(stream_item(""));
  ASSERT_TRUE(message->stream);
  EXPECT_TRUE(message->stream->chunk().empty());
  EXPECT_TRUE(message->stream->raw().empty());
}

TEST(Encode, StreamCloseHasNoContent) {
  auto message = encode_message(stream_item("ignored", Action::close));
  EXPECT_EQ(message->stream->action, Action::close);
  EXPECT_TRUE(message->stream->chunk().empty());
}

TEST(Encode, Response) {
  PublishItem item;
  item.channel = "news";
  item.response =
      ResponseFormat{Action::send, 201, "Made", {{"X-A", "1"}, {"X-A", "2"}}, std::string("b\0dy", 4), {{"X-A"}}};
  auto message = encode_message(std::move(item));
  EXPECT_FALSE(message->stream);
  ASSERT_TRUE(message->response);
  EXPECT_EQ(message->response->action, Action::send);
  EXPECT_EQ(message->response->code, 201);
  EXPECT_EQ(message->response->reason, "Made");
  EXPECT_THAT(message->response->headers, ElementsAre(Header{"X-A", "1"}, Header{"X-A", "2"}));
  EXPECT_EQ(message->response->body->view(), std::string_view("b\0dy", 4));
  ASSERT_TRUE(message->response->expose);
  EXPECT_THAT(*message->response->expose, ElementsAre("X-A"));
}

TEST(Encode, EmptyResponseBodyIsABlockAllTheSame) {
  PublishItem item;
  item.response.emplace();
  auto message = encode_message(std::move(item));
  ASSERT_TRUE(message->response->body);
  EXPECT_EQ(message->response->body->size(), 0u);
  EXPECT_FALSE(message->response->expose);
}

TEST(Encode, ChannelAndIds) {
  auto item = stream_item("x");
  item.id = "2";
  item.prev_id = "1";
  auto message = encode_message(std::move(item));
  EXPECT_EQ(message->channel, "news");
  EXPECT_EQ(message->channel_hash, std::hash<std::string_view>{}("news"));
  EXPECT_EQ(message->id, "2");
  EXPECT_EQ(message->prev_id, "1");
  EXPECT_EQ(message->order, 0u);
}

TEST(Encode, NoIds) {
  auto message = encode_message(stream_item("x"));
  EXPECT_FALSE(message->id);
  EXPECT_FALSE(message->prev_id);
}

TEST(Encode, WebSocketFormatAloneHasNoPart) {
  PublishItem item;
  item.channel = "news";
  item.ws.emplace().content = "x";
  auto message = encode_message(std::move(item));
  EXPECT_EQ(message->channel, "news");
  EXPECT_FALSE(message->stream);
  EXPECT_FALSE(message->response);
}

TEST(Encode, BothPartsOfOneItem) {
  auto item = stream_item("x");
  item.response.emplace().body = "y";
  auto message = encode_message(std::move(item));
  EXPECT_EQ(message->stream->raw().view(), "x");
  EXPECT_EQ(message->response->body->view(), "y");
}

}  // namespace
}  // namespace holdfast::grip
