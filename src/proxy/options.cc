// SPDX-License-Identifier: Apache-2.0
#include "proxy/options.h"

#include <filesystem>

#include "base/text.h"

namespace holdfast::proxy {

ForwardedForRule parse_forwarded_for_rule(const std::vector<std::string>& words) {
  ForwardedForRule rule;
  constexpr std::string_view kTruncate = "truncate:";
  for (const auto& word : words) {
    if (word == "append") rule.append = true;
    if (word.starts_with(kTruncate))
      rule.truncate = base::parse_decimal(std::string_view(word).substr(kTruncate.size()));
  }
  return rule;
}

Result<void> TargetTls::load(const Target& target, const std::string& directory) {
  if (!target.tls) return {};
  auto& slot = contexts_[key_of(target)];
  if (slot) return {};
  auto absolute = [&directory](const std::string& path) {
    if (path.empty()) return path;
    std::filesystem::path file(path);
    return file.is_relative() ? (std::filesystem::path(directory) / file).string() : path;
  };
  auto loaded =
      net::TlsClientContext::load({!target.insecure, absolute(target.client_cert), absolute(target.client_key)});
  if (!loaded) return loaded.error();
  slot = std::move(*loaded);
  return {};
}

std::shared_ptr<const net::TlsClientContext> TargetTls::get(const Target& target) const {
  if (!target.tls) return nullptr;
  auto found = contexts_.find(key_of(target));
  return found == contexts_.end() ? nullptr : found->second;
}

}  // namespace holdfast::proxy
