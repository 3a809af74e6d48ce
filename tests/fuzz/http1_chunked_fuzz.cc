// SPDX-License-Identifier: Apache-2.0
// The chunked coding: any split of the bytes gives the same content and the same end.
#include <cstring>
#include <string>

#include "fuzz/fuzz.h"
#include "wire/http1_chunked.h"

namespace holdfast::wire {
namespace {

using Outcome = ChunkDecoder::Outcome;

struct Decoded {
  Outcome outcome = Outcome::more;
  std::string content;
  std::size_t consumed = 0;
  std::string error;
};

Decoded decode(const std::vector<std::string_view>& parts, std::uint32_t max_overhead) {
  ChunkDecoder decoder(max_overhead);
  Decoded result;
  for (auto part : parts) {
    fuzz::ExactCopy copy(part);
    std::size_t consumed = 0;
    std::size_t content = 0;
    result.outcome = decoder.decode(copy.data(), part.size(), consumed, content);
    HF_ASSERT(consumed <= part.size() && content <= consumed);
    HF_ASSERT(result.outcome != Outcome::more || consumed == part.size());
    result.content.append(copy.data(), content);
    result.consumed += consumed;
    if (result.outcome != Outcome::more) break;
  }
  if (result.outcome == Outcome::bad) result.error = decoder.error();
  return result;
}

void check(std::string_view input, std::uint32_t max_overhead) {
  auto whole = decode({input}, max_overhead);
  auto split = decode(fuzz::cut(input), max_overhead);
  HF_ASSERT(split.outcome == whole.outcome && split.content == whole.content && split.error == whole.error);
  HF_ASSERT(split.consumed == whole.consumed);
  if (whole.outcome == Outcome::bad) HF_ASSERT(!whole.error.empty());
}

/// What we write ourselves is read back.
void check_written(std::string_view content) {
  char size[18];
  std::string body(size, write_chunk_size(size, content.size()));
  body.append(content).append("\r\n").append(kLastChunk);
  if (content.empty()) body = kLastChunk;
  auto read = decode(fuzz::cut(body), 0);
  HF_ASSERT(read.outcome == Outcome::done && read.content == content && read.consumed == body.size());
}

}  // namespace
}  // namespace holdfast::wire

HF_FUZZ_TARGET(input) {
  holdfast::wire::check(input, 16384);
  holdfast::wire::check(input, 10);
  holdfast::wire::check_written(input);
}
