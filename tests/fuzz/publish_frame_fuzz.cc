// SPDX-License-Identifier: Apache-2.0
// One frame of a ZeroMQ publisher, with a channel in it (PULL) and with the topic as its channel (SUB).
#include <string>

#include "fuzz/fuzz.h"
#include "fuzz/publish_check.h"
#include "grip/publish_item.h"

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  static const std::string kTopic = "topic";
  for (const std::string* channel : {static_cast<const std::string*>(nullptr), &kTopic}) {
    auto item = grip::parse_publish_frame(input, channel);
    if (!item) {
      HF_ASSERT(item.error().status == 400 && !item.error().what.empty() && !fuzz::has_control(item.error().what));
      continue;
    }
    HF_ASSERT(!channel || item->channel == kTopic);
    fuzz::check_item(std::move(*item));
  }
}
