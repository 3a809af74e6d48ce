// SPDX-License-Identifier: Apache-2.0
// The project's one way to the JSON library. Include it from .cc files; headers take the forward declaration.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace holdfast::base {

using Json = nlohmann::json;

/// Nothing when the text is not one JSON document. Never throws.
inline std::optional<Json> parse_json(std::string_view text) {
  Json value = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

}  // namespace holdfast::base
