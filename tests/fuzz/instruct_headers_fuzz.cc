// SPDX-License-Identifier: Apache-2.0
// Grip-* headers of an origin. The input is the fields as they stand in a response head, one a line.
#include <vector>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "fuzz/instruct_check.h"
#include "grip/instruct.h"
#include "wire/field_value.h"

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  std::vector<Field> fields;
  for (auto line : base::split(input, '\n')) {
    auto name = line.substr(0, line.find(':'));
    auto value = base::trim(line.substr(std::min(name.size() + 1, line.size())));
    // What the head parser lets through.
    if (wire::valid_field_name(name) && wire::valid_field_value(value)) fields.push_back({name, value});
  }
  fuzz::check_instruct(grip::parse_instruct_headers(fields));
}
