// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_chunked.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

using std::string_literals::operator""s;
using Outcome = ChunkDecoder::Outcome;

struct Decoded {
  Outcome outcome = Outcome::more;
  std::string content;
  std::size_t consumed = 0;
  std::string error;
  bool operator==(const Decoded&) const = default;
};

/// Decodes the input cut at these places, each part in a block of exactly its size.
Decoded decode(std::string_view input, const std::vector<std::size_t>& cuts = {}, std::uint32_t max_overhead = 16384) {
  ChunkDecoder decoder(max_overhead);
  Decoded result;
  std::size_t from = 0;
  for (std::size_t part = 0; part <= cuts.size(); ++part) {
    auto to = part < cuts.size() ? cuts[part] : input.size();
    std::vector<char> block(input.begin() + static_cast<std::ptrdiff_t>(from),
                            input.begin() + static_cast<std::ptrdiff_t>(to));
    std::size_t consumed = 0;
    std::size_t content = 0;
    result.outcome = decoder.decode(block.data(), block.size(), consumed, content);
    result.content.append(block.data(), content);
    result.consumed += consumed;
    result.error = decoder.error();
    if (result.outcome != Outcome::more) break;
    EXPECT_EQ(consumed, block.size());
    from = to;
  }
  return result;
}

Decoded done(std::string content, std::size_t consumed) {
  return {Outcome::done, std::move(content), consumed, ""};
}

TEST(ChunkDecoder, DecodesInPlace) {
  EXPECT_EQ(decode("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n"), done("hello world", 31));
  EXPECT_EQ(decode("0\r\n\r\n"), done("", 5));
  EXPECT_EQ(decode("000\r\n\r\n"), done("", 7));
}

TEST(ChunkDecoder, SizesInHexOfEitherCase) {
  std::string body(0xaB, 'x');
  EXPECT_EQ(decode("aB\r\n" + body + "\r\n0\r\n\r\n"), done(body, 4 + body.size() + 7));
  EXPECT_EQ(decode("0000000000000005\r\nhello\r\n0\r\n\r\n"), done("hello", 30)) << "16 digits";
}

TEST(ChunkDecoder, WhatFollowsIsLeft) {
  EXPECT_EQ(decode("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1"), done("a", 11));
  ChunkDecoder decoder;
  std::string last = "0\r\n\r\n";
  std::size_t consumed = 0;
  std::size_t content = 0;
  ASSERT_EQ(decoder.decode(last.data(), last.size(), consumed, content), Outcome::done);
  std::string more = "0\r\n";
  EXPECT_EQ(decoder.decode(more.data(), more.size(), consumed, content), Outcome::done);
  EXPECT_EQ(consumed, 0u);
}

TEST(ChunkDecoder, ExtensionsAndTrailersAreDropped) {
  EXPECT_EQ(
      decode("1;a=b;c=\"d\xc3\xa4\"\r\na\r\n1 ; x\r\nb\r\n1\t\r\nc\r\n0;last\r\nA: b\r\nContent-Length: 9\r\n\r\n"),
      done("abc", 70));
}

TEST(ChunkDecoder, EverySplitGivesTheSame) {
  const std::string inputs[] = {
      "5\r\nhello\r\n10;ext=1\r\n0123456789abcdef\r\n0\r\nA: b\r\nC:\r\n\r\nrest",
      "3\r\nabcd\r\n",
      "3\r\nabc\r\n\r\n",
      "1\r\na\r\n0\r\nA: b\n\r\n",
  };
  for (const auto& input : inputs) {
    auto whole = decode(input);
    std::vector<std::size_t> everywhere;
    for (std::size_t i = 1; i < input.size(); ++i) everywhere.push_back(i);
    ASSERT_EQ(decode(input, everywhere), whole) << "byte by byte: " << input;
    for (std::size_t first = 0; first <= input.size(); ++first) {
      for (std::size_t second = first; second <= input.size(); ++second) {
        ASSERT_EQ(decode(input, {first, second}), whole) << first << ' ' << second << ": " << input;
      }
    }
  }
}

TEST(ChunkDecoder, ALongChunkInManyParts) {
  ChunkDecoder decoder;
  std::string size = "100000\r\n";
  std::size_t consumed = 0;
  std::size_t content = 0;
  ASSERT_EQ(decoder.decode(size.data(), size.size(), consumed, content), Outcome::more);
  std::string part(4096, 'x');
  for (int i = 0; i < 256; ++i) {
    ASSERT_EQ(decoder.decode(part.data(), part.size(), consumed, content), Outcome::more);
    ASSERT_EQ(content, part.size());
  }
  std::string end = "\r\n0\r\n\r\n";
  EXPECT_EQ(decoder.decode(end.data(), end.size(), consumed, content), Outcome::done);
  EXPECT_EQ(content, 0u);
}

