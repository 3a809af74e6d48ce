// SPDX-License-Identifier: Apache-2.0
// Content codings: bounded output, whatever the input claims. The first byte chooses the Content-Encoding.
#include <array>

#include "fuzz/fuzz.h"
#include "wire/content_coding.h"

HF_FUZZ_TARGET(input) {
  static constexpr std::array<std::string_view, 8> kCodings = {
      "gzip", "deflate", "br", "x-gzip, identity", "gzip, gzip", "deflate, br", "br, br, br", "zstd"};
  if (input.empty()) return;
  auto coding = kCodings[static_cast<unsigned char>(input[0]) % kCodings.size()];
  for (std::size_t limit : {std::size_t{0}, std::size_t{1000}, std::size_t{1} << 20}) {
    auto decoded = holdfast::wire::decode_content(coding, input.substr(1), limit);
    HF_ASSERT(decoded ? decoded->size() <= limit : !decoded.error().what.empty());
    HF_ASSERT(coding != "zstd" || !decoded);
  }
}
