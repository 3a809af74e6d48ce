// SPDX-License-Identifier: Apache-2.0
// Which listeners other machines can reach though nothing asks them for a credential (contract §2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace holdfast::app {

struct Exposure {
  std::string_view section;
  std::string_view key;
  std::string address;

  /// What is wrong, and the mend; without the place.
  std::string text() const;
};

/// Of control and admin, where the configuration does not say that it is meant. ZeroMQ has no credentials.
std::vector<Exposure> find_exposed(const Config& config);

}  // namespace holdfast::app
