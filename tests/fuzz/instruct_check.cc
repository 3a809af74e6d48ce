// SPDX-License-Identifier: Apache-2.0
#include "fuzz/instruct_check.h"

#include "fuzz/fuzz.h"
#include "grip/instruct.h"
#include "grip/instruct_value.h"
#include "wire/field_value.h"
#include "wire/status.h"

namespace holdfast::fuzz {
namespace {

bool is_time(int seconds) {
  return seconds >= 0 && seconds <= grip::kMaxSeconds;
}

void check_status(const StatusLine& status) {
  HF_ASSERT(wire::valid_final_status(status.code) && !status.reason.empty() && wire::valid_reason(status.reason));
}

void check_response(const InstructResponse& response) {
  check_status(response.status);
  for (const auto& header : response.headers) {
    HF_ASSERT(wire::valid_field_name(header.name) && wire::valid_field_value(header.value));
    HF_ASSERT(!grip::is_instruct_header(header.name));
  }
}

}  // namespace

void check_instruct(const Result<Instruct>& instruct) {
  if (!instruct) {
    HF_ASSERT(instruct.error().status == 502 && !instruct.error().what.empty());
    HF_ASSERT(!has_control(instruct.error().what));  // it reaches the log
    return;
  }
  for (const auto& channel : instruct->channels) HF_ASSERT(channel.filters.size() <= grip::kMaxFilters);
  HF_ASSERT(is_time(instruct->timeout_s));
  if (instruct->keep_alive) {
    HF_ASSERT(!instruct->keep_alive->content.empty());
    HF_ASSERT(is_time(instruct->keep_alive->timeout_s) && instruct->keep_alive->timeout_s > 0);
  }
  if (instruct->status) check_status(*instruct->status);
  if (instruct->response) check_response(*instruct->response);
  for (const auto* link : {&instruct->next, &instruct->gone}) {
    if (*link) HF_ASSERT(is_time((*link)->timeout_s));
  }
}

}  // namespace holdfast::fuzz
