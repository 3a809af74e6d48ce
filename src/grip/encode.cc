// SPDX-License-Identifier: Apache-2.0
#include "grip/encode.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "grip/item_object.h"

namespace holdfast::grip {
namespace {

constexpr std::string_view kCrlf = "\r\n";

/// Writes `part` and returns where the next one goes.
char* put(char* out, std::string_view part) {
  std::memcpy(out, part.data(), part.size());
  return out + part.size();
}

std::unique_ptr<StreamPart> encode_stream(const StreamFormat& format) {
  auto part = std::make_unique<StreamPart>();
  part->action = format.action;
  std::string_view content = format.content;
  if (format.action != Action::send || content.empty()) return part;
  HF_ASSERT(content.size() <= kMaxContentBytes);
  static_assert(kMaxContentBytes <= UINT32_MAX);

  char digits[16];
  char* digits_end = std::to_chars(std::begin(digits), std::end(digits), content.size(), 16).ptr;
  std::string_view size(digits, static_cast<std::size_t>(digits_end - digits));
  part->content_offset = static_cast<std::uint32_t>(size.size() + kCrlf.size());
  part->content_size = static_cast<std::uint32_t>(content.size());
  part->block = Bytes::build(size.size() + content.size() + 2 * kCrlf.size(),
                             [&](char* out) { put(put(put(put(out, size), kCrlf), content), kCrlf); });
  return part;
}

std::unique_ptr<ResponsePart> encode_response(ResponseFormat&& format) {
  auto part = std::make_unique<ResponsePart>();
  part->action = format.action;
  part->code = format.code;
  part->reason = std::move(format.reason);
  part->headers = std::move(format.headers);
  part->body = Bytes::copy(format.body);
  part->expose = std::move(format.expose);
  return part;
}

}  // namespace

NewMessageRef encode_message(PublishItem&& item) {
  auto message = std::make_unique<Message>();
  message->channel = std::move(item.channel);
  message->channel_hash = std::hash<std::string_view>{}(message->channel);
  message->id = std::move(item.id);
  message->prev_id = std::move(item.prev_id);
  message->no_seq = item.no_seq;
  if (item.stream) message->stream = encode_stream(*item.stream);
  if (item.response) message->response = encode_response(std::move(*item.response));
  return NewMessageRef(message.release());
}

}  // namespace holdfast::grip
