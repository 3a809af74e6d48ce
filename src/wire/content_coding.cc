// SPDX-License-Identifier: Apache-2.0
#include "wire/content_coding.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <brotli/decode.h>
#include <fmt/core.h>
#include <zlib.h>

#include "base/text.h"
#include "wire/field_value.h"

namespace holdfast::wire {
namespace {

enum class Coding { gzip, deflate, brotli, identity, unknown };

Coding coding_of(std::string_view name) {
  if (base::iequals(name, "gzip") || base::iequals(name, "x-gzip")) return Coding::gzip;
  if (base::iequals(name, "deflate")) return Coding::deflate;
  if (base::iequals(name, "br")) return Coding::brotli;
  if (base::iequals(name, "identity")) return Coding::identity;
  return Coding::unknown;
}

Error damaged(std::string_view coding) {
  return Error{fmt::format("the {} content is damaged", coding)};
}
Error too_large(std::size_t max_bytes) {
  return Error{fmt::format("the decoded content is over {} bytes", max_bytes)};
}

/// `window_bits` chooses the wrapping: 31 gzip, 15 zlib, -15 none.
Result<void> inflate_all(std::string_view in, int window_bits, std::size_t max_bytes, std::string_view name,
                         std::string& out) {
  z_stream stream{};
  if (::inflateInit2(&stream, window_bits) != Z_OK) return damaged(name);
  std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, ::inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  char buffer[16384];
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    state = ::inflate(&stream, Z_NO_FLUSH);
    auto made = sizeof buffer - stream.avail_out;
    if (state != Z_OK && state != Z_STREAM_END) return damaged(name);
    if (made == 0 && state == Z_OK) return damaged(name);
    if (out.size() + made > max_bytes) return too_large(max_bytes);
    out.append(buffer, made);
  }
  if (stream.avail_in != 0) return damaged(name);
  return {};
}

/// RFC 1950 §2.2. A raw stream cannot begin like this: it would be a stored block with other padding than zeros.
bool has_zlib_header(std::string_view in) {
  if (in.size() < 2) return false;
  auto first = static_cast<unsigned char>(in[0]);
  auto second = static_cast<unsigned char>(in[1]);
  return (first & 15) == 8 && (first << 8 | second) % 31 == 0;
}

Result<void> brotli_all(std::string_view in, std::size_t max_bytes, std::string& out) {
  std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
      ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), ::BrotliDecoderDestroyInstance);
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
  std::size_t left_in = in.size();
  std::uint8_t buffer[16384];
  for (;;) {
    std::uint8_t* next_out = buffer;
    std::size_t left_out = sizeof buffer;
    auto result = ::BrotliDecoderDecompressStream(state.get(), &left_in, &next_in, &left_out, &next_out, nullptr);
    auto made = sizeof buffer - left_out;
    if (out.size() + made > max_bytes) return too_large(max_bytes);
    out.append(reinterpret_cast<char*>(buffer), made);
    if (result == BROTLI_DECODER_RESULT_SUCCESS) break;
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return damaged("br");
  }
  if (left_in != 0) return damaged("br");
  return {};
}

}  // namespace

bool can_decode(std::string_view coding) {
  auto known = coding_of(coding);
  return known == Coding::gzip || known == Coding::deflate || known == Coding::brotli;
}

Result<std::string> decode_content(std::string_view content_encoding, std::string_view body, std::size_t max_bytes) {
  Result<std::string> result;
  *result = std::string(body);
  auto codings = split_list(content_encoding);
  std::reverse(codings.begin(), codings.end());  // the last one applied comes off first
  for (auto name : codings) {
    std::string decoded;
    Result<void> step;
    switch (coding_of(name)) {
      case Coding::identity: continue;
      case Coding::gzip: step = inflate_all(*result, 31, max_bytes, "gzip", decoded); break;
      case Coding::brotli: step = brotli_all(*result, max_bytes, decoded); break;
      case Coding::deflate:
        // "deflate" is zlib by the standard, and raw deflate by a widespread misreading.
        step = inflate_all(*result, has_zlib_header(*result) ? 15 : -15, max_bytes, "deflate", decoded);
        break;
      case Coding::unknown:
        return Error{fmt::format("content coding \"{}\" cannot be decoded", base::printable(name, 40))};
    }
    if (!step) return step.error();
    *result = std::move(decoded);
  }
  return result;
}

}  // namespace holdfast::wire
