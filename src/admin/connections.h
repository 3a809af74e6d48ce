// SPDX-License-Identifier: Apache-2.0
// GET /connections, GET and DELETE /connections/{id}, POST /connections/close: the clients, one by one.
#pragma once

#include "admin/reply.h"

namespace holdfast::admin {

void list_connections(const Request& request, const ReplyRef& reply);
void show_connection(const Request& request, const ReplyRef& reply);
void close_connection(const Request& request, const ReplyRef& reply);
/// {"meta":{"user":"42"},"formats":{…}}: all whose session has all of this meta, behind the formats that are for them.
void close_connections(const Request& request, const ReplyRef& reply);

}  // namespace holdfast::admin
