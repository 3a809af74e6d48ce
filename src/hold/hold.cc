// SPDX-License-Identifier: Apache-2.0
#include "hold/hold.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "wire/http1_chunked.h"

namespace holdfast::hold {

HeldRequest::HeldRequest(std::string_view method, std::string_view target, std::string_view host,
                         std::string_view route_id) {
  const std::array<std::string_view, 4> parts{method, target, host, route_id};
  std::size_t text = 0;
  for (auto p : parts) text += p.size();
  block_.reset(new std::uint32_t[parts.size() + (text + 3) / 4]);
  auto* out = reinterpret_cast<char*>(block_.get() + parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    block_[i] = static_cast<std::uint32_t>(parts[i].size());
    out = std::copy(parts[i].begin(), parts[i].end(), out);
  }
}

std::string_view HeldRequest::part(std::size_t i) const {
  const auto* at = reinterpret_cast<const char*>(block_.get() + 4);
  for (std::size_t k = 0; k < i; ++k) at += block_[k];
  return {at, block_[i]};
}

std::string_view HeldRequest::target() const {
  return part(1);
}
std::string_view HeldRequest::route_id() const {
  return part(3);
}

void HeldRequest::describe(AccessNote& note) const {
  note.method = part(0);
  note.target = part(1);
  note.host = part(2);
  note.route = part(3);
}

BytesRef HoldContext::keep_alive_block(const std::string& content) {
  constexpr std::size_t kMostBlocks = 1000;  // contents come from origins: they must not pile up
  auto found = keep_alive_blocks_.find(content);
  if (found != keep_alive_blocks_.end()) return found->second;
  if (keep_alive_blocks_.size() >= kMostBlocks) keep_alive_blocks_.clear();
  char size[18];
  auto size_length = wire::write_chunk_size(size, content.size());
  auto block = Bytes::build(size_length + content.size() + 2, [&](char* out) {
    out = std::copy_n(size, size_length, out);
    out = std::copy(content.begin(), content.end(), out);
    *out++ = '\r';
    *out = '\n';
  });
  keep_alive_blocks_.emplace(content, block);
  return block;
}

std::vector<std::string> channel_names(HoldContext& context, const Instruct& instruct, std::string_view prefix,
                                       const std::vector<std::string>& implicit, const Asker& asker) {
  std::vector<std::string> names;
  std::size_t cut = 0;
  for (const auto& channel : instruct.channels) {
    std::string name(prefix);
    name += channel.name;
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (names.size() < context.options.subscriptions_max) {
      names.push_back(std::move(name));
    } else {
      ++cut;
    }
  }
  if (cut > 0) {
    context.core.counters().add(base::Counter::channels_over_limit, cut);
    static base::LogLimiter limiter;
    base::log_limited(limiter,
                      {{"route", asker.route_id},
                       {"conn", asker.exchange.connection_id()},
                       base::LogField::bare("target", asker.target)},
                      "{} channels cut: grip.connection_subscription_max ({}) reached", cut,
                      context.options.subscriptions_max);
  }
  for (const auto& name : implicit) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace holdfast::hold
