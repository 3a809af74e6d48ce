// SPDX-License-Identifier: Apache-2.0
#include "fuzz/publish_check.h"

#include <string>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "grip/encode.h"
#include "grip/publish_format.h"
#include "grip/publish_item.h"
#include "wire/field_value.h"
#include "wire/http1_chunked.h"
#include "wire/status.h"

namespace holdfast::fuzz {
namespace {

void check_response(const ResponseFormat& response) {
  HF_ASSERT(response.action == Action::send || response.action == Action::hint);
  HF_ASSERT(wire::valid_final_status(response.code));
  HF_ASSERT(!response.reason.empty() && wire::valid_reason(response.reason));
  for (const auto& header : response.headers) {
    HF_ASSERT(wire::valid_field_name(header.name) && wire::valid_field_value(header.value));
    HF_ASSERT(!base::istarts_with(header.name, "Grip-"));
  }
}

void check_ws(const WsFormat& ws) {
  HF_ASSERT(ws.type == WsType::text || ws.type == WsType::binary || ws.content.size() <= grip::kMaxControlPayloadBytes);
  HF_ASSERT(ws.reason.size() <= grip::kMaxCloseReasonBytes);
}

/// The chunk is one chunk, and holds the content.
void check_stream_part(const StreamPart& part, const std::string& content) {
  HF_ASSERT(part.raw().view() == content && part.chunk().empty() == content.empty());
  if (content.empty()) return;
  std::string body(part.chunk().view());
  body += wire::kLastChunk;
  wire::ChunkDecoder decoder;
  std::size_t consumed = 0;
  std::size_t size = 0;
  HF_ASSERT(decoder.decode(body.data(), body.size(), consumed, size) == wire::ChunkDecoder::Outcome::done);
  HF_ASSERT(consumed == body.size() && std::string_view(body).substr(0, size) == content);
}

}  // namespace

void check_item(PublishItem item) {
  HF_ASSERT(item.channel.size() <= grip::kMaxChannelBytes);
  if (item.response) check_response(*item.response);
  if (item.ws) check_ws(*item.ws);
  auto stream = item.stream;
  auto message = grip::encode_message(std::move(item));
  HF_ASSERT(bool(message->stream) == bool(stream));
  if (stream && stream->action == Action::send) check_stream_part(*message->stream, stream->content);
}

}  // namespace holdfast::fuzz
