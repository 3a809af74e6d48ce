// SPDX-License-Identifier: Apache-2.0
// GET /channels and /channels/{name}: who listens to what, summed over the cores.
#pragma once

#include "admin/reply.h"

namespace holdfast::admin {

void list_channels(const Request& request, const ReplyRef& reply);
void show_channel(const Request& request, const ReplyRef& reply);

}  // namespace holdfast::admin
