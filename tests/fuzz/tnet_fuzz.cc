// SPDX-License-Identifier: Apache-2.0
// Tagged netstrings: what is read can be written, and reads the same again.
#include "base/json.h"
#include "fuzz/fuzz.h"
#include "wire/tnet.h"

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  auto value = wire::parse_tnet(input);
  if (!value) {
    HF_ASSERT(value.error().what.starts_with("tnetstring: at byte ") && !fuzz::has_control(value.error().what));
    return;
  }
  auto encoded = wire::encode_tnet(*value);
  auto again = wire::parse_tnet(encoded);
  HF_ASSERT(again.has_value() && *again == *value);
}
