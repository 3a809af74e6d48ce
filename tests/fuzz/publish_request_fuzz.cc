// SPDX-License-Identifier: Apache-2.0
// The body of POST /publish/: all of its items are good, or there is an error that says which is not.
#include "fuzz/fuzz.h"
#include "fuzz/publish_check.h"
#include "grip/publish_item.h"

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  auto items = grip::parse_publish_request(input);
  if (!items) {
    HF_ASSERT(items.error().status == 400 && !items.error().what.empty() && !fuzz::has_control(items.error().what));
    return;
  }
  HF_ASSERT(items->size() <= grip::kMaxPublishItems);
  for (auto& item : *items) fuzz::check_item(std::move(item));
}
