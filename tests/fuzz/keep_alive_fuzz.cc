// SPDX-License-Identifier: Apache-2.0
// Grip-Keep-Alive, and its cstring format.
#include <string>

#include "fuzz/fuzz.h"
#include "grip/instruct_value.h"
#include "grip/keep_alive.h"

namespace {

std::string encode_cstring(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    (out += "\\x") += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  if (auto keep_alive = grip::parse_keep_alive(input)) {
    HF_ASSERT(!keep_alive->content.empty());
    HF_ASSERT(keep_alive->timeout_s >= 1 && keep_alive->timeout_s <= grip::kMaxSeconds);
  } else {
    HF_ASSERT(keep_alive.error().status == 502 && !fuzz::has_control(keep_alive.error().what));
  }
  if (auto content = grip::decode_cstring(input)) HF_ASSERT(content->size() <= input.size());
  // Any content can be carried.
  auto carried = grip::parse_keep_alive(encode_cstring(input) + "; format=cstring; timeout=20; mode=interval");
  HF_ASSERT(carried.has_value() == !input.empty());
  if (carried) HF_ASSERT(carried->content == input && carried->timeout_s == 20);
}
