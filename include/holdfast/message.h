// SPDX-License-Identifier: Apache-2.0
// A published item, encoded once for each transport and shared by everyone who receives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <holdfast/bytes.h>
#include <holdfast/publish_item.h>

namespace holdfast {

/// The part of a message for held streams. One block holds the content framed as an HTTP/1.1 chunk; the raw content
/// is a view into the same block, for HTTP/1.0 clients. Both are empty for other actions and for empty content (an
/// empty chunk would end the body).
struct StreamPart {
  Action action = Action::send;
  BytesRef block;
  std::uint32_t content_offset = 0;
  std::uint32_t content_size = 0;

  Slice chunk() const { return block ? Slice(block) : Slice(); }
  Slice raw() const { return block ? Slice(block->view().substr(content_offset, content_size), block.get()) : Slice(); }
};

/// The part for held long-polls. The head differs from client to client, since it is merged with what the origin
/// sent; the body is shared.
struct ResponsePart {
  Action action = Action::send;
  int code = 200;
  std::string reason;
  HeaderList headers;
  BytesRef body;
  std::optional<std::vector<std::string>> expose;
};

/// Immutable once the hub has given it its place; any thread. Cost: one object for each publish, whatever the number
/// of receivers.
struct Message {
  Message() = default;
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() {
    if (live_bytes_) live_bytes_->fetch_sub(weight_, std::memory_order_relaxed);
  }

  std::string channel;
  std::size_t channel_hash = 0;
  std::optional<std::string> id;
  std::optional<std::string> prev_id;
  bool no_seq = false;  ///< does not wait for the item that prev_id names
  std::unique_ptr<StreamPart> stream;
  std::unique_ptr<ResponsePart> response;
  /// The place in the one order of everything published; given by the hub.
  std::uint64_t order = 0;
  /// When that was, in microseconds of the steady clock.
  std::int64_t placed_us = 0;

  /// Counts this message among those that wait somewhere, for as long as it lives. The sum must outlive it.
  void count_in(std::atomic<std::int64_t>& live_bytes) {
    weight_ = static_cast<std::int64_t>(sizeof(Message) + channel.size() +
                                        (stream && stream->block ? stream->block->size() : 0) +
                                        (response && response->body ? response->body->size() : 0));
    live_bytes_ = &live_bytes;
    live_bytes.fetch_add(weight_, std::memory_order_relaxed);
  }

  friend void intrusive_ptr_add_ref(const Message* m) { m->refs_.fetch_add(1, std::memory_order_relaxed); }
  friend void intrusive_ptr_release(const Message* m) {
    if (m->refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete m;
  }

 private:
  mutable std::atomic<std::uint32_t> refs_{0};
  std::atomic<std::int64_t>* live_bytes_ = nullptr;
  std::int64_t weight_ = 0;
};
using MessageRef = boost::intrusive_ptr<const Message>;
/// A message that has not got its place yet.
using NewMessageRef = boost::intrusive_ptr<Message>;

}  // namespace holdfast
