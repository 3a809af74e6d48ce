// SPDX-License-Identifier: Apache-2.0
// The body of POST /connections/close: it names whom to close, or there is an error that can be shown.
#include "admin/close_request.h"
#include "fuzz/fuzz.h"
#include "fuzz/publish_check.h"

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  auto request = admin::parse_close_request(input);
  if (!request) {
    HF_ASSERT(!request.error().what.empty() && !fuzz::has_control(request.error().what));
    return;
  }
  HF_ASSERT(!request->meta.empty());
  if (request->farewell) HF_ASSERT(!request->farewell->id && request->farewell->channel == "-");
}
