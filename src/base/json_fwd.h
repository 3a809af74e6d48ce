// SPDX-License-Identifier: Apache-2.0
// The name of the JSON value type, for headers.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace holdfast::base {
using Json = nlohmann::json;
}