TEST(ChunkDecoder, BadBodiesAndWhatIsSaidOfThem) {
  struct Case {
    std::string input;
    const char* error;
  };
  const Case cases[] = {
      {"\r\n", "a chunk has no size"},
      {";x\r\n", "a chunk has no size"},
      {" 5\r\n", "a chunk has no size"},
      {"-5\r\n", "a chunk has no size"},
      {"+5\r\n", "a chunk has no size"},
      {"x\r\n", "a chunk has no size"},
      {"0x5\r\n", "illegal character in a chunk's size"},
      {"5_\r\n", "illegal character in a chunk's size"},
      {"5,\r\n", "illegal character in a chunk's size"},
      {"5\n", "illegal character in a chunk's size"},
      {"5\0\r\n"s, "illegal character in a chunk's size"},
      {"00000000000000005\r\n", "illegal character in a chunk's size"},
      {"10000000000000000\r\n", "illegal character in a chunk's size"},
      {"8000000000000000\r\n", "a chunk's size is too large"},
      {"ffffffffffffffff\r\n", "a chunk's size is too large"},
      {"5 5\r\n", "illegal character in a chunk's size"},
      {"5 x\r\n", "illegal character in a chunk's size"},
      {"5\t,\r\n", "illegal character in a chunk's size"},
      {"5\rx", "CR that does not end a chunk's size"},
      {"5\r\r\n", "CR that does not end a chunk's size"},
      {"5;a\n", "control character in a chunk extension"},
      {"5;a\0"s, "control character in a chunk extension"},
      {"5;a\x7f", "control character in a chunk extension"},
      {"5;a\rb", "CR that does not end a chunk's size"},
      {"1\r\nab", "a chunk is longer than its size"},
      {"1\r\na\n", "a chunk is longer than its size"},
      {"1\r\na\rb", "a chunk is longer than its size"},
      {"1\r\na\r\n\r\n", "a chunk has no size"},
      {"0\r\n\n", "a trailer ends with LF alone"},
      {"0\r\nA: b\n", "control character in a trailer"},
      {"0\r\nA: \0"s, "control character in a trailer"},
      {"0\r\nA: b\rc", "CR that does not end a trailer"},
      {"0\r\n\rx", "CR that does not end the body"},
  };
  for (const auto& test : cases) {
    auto result = decode(test.input);
    EXPECT_EQ(result.outcome, Outcome::bad) << test.input;
    EXPECT_EQ(result.error, test.error) << test.input;
  }
}

TEST(ChunkDecoder, StaysBad) {
  ChunkDecoder decoder;
  std::string input = "x";
  std::size_t consumed = 0;
  std::size_t content = 0;
  EXPECT_EQ(decoder.decode(input.data(), 1, consumed, content), Outcome::bad);
  input = "0\r\n\r\n";
  EXPECT_EQ(decoder.decode(input.data(), input.size(), consumed, content), Outcome::bad);
  EXPECT_STREQ(decoder.error(), "a chunk has no size");
}

TEST(ChunkDecoder, TheContentBeforeAFaultIsKept) {
  auto result = decode("3\r\nabc\r\n2\r\nde!");
  EXPECT_EQ(result.outcome, Outcome::bad);
  EXPECT_EQ(result.content, "abcde");
}

TEST(ChunkDecoder, TheLargestSize) {
  auto result = decode("7fffffffffffffff\r\nabc");
  EXPECT_EQ(result.outcome, Outcome::more);
  EXPECT_EQ(result.content, "abc");
}

TEST(ChunkDecoder, OverheadLimitOfEachChunk) {
  std::string input;
  for (int i = 0; i < 5; ++i) input += "1;" + std::string(8, 'x') + "\r\na\r\n";
  EXPECT_EQ(decode(input + "0\r\n\r\n", {}, 8).content, "aaaaa");
  auto over = decode("1;" + std::string(9, 'x') + "\r\na\r\n", {}, 8);
  EXPECT_EQ(over.outcome, Outcome::bad);
  EXPECT_EQ(over.error, "chunk extensions or trailers are too long");
}

TEST(ChunkDecoder, OverheadLimitOfAllTrailers) {
  EXPECT_EQ(decode("0\r\nA: b\r\nC: d\r\n\r\n", {}, 8).outcome, Outcome::done);
  auto over = decode("0\r\nA: b\r\nC: d\r\nE\r\n\r\n", {}, 8);
  EXPECT_EQ(over.outcome, Outcome::bad);
  EXPECT_EQ(over.error, "chunk extensions or trailers are too long");
}

std::string chunk_size(std::size_t size) {
  char out[18];
  return {out, write_chunk_size(out, size)};
}

TEST(WriteChunkSize, InHex) {
  EXPECT_EQ(chunk_size(0), "0\r\n");
  EXPECT_EQ(chunk_size(9), "9\r\n");
  EXPECT_EQ(chunk_size(15), "f\r\n");
  EXPECT_EQ(chunk_size(16), "10\r\n");
  EXPECT_EQ(chunk_size(0xabc), "abc\r\n");
  EXPECT_EQ(chunk_size(SIZE_MAX), "ffffffffffffffff\r\n");
}

TEST(WriteChunkSize, IsReadBack) {
  for (std::size_t size : {1, 15, 16, 17, 255, 256, 4095, 4096, 65535}) {
    std::string body(size, 'b');
    EXPECT_EQ(decode(chunk_size(size) + body + "\r\n" + std::string(kLastChunk)).content, body);
  }
}

}  // namespace
}  // namespace holdfast::wire
