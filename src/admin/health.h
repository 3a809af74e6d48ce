// SPDX-License-Identifier: Apache-2.0
// GET /livez and /readyz, and POST /drain.
#pragma once

#include "admin/reply.h"

namespace holdfast::admin {

/// How long an event loop may be busy with one turn before it counts as stuck.
inline constexpr base::Millis kStuckMs = 5000;

/// `now`: of the steady clock.
Answer livez(const Context& context, base::Millis now);
Answer readyz(const Context& context);

void show_livez(const Request& request, const ReplyRef& reply);
void show_readyz(const Request& request, const ReplyRef& reply);
void drain(const Request& request, const ReplyRef& reply);

}  // namespace holdfast::admin
