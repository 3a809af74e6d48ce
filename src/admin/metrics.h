// SPDX-License-Identifier: Apache-2.0
// GET /metrics.
#pragma once

#include <string>

#include "admin/metrics_text.h"
#include "admin/process_stats.h"
#include "admin/reply.h"

namespace holdfast::admin {

/// Everything that the daemon measures. Reads counters only, so it may run on any thread. `now`: of the steady clock.
std::string write_metrics(const Context& context, const Settings& settings, const ProcessStats& process,
                          base::Millis now, MetricsFormat format);

/// OpenMetrics, unless the values of Accept name text/plain alone.
MetricsFormat choose_metrics_format(std::string_view accept);

void show_metrics(const Request& request, const ReplyRef& reply);

}  // namespace holdfast::admin
