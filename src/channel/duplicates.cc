// SPDX-License-Identifier: Apache-2.0
#include "channel/duplicates.h"

namespace holdfast::channel {

void DuplicateFilter::forget_oldest() {
  keys_.erase(order_.front().key);
  order_.pop_front();
}

bool DuplicateFilter::seen(std::string_view channel, std::string_view id, base::Millis now) {
  if (ttl_ms_ == 0) return false;
  while (!order_.empty() && order_.front().expires <= now) forget_oldest();
  // The length in front keeps two pairs apart that would read the same when joined.
  std::string key = std::to_string(channel.size());
  key.reserve(key.size() + 1 + channel.size() + id.size());
  key += ':';
  key += channel;
  key += id;
  if (keys_.contains(key)) return true;
  while (order_.size() >= most_) forget_oldest();
  order_.push_back({now + ttl_ms_, std::move(key)});
  keys_.insert(order_.back().key);
  return false;
}

}  // namespace holdfast::channel
