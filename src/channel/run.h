// SPDX-License-Identifier: Apache-2.0
// Messages that are delivered together, prepared once for everybody who gets the same ones.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <holdfast/message.h>

namespace holdfast::channel {

/// A stretch of messages. What a stream needs of it (slices in either framing) is made when it is first asked for, and
/// then shared: a burst costs each client one write, not one for each message.
class Run {
 public:
  void reset(std::span<const MessageRef> messages) {
    messages_ = messages;
    chunks_.clear();
    raws_.clear();
    bytes_ = 0;
    prepared_ = closes_ = false;
  }

  std::span<const MessageRef> messages() const { return messages_; }

  // For streams: what is sent up to the first close.
  std::span<const Slice> chunks() const { return prepare(), chunks_; }
  std::span<const Slice> raws() const { return prepare(), raws_; }
  /// Bytes of chunks(): what it adds to the queue of a client that is slow.
  std::size_t bytes() const { return prepare(), bytes_; }
  /// Whether the stream is to be ended behind them.
  bool closes() const { return prepare(), closes_; }

 private:
  void prepare() const {
    if (prepared_) return;
    prepared_ = true;
    for (const auto& message : messages_) {
      const auto* part = message->stream.get();
      if (!part) continue;
      if (part->action == Action::close) {
        closes_ = true;
        break;
      }
      if (!part->block) continue;
      chunks_.push_back(part->chunk());
      raws_.push_back(part->raw());
      bytes_ += part->block->size();
    }
  }

  std::span<const MessageRef> messages_;
  mutable std::vector<Slice> chunks_;
  mutable std::vector<Slice> raws_;
  mutable std::size_t bytes_ = 0;
  mutable bool prepared_ = false;
  mutable bool closes_ = false;
};

}  // namespace holdfast::channel
