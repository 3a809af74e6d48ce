// SPDX-License-Identifier: Apache-2.0
#include "wire/content_coding.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <zlib.h>

namespace holdfast::wire {
namespace {

constexpr int kGzip = 31;
constexpr int kZlib = 15;
constexpr int kRaw = -15;

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(::deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

/// Made with the reference encoder.
const std::string kBrotliHello("\x1b\x16\x00\xf8\x8d\x94\x6e\xde\x44\x55\x86\x96\x6c\x20\x6f\x21\x4f\x1c\xe0\x38", 20);
const std::string kHello = "hello hello hello hello";
/// 100,000 times "x".
const std::string kBrotliLong("\x5b\x9f\x86\x81\x5f\x02\x2f\x1e\x0b\x04\xb2\xfc\x02\x00", 14);

std::string decoded(std::string_view coding, std::string_view body, std::size_t max = 1000000) {
  auto result = decode_content(coding, body, max);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().what);
  return result ? *result : "";
}

std::string refused(std::string_view coding, std::string_view body, std::size_t max = 1000000) {
  auto result = decode_content(coding, body, max);
  EXPECT_FALSE(result.has_value());
  return result ? "" : result.error().what;
}

TEST(CanDecode, TheCodingsThatItKnows) {
  for (auto name : {"gzip", "GZIP", "x-gzip", "deflate", "br", "Br"}) EXPECT_TRUE(can_decode(name)) << name;
  for (auto name : {"", "identity", "zstd", "compress", "gzi", "gzip ", "*"}) EXPECT_FALSE(can_decode(name)) << name;
}

TEST(DecodeContent, EachCoding) {
  const std::string text = "some text, some text";
  EXPECT_EQ(decoded("gzip", deflated(text, kGzip)), text);
  EXPECT_EQ(decoded("X-Gzip", deflated(text, kGzip)), text);
  EXPECT_EQ(decoded("deflate", deflated(text, kZlib)), text);
  EXPECT_EQ(decoded("deflate", deflated(text, kRaw)), text) << "a widespread misreading";
  EXPECT_EQ(decoded("BR", kBrotliHello), kHello);
  EXPECT_EQ(decoded("br", "\x06"), "");
  EXPECT_EQ(decoded("identity", text), text);
  EXPECT_EQ(decoded("", text), text);
  EXPECT_EQ(decoded("gzip", deflated("", kGzip)), "");
}

TEST(DecodeContent, SeveralCodingsComeOffLastFirst) {
  auto body = deflated(deflated("text", kZlib), kGzip);
  EXPECT_EQ(decoded("deflate, gzip", body), "text");
  EXPECT_EQ(decoded("deflate , identity,, GZIP", body), "text");
  EXPECT_EQ(refused("gzip, deflate", body), "the deflate content is damaged");
}

TEST(DecodeContent, AnyPieceSizes) {
  // Around the sizes of the buffer that it is made in.
  for (std::size_t size : {1, 16383, 16384, 16385, 32768, 100000}) {
    std::string text(size, 'x');
    EXPECT_EQ(decoded("gzip", deflated(text, kGzip)), text);
    EXPECT_EQ(decoded("deflate", deflated(text, kZlib)), text);
  }
}

TEST(DecodeContent, UnknownCodingsAreNamed) {
  EXPECT_EQ(refused("zstd", "x"), "content coding \"zstd\" cannot be decoded");
  EXPECT_EQ(refused("gzip, a\x01"
                    "b",
                    "x"),
            "content coding \"a\\x01b\" cannot be decoded");
}

TEST(DecodeContent, DamageAtEveryByte) {
  const std::string text = "some text that is worth it";
  for (auto [coding, bits] : {std::pair("gzip", kGzip), std::pair("deflate", kZlib)}) {
    auto body = deflated(text, bits);
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_EQ(refused(coding, body.substr(0, size)), "the " + std::string(coding) + " content is damaged") << size;
    }
    EXPECT_NE(refused(coding, body + "x"), "") << "something behind it";
    // What changes may be harmless (a time stamp), but never gives other content: there is a checksum.
    for (std::size_t at = 0; at < body.size(); ++at) {
      auto changed = body;
      changed[at] = static_cast<char>(changed[at] ^ 0x41);
      auto result = decode_content(coding, changed, 1000);
      EXPECT_TRUE(!result || *result == text) << coding << ' ' << at;
    }
  }
  for (std::size_t size = 0; size < kBrotliHello.size(); ++size) {
    EXPECT_EQ(refused("br", kBrotliHello.substr(0, size)), "the br content is damaged") << size;
  }
  EXPECT_EQ(refused("br", kBrotliHello + "x"), "the br content is damaged");
  EXPECT_EQ(refused("br", "\xff\xff\xff"), "the br content is damaged");
}

TEST(DecodeContent, ResultsUpToTheLimit) {
  for (std::size_t size : {10, 16384, 20000}) {
    std::string text(size, 'x');
    for (auto [coding, bits] : {std::pair("gzip", kGzip), std::pair("deflate", kZlib), std::pair("deflate", kRaw)}) {
      auto body = deflated(text, bits);
      EXPECT_EQ(decoded(coding, body, size), text);
      EXPECT_EQ(refused(coding, body, size - 1), "the decoded content is over " + std::to_string(size - 1) + " bytes")
          << coding << bits;
    }
  }
}

TEST(DecodeContent, BrotliUpToTheLimit) {
  EXPECT_EQ(decoded("br", kBrotliLong, 100000), std::string(100000, 'x'));
  EXPECT_EQ(refused("br", kBrotliLong, 99999), "the decoded content is over 99999 bytes");
  EXPECT_EQ(refused("br", kBrotliHello, kHello.size() - 1), "the decoded content is over 22 bytes");
}

TEST(DecodeContent, ASmallBodyCannotBecomeALargeOne) {
  auto body = deflated(std::string(10000000, '\0'), kGzip);
  ASSERT_LT(body.size(), 20000u);
  EXPECT_EQ(refused("gzip", body, 100000), "the decoded content is over 100000 bytes");
}

}  // namespace
}  // namespace holdfast::wire
