// SPDX-License-Identifier: Apache-2.0
// application/grip-instruct documents of an origin.
#include "fuzz/fuzz.h"
#include "fuzz/instruct_check.h"
#include "grip/instruct_document.h"

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  auto instruct = grip::parse_instruct_document(input, {});
  fuzz::check_instruct(instruct);
  if (instruct) HF_ASSERT(instruct->response.has_value());

  Instruct from_headers;
  from_headers.channels.push_back({"of-header", {}, {}});
  from_headers.status = StatusLine{304, "Not Modified"};
  auto merged = grip::parse_instruct_document(input, from_headers);
  fuzz::check_instruct(merged);
  HF_ASSERT(merged.has_value() == instruct.has_value());
  if (merged) HF_ASSERT(merged->channels.size() == instruct->channels.size() + 1);
}
