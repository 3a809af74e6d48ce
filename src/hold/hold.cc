// SPDX-License-Identifier: Apache-2.0
#include "hold/hold.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "wire/http1_chunked.h"

namespace holdfast::hold {

HeldRequest::HeldRequest(std::string_view method, std::string_view target, std::string_view host,
                         std::string_view route_id, const Meta& meta) {
  constexpr std::size_t kMost = UINT16_MAX;
  method = method.substr(0, kMost);
  route_id = route_id.substr(0, kMost);
  std::string pairs;
  for (const auto& [name, value] : meta) {
    for (const auto* text : {&name, &value}) {
      auto size = static_cast<std::uint32_t>(text->size());
      pairs.append(reinterpret_cast<const char*>(&size), sizeof size).append(*text);
    }
  }
  const Sizes sizes{static_cast<std::uint32_t>(target.size()), static_cast<std::uint32_t>(host.size()),
                    static_cast<std::uint32_t>(pairs.size()), static_cast<std::uint16_t>(method.size()),
                    static_cast<std::uint16_t>(route_id.size())};
  block_.reset(new char[sizeof sizes + method.size() + target.size() + host.size() + route_id.size() + pairs.size()]);
  auto* out = std::copy_n(reinterpret_cast<const char*>(&sizes), sizeof sizes, block_.get());
  for (std::string_view part : {method, target, host, route_id, std::string_view(pairs)}) {
    out = std::copy(part.begin(), part.end(), out);
  }
}

HeldRequest::Sizes HeldRequest::sizes() const {
  Sizes sizes;
  std::memcpy(&sizes, block_.get(), sizeof sizes);
  return sizes;
}

std::string_view HeldRequest::text(std::size_t offset, std::size_t size) const {
  return {block_.get() + sizeof(Sizes) + offset, size};
}

std::string_view HeldRequest::target() const {
  auto s = sizes();
  return text(s.method, s.target);
}
std::string_view HeldRequest::route_id() const {
  auto s = sizes();
  return text(std::size_t{s.method} + s.target + s.host, s.route);
}

void HeldRequest::describe(AccessNote& note) const {
  auto s = sizes();
  note.method = text(0, s.method);
  note.target = target();
  note.host = text(std::size_t{s.method} + s.target, s.host);
  note.route = route_id();
}

void HeldRequest::describe(HoldNote& note) const {
  auto s = sizes();
  auto rest = text(std::size_t{s.method} + s.target + s.host + s.route, s.meta);
  auto take = [&rest] {
    std::uint32_t size;
    std::memcpy(&size, rest.data(), sizeof size);
    auto taken = rest.substr(sizeof size, size);
    rest.remove_prefix(sizeof size + size);
    return taken;
  };
  while (!rest.empty()) {
    auto name = take();
    note.meta.emplace_back(name, take());
  }
}

void describe_channels(const channel::Subscriber& subscriber, HoldNote& note) {
  for (const auto& subscription : subscriber.subscriptions().all()) {
    note.channels.push_back(channel::channel_name(subscription));
  }
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
