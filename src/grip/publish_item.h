// SPDX-License-Identifier: Apache-2.0
// Items as publishers send them, over HTTP and ZeroMQ, into checked PublishItems (`publishing` §1.4, §2, §3).
//
// Both layouts are read: formats under `formats`, and directly in the item where there is no `formats`. Members that
// nobody knows are passed over; what is known but not yet supported is refused. All errors have status 400 and say
// which member is wrong. Nothing in the results points into the input. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/publish_item.h>
#include <holdfast/result.h>

#include "base/json_fwd.h"

namespace holdfast::grip {

/// Items of one request.
inline constexpr std::size_t kMaxPublishItems = 10'000;
inline constexpr std::size_t kMaxChannelBytes = 4096;

/// What strings are: text, with base64 in the `-bin` members, or (tnetstrings) bytes as they are in all of them.
enum class ItemEncoding : std::uint8_t { json, tnet };

/// The body of `POST /publish/`: an object with `items`. All or nothing: the first bad item is reported by its index,
/// counted from 0, as in `Invalid format: item 2: 'http-stream' does not contain …`. No items at all is fine.
Result<std::vector<PublishItem>> parse_publish_request(std::string_view json_body);

/// The same for an object that is parsed already: the arguments of the `publish` command (§6).
Result<std::vector<PublishItem>> parse_publish_items(const base::Json& request, ItemEncoding encoding);

/// One item. With `channel_override`, the topic of a SUB socket, that is its channel and the member does not count.
Result<PublishItem> parse_publish_item(const base::Json& object, ItemEncoding encoding,
                                       const std::string* channel_override = nullptr);

/// One ZeroMQ frame: `J` and JSON, `T` and a tnetstring, or a tnetstring alone (§3.1).
Result<PublishItem> parse_publish_frame(std::string_view frame, const std::string* channel_override = nullptr);

}  // namespace holdfast::grip
