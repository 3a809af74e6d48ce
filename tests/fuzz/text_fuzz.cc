// SPDX-License-Identifier: Apache-2.0
// UTF-8, base64, hex and decimals: what is encoded is decoded, and the JSON library agrees on what is UTF-8. Lines of
// the log: one line each, and JSON where they should be.
#include <string>

#include "base/json.h"
#include "base/log_line.h"
#include "base/text.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"

namespace {

bool json_takes_as_text(std::string_view bytes) {
  try {
    (void)holdfast::base::Json(std::string(bytes)).dump();
    return true;
  } catch (const holdfast::base::Json::type_error&) {
    return false;
  }
}

void check_log_lines(std::string_view input) {
  using namespace holdfast;
  for (auto format : {base::LogFormat::text, base::LogFormat::json}) {
    std::string line;
    base::append_line(line, format, {.message = input, .fields = {{"a", input}, base::LogField::bare("b", input)}});
    HF_ASSERT(line.size() < 4096 && line.find('\n') == line.size() - 1);
    line.pop_back();
    HF_ASSERT(!fuzz::has_control(line));
    if (format == base::LogFormat::text) continue;
    auto parsed = base::parse_json(line);
    HF_ASSERT(parsed && parsed->is_object());
    if (base::valid_utf8(input) && input.size() < 30) HF_ASSERT(input.empty() || parsed->at("a") == input);
  }
}

}  // namespace

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  HF_ASSERT(base::valid_utf8(input) == json_takes_as_text(input));
  HF_ASSERT(base::decode_base64(base::encode_base64(input)) == input);
  HF_ASSERT(base::decode_base64(input).size() <= input.size());
  if (auto bytes = base::decode_hex(input)) HF_ASSERT(bytes->size() * 2 == input.size());
  if (auto number = base::parse_decimal(input)) {
    auto digits = input.substr(std::min(input.find_first_not_of('0'), input.size() - 1));
    HF_ASSERT(std::to_string(*number) == digits);
  }
  HF_ASSERT(!fuzz::has_control(base::printable(input)) && base::printable(input, 20).size() <= 26);
  HF_ASSERT(base::iequals(input, base::to_lower(input)));
  check_log_lines(input);
}
