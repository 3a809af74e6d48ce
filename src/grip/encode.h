// SPDX-License-Identifier: Apache-2.0
// Encodes an item once for every transport that will carry it.
#pragma once

#include <holdfast/message.h>
#include <holdfast/publish_item.h>

namespace holdfast::grip {

/// Makes the message of a checked item, without a place in the order yet. Stream content becomes one HTTP/1.1 chunk
/// (RFC 9112 §7.1) with its size in lower-case hex. WebSocket formats have no part in a Message, so an item of
/// `ws-message` alone gives one with neither part; it still has its place in sequencing. `meta` and `no_seq` are not
/// carried over: who needs them reads them from the item first. Cannot fail; any thread.
NewMessageRef encode_message(PublishItem&& item);

}  // namespace holdfast::grip
