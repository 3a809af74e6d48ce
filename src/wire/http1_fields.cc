// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_fields.h"

#include <array>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/text.h"
#include "wire/field_id.h"

namespace holdfast::wire {
namespace {

constexpr std::array<bool, 256> make_token_chars() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kTokenChars = make_token_chars();

bool is_control(char c) {
  auto u = static_cast<unsigned char>(c);
  return (u < 0x20 && c != '\t') || u == 0x7f;
}

/// The first control character at or behind `at`. Values are most of a head, so 16 bytes are looked at in one go.
const char* find_control(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i limit = _mm_set1_epi8(0x1f);
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i tab = _mm_set1_epi8('\t');
  while (end - at >= 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i low = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), _mm_cmpeq_epi8(_mm_min_epu8(bytes, limit), bytes));
    int found = _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, del)));
    if (found) return at + __builtin_ctz(static_cast<unsigned>(found));
    at += 16;
  }
#endif
  while (at != end && !is_control(*at)) ++at;
  return at;
}

HeadError name_error(const char* name, const char* at) {
  if (at == name && (*at == ' ' || *at == '\t')) return {400, "a header field is folded over several lines"};
  if (at == name && *at == ':') return {400, "a header field has no name"};
  if (*at == ' ' || *at == '\t') return {400, "white space between a header field's name and its colon"};
  if (*at == '\r' || *at == '\n') return {400, "a header field has no colon"};
  return {400, "illegal character in a header field's name"};
}

HeadError read_length(std::string_view value, Framing& framing) {
  auto length = base::parse_decimal(value);
  if (!length) return {400, "Content-Length is not a whole number"};
  if (*length > INT64_MAX) return {400, "Content-Length is too large"};
  if (framing.has_length && framing.body_size != *length) return {400, "differing Content-Length fields"};
  framing.has_length = true;
  framing.body_size = *length;
  return {};
}

HeadError read_coding(std::string_view value, Framing& framing) {
  if (framing.has_coding) return {400, "more than one Transfer-Encoding field"};
  framing.has_coding = true;
  if (base::iequals(value, "chunked")) {
    framing.chunked = true;
    return {};
  }
  auto last = base::trim(value.substr(value.rfind(',') + 1));
  if (!base::iequals(last, "chunked")) return {400, "the last transfer coding is not chunked"};
  for (auto coding : base::split(value.substr(0, value.rfind(',')), ',')) {
    if (coding.empty() || base::iequals(coding, "chunked")) return {400, "malformed Transfer-Encoding"};
  }
  return {501, "transfer codings other than chunked are not supported"};
}

void read_connection(std::string_view value, Framing& framing) {
  while (!value.empty()) {
    auto comma = value.find(',');
    auto option = base::trim(value.substr(0, comma));
    if (base::iequals(option, "close")) framing.connection_close = true;
    if (base::iequals(option, "keep-alive")) framing.connection_keep_alive = true;
    if (base::iequals(option, "upgrade")) framing.connection_upgrade = true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace

bool is_token_char(char c) {
  return kTokenChars[static_cast<unsigned char>(c)];
}

const char* skip_token(const char* at, const char* end) {
  while (at != end && is_token_char(*at)) ++at;
  return at;
}

HeadScanner::State HeadScanner::scan(std::string_view input) {
  while (scanned_ < input.size()) {
    auto* lf = static_cast<const char*>(std::memchr(input.data() + scanned_, '\n', input.size() - scanned_));
    if (!lf) {
      scanned_ = input.size();
      break;
    }
    auto at = static_cast<std::size_t>(lf - input.data());
    if (at == 0 || input[at - 1] != '\r') return State::bare_lf;
    bool empty_line = at == line_start_ + 1;
    scanned_ = line_start_ = at + 1;
    if (empty_line) {
      head_size_ = at + 1;
      return State::complete;
    }
    has_first_line_ = true;
  }
  return State::incomplete;
}

HeadError parse_fields(const char* at, const char* end, std::size_t max_count, std::vector<Field>& fields) {
  std::size_t count = 0;
  while (*at != '\r') {
    const char* name = at;
    at = skip_token(at, end);
    if (at == name || *at != ':') return name_error(name, at);
    auto name_size = static_cast<std::size_t>(at - name);
    ++at;
    while (*at == ' ' || *at == '\t') ++at;
    const char* value = at;
    at = find_control(at, end);
    if (at + 1 >= end) return {400, "malformed header field"};
    if (*at == '\n') return {400, "a line ends with LF alone"};
    if (*at != '\r') return {400, "control character in a header field's value"};
    if (at[1] != '\n') return {400, "CR that does not end a line"};
    const char* value_end = at;
    while (value_end != value && (value_end[-1] == ' ' || value_end[-1] == '\t')) --value_end;
    at += 2;
    if (++count > max_count) return {431, "more header fields than header_max_count"};
    fields.push_back({{name, name_size}, {value, static_cast<std::size_t>(value_end - value)}});
  }
  if (end - at != 2 || at[1] != '\n') return {400, "CR that does not end a line"};
  return {};
}

HeadError read_framing(const std::vector<Field>& fields, Framing& framing) {
  for (const auto& field : fields) {
    HeadError error;
    switch (field_id(field.name)) {
      // An underscore alias is somebody else's field: field_id folds it, framing must not.
      case FieldId::content_length:
        if (field.name[7] != '-') return {400, "Content_Length with an underscore"};
        error = read_length(field.value, framing);
        break;
      case FieldId::transfer_encoding:
        if (field.name[8] != '-') return {400, "Transfer_Encoding with an underscore"};
        error = read_coding(field.value, framing);
        break;
      case FieldId::connection: read_connection(field.value, framing); break;
      default: break;
    }
    if (error) return error;
  }
  if (framing.has_length && framing.has_coding) return {400, "both Content-Length and Transfer-Encoding"};
  if (framing.chunked) {
    framing.body_kind = BodyKind::streaming;
  } else if (framing.has_length) {
    framing.body_kind = BodyKind::sized;
  }
  return {};
}

}  // namespace holdfast::wire
