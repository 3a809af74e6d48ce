// SPDX-License-Identifier: Apache-2.0
// What holds for every item that was accepted from a publisher, whichever way it came.
#pragma once

#include <holdfast/publish_item.h>

namespace holdfast::fuzz {

/// Checks the item and the message that is made of it.
void check_item(PublishItem item);

}  // namespace holdfast::fuzz
