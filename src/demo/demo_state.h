// SPDX-License-Identifier: Apache-2.0
// What the demo's page shows: a counter and a feed of messages, and the forms in which they are sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <holdfast/publish_item.h>
#include <holdfast/result.h>

namespace holdfast::demo {

/// The channel of everything that the demo publishes.
inline constexpr const char* kChannel = "demo";

/// With the last messages in full, it is the whole truth at its version: who has seen a newer one can forget an older.
/// Any number of threads may not share it without a lock.
class DemoState {
 public:
  static constexpr std::size_t kMaxMessages = 20;
  static constexpr std::size_t kMaxMessageBytes = 500;

  void increment();
  /// Takes a request body, without line ends at its end. Refused (400, 413) when it is empty, too long or not UTF-8.
  Result<void> add_message(std::string_view body);

  /// Grows by one with each change; 0 at first.
  std::uint64_t version() const { return version_; }

  /// One line: {"counter":2,"messages":[{"text":"hello","version":3}],"version":3}, the oldest message first.
  std::string to_json() const;
  /// The same as a server-sent event: `id` is the version, `event` is "state".
  std::string to_event() const;
  /// The same for everybody who is held, on a stream and on a long-poll.
  PublishItem to_item() const;

 private:
  struct Message {
    std::uint64_t version;  ///< that it came with
    std::string text;
  };

  std::uint64_t version_ = 0;
  std::uint64_t counter_ = 0;
  std::deque<Message> messages_;
};

}  // namespace holdfast::demo
