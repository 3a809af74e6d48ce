// SPDX-License-Identifier: Apache-2.0
#include "admin/health.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

namespace holdfast::admin {

Answer livez(const Context& context, base::Millis now) {
  auto stuck = base::Json::array();
  for (const auto& part : context.cores) {
    auto age = now - part.core->last_turn();
    if (age > kStuckMs) stuck.push_back({{"core", part.core->index()}, {"last_turn_ms", age}});
  }
  if (stuck.empty()) return json_answer(200, {{"alive", true}});
  return json_answer(503, {{"alive", false}, {"stuck", std::move(stuck)}});
}

Answer readyz(const Context& context) {
  auto reasons = context.readiness.reasons();
  if (reasons.empty()) return json_answer(200, {{"ready", true}});
  return json_answer(503, {{"ready", false}, {"reasons", reasons}});
}

void show_livez(const Request& request, const ReplyRef& reply) {
  reply->send(livez(request.context, base::steady_ms()));
}

void show_readyz(const Request& request, const ReplyRef& reply) {
  reply->send(readyz(request.context));
}

void drain(const Request& request, const ReplyRef& reply) {
  base::log_info("drain asked for on the admin listener");
  request.context.run_on_main([&context = request.context, reply] {
    // The answer first: a daemon without clients is soon gone.
    reply->core().post([reply] { reply->send(json_answer(202, {{"draining", true}})); });
    context.begin_drain();
  });
}

}  // namespace holdfast::admin
