// SPDX-License-Identifier: Apache-2.0
// The admin listener's requests (contract §5): credentials, resources and methods.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <holdfast/exchange.h>

#include "admin/context.h"

namespace holdfast::admin {

/// One for each core. What is asked of other cores, or of the main thread, is answered when they have replied.
class AdminEndpoint final : public RequestAcceptor {
 public:
  AdminEndpoint(net::Core& core, const Context& context)
      : core_(core), context_(context), settings_(std::make_shared<const Settings>()) {}

  /// For requests from now on.
  void set_settings(std::shared_ptr<const Settings> settings) { settings_ = std::move(settings); }

  void on_request(Exchange& exchange, const RequestView& request, std::string_view body, End end) override;

 private:
  net::Core& core_;
  const Context& context_;
  std::shared_ptr<const Settings> settings_;
};

}  // namespace holdfast::admin
