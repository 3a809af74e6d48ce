// SPDX-License-Identifier: Apache-2.0
// The formats of a publish item: http-response, http-stream and ws-message (`publishing` §2.2).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <holdfast/publish_item.h>

#include "base/json_fwd.h"
#include "grip/item_object.h"

namespace holdfast::grip {

/// RFC 6455 §5.5: what a control frame can carry.
inline constexpr std::size_t kMaxControlPayloadBytes = 125;
/// RFC 6455 §5.5.1: a close frame carries its code in two of these bytes.
inline constexpr std::size_t kMaxCloseReasonBytes = kMaxControlPayloadBytes - 2;

/// One known format.
struct Format {
  const char* name;
  /// Reads the object `value` into the format's own member of `item`.
  Problem (*read)(const ItemObject& value, PublishItem& item);
};

/// All known formats, in the order of their names.
std::span<const Format> known_formats();
/// Null for a name that is not known; the comparison is exact.
const Format* find_format(std::string_view name);

/// Checks that `value` is an object, and reads it.
Problem read_format(const Format& format, const base::Json& value, ItemEncoding encoding, PublishItem& item);

}  // namespace holdfast::grip
