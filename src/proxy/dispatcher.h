// SPDX-License-Identifier: Apache-2.0
// Where a client's request enters the proxy: it gets its route, or an error.
#pragma once

#include <string_view>

#include <holdfast/exchange.h>

#include "proxy/options.h"

namespace holdfast::proxy {

/// One core.
class Dispatcher final : public RequestAcceptor {
 public:
  explicit Dispatcher(ProxyContext& context) : context_(context) {}

  void on_request(Exchange& exchange, const RequestView& request, std::string_view body, End end) override;

 private:
  void refuse_for_memory(Exchange& exchange, const RequestView& request);
  RouteRef find_route(const RequestView& request, bool websocket) const;

  ProxyContext& context_;
};

}  // namespace holdfast::proxy
