// SPDX-License-Identifier: Apache-2.0
#include "channel/sequencer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace holdfast::channel {

void Sequencer::end(const std::string& channel, Messages& out) {
  auto found = sequences_.find(channel);
  if (found == sequences_.end()) return;
  waiting_ -= found->second.waiting.size();
  for (auto& waiting : found->second.waiting) out.push_back(std::move(waiting.message));
  sequences_.erase(found);
}

void Sequencer::take(NewMessageRef message, base::Millis now, Messages& out) {
  auto found = message->no_seq ? sequences_.end() : sequences_.find(message->channel);
  if (found == sequences_.end()) {
    out.push_back(std::move(message));
    return;
  }
  auto& sequence = found->second;
  bool follows = !message->prev_id || !sequence.last_id || *message->prev_id == *sequence.last_id;
  if (follows || options_.wait_ms == 0) return release(sequence, std::move(message), out);
  if (sequence.waiting.size() >= options_.waiting_max) {
    counters_.add(base::Counter::items_overflowed);
    static base::LogLimiter limiter;
    base::log_limited(limiter, {{"channel", message->channel}},
                      "item sent without its predecessor: grip.message_wait_max ({}) reached", options_.waiting_max);
    release_oldest(sequence, out);
    // Its followers have gone with it, and now it may be this one's turn.
    if (sequence.last_id && *message->prev_id == *sequence.last_id) return release(sequence, std::move(message), out);
  }
  if (waiting_ == 0) expiries_.clear();
  auto expires = now + options_.wait_ms;
  expiries_.push_back({expires, message->channel});
  sequence.waiting.push_back({std::move(message), expires});
  ++waiting_;
}

/// The message goes out, and so do those that have waited for it, for them, and so on.
void Sequencer::release(Sequence& sequence, NewMessageRef message, Messages& out) {
  for (;;) {
    sequence.last_id = message->id;
    out.push_back(std::move(message));
    if (!sequence.last_id) return;
    auto next = std::find_if(sequence.waiting.begin(), sequence.waiting.end(),
                             [&](const Waiting& w) { return *w.message->prev_id == *sequence.last_id; });
    if (next == sequence.waiting.end()) return;
    message = std::move(next->message);
    sequence.waiting.erase(next);
    --waiting_;
  }
}

void Sequencer::release_oldest(Sequence& sequence, Messages& out) {
  auto oldest = std::move(sequence.waiting.front().message);
  sequence.waiting.erase(sequence.waiting.begin());
  --waiting_;
  release(sequence, std::move(oldest), out);
}

void Sequencer::expire(base::Millis now, Messages& out) {
  while (!expiries_.empty() && expiries_.front().at <= now) {
    auto found = sequences_.find(expiries_.front().channel);
    expiries_.pop_front();
    if (found == sequences_.end()) continue;
    auto& sequence = found->second;
    while (!sequence.waiting.empty() && sequence.waiting.front().expires <= now) {
      counters_.add(base::Counter::items_expired);
      static base::LogLimiter limiter;
      base::log_limited(limiter, {{"channel", found->first}},
                        "item sent without its predecessor: grip.message_wait_ms ({}) reached", options_.wait_ms);
      release_oldest(sequence, out);
    }
  }
}

const std::string* Sequencer::last_id(const std::string& channel) const {
  auto found = sequences_.find(channel);
  return found == sequences_.end() || !found->second.last_id ? nullptr : &*found->second.last_id;
}

void Sequencer::forget_last_id(const std::string& channel) {
  if (auto found = sequences_.find(channel); found != sequences_.end()) found->second.last_id.reset();
}

}  // namespace holdfast::channel
