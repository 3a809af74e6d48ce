// SPDX-License-Identifier: Apache-2.0
#include "channel/hub.h"

#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "channel/table.h"

namespace holdfast::channel {

/// Something for the hub, allocated by who posts it and freed by who plays.
struct Hub::Post {
  virtual ~Post() = default;
  virtual void apply_to(Hub& hub) = 0;
  Post* next = nullptr;
};

struct Hub::PublishPost final : Post {
  void apply_to(Hub& hub) override { hub.apply(*this); }
  std::vector<NewMessageRef> messages;
};

struct Hub::InterestPost final : Post {
  void apply_to(Hub& hub) override { hub.apply(*this); }
  unsigned core = 0;
  std::string channel;
  Interest interest = Interest::begins;
};

struct Hub::OptionsPost final : Post {
  void apply_to(Hub& hub) override {
    hub.duplicates_.set_limits(options.id_cache_ttl_ms, options.id_cache_max);
    hub.sequencer_.set_options({options.message_wait_ms, options.message_wait_max});
  }
  HubOptions options;
};

struct Hub::TickPost final : Post {
  void apply_to(Hub& hub) override {
    auto now_us = base::steady_us();
    hub.sequencer_.expire(now_us / 1000, hub.ready_);
    hub.place(hub.ready_, now_us);
  }
};

struct Hub::Port {
  net::Core* core;
  ChannelTable* table;
};

namespace {

/// The messages of one hand-out: made once, shared by the letters to all cores.
struct Batch {
  std::vector<MessageRef> messages;
};

}  // namespace

class Hub::Delivery final : public net::Letter {
 public:
  Delivery(ChannelTable& table, std::shared_ptr<const Batch> batch) : table_(table), batch_(std::move(batch)) {}
  void open() override {
    for (const auto& message : batch_->messages) table_.apply(message);
  }

 private:
  ChannelTable& table_;
  std::shared_ptr<const Batch> batch_;
};

Hub::Hub(const HubOptions& options)
    : backlog_max_bytes_(options.backlog_max_bytes),
      posts_(idle_mark()),
      duplicates_(options.id_cache_ttl_ms, options.id_cache_max),
      sequencer_({options.message_wait_ms, options.message_wait_max}, counters_) {}

Hub::~Hub() {
  HF_ASSERT(posts_.load() == idle_mark());
}

/// An address that is no post's.
Hub::Post* Hub::idle_mark() {
  static char mark;
  return reinterpret_cast<Post*>(&mark);
}

void Hub::add_core(net::Core& core, ChannelTable& table) {
  HF_ASSERT(core.index() == ports_.size());
  ports_.push_back({&core, &table});
}

void Hub::forget_cores() {
  ports_.clear();
}

void Hub::publish(std::vector<NewMessageRef> messages) {
  if (messages.empty()) return;
  for (auto& message : messages) message->count_in(live_bytes_);
  auto letter = std::make_unique<PublishPost>();
  letter->messages = std::move(messages);
  post(letter.release());
}

void Hub::post_interest(unsigned core, const std::string& channel, Interest interest) {
  auto letter = std::make_unique<InterestPost>();
  letter->core = core;
  letter->channel = channel;
  letter->interest = interest;
  post(letter.release());
}

void Hub::set_options(const HubOptions& options) {
  backlog_max_bytes_.store(options.backlog_max_bytes, std::memory_order_relaxed);
  auto letter = std::make_unique<OptionsPost>();
  letter->options = options;
  post(letter.release());
}

void Hub::tick() {
  post(std::make_unique<TickPost>().release());
}

void Hub::post(Post* letter) {
  Post* before = posts_.load(std::memory_order_relaxed);
  do {
    letter->next = before == idle_mark() ? nullptr : before;
  } while (!posts_.compare_exchange_weak(before, letter, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (before == idle_mark()) play();
}

/// Applies letters until none is left. What the last player wrote is visible to the next: the mark is put down with
/// release and taken up with acquire.
void Hub::play() {
  for (;;) {
    Post* newest = posts_.exchange(nullptr, std::memory_order_acquire);
    Post* oldest = nullptr;
    while (newest) {
      Post* next = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest) {
      std::unique_ptr<Post> letter(oldest);
      oldest = oldest->next;
      letter->apply_to(*this);
    }
    hand_out();
    Post* none = nullptr;
    if (posts_.compare_exchange_strong(none, idle_mark(), std::memory_order_release, std::memory_order_relaxed)) return;
  }
}

void Hub::apply(PublishPost& post) {
  auto now = base::steady_us();
  for (auto& message : post.messages) {
    if (message->id && duplicates_.seen(message->channel, *message->id, now / 1000)) {
      counters_.add(base::Counter::duplicates);
      continue;
    }
    counters_.add(base::Counter::published);
    sequencer_.take(std::move(message), now / 1000, ready_);
    place(ready_, now);
  }
}

/// Gives messages their places.
void Hub::place(std::vector<NewMessageRef>& messages, std::int64_t now_us) {
  for (auto& message : messages) {
    message->order = ++last_order_;
    message->placed_us = now_us;
    auto listeners = listeners_.find(message->channel);
    if (listeners != listeners_.end()) wake_mask_ |= listeners->second.mask;
    batch_.emplace_back(std::move(message));
  }
  messages.clear();
  waiting_.store(sequencer_.waiting(), std::memory_order_relaxed);
}

void Hub::apply(InterestPost& post) {
  bool begins = post.interest == Interest::begins;
  auto& entry = listeners_[post.channel];
  if (entry.counts.size() <= post.core) entry.counts.resize(post.core + 1);
  entry.counts[post.core] += begins ? 1 : static_cast<std::uint32_t>(-1);
  bool was_heard = entry.cores > 0;
  entry.cores = 0;
  entry.mask = 0;
  for (std::size_t core = 0; core < entry.counts.size(); ++core) {
    if (entry.counts[core] == 0) continue;
    ++entry.cores;
    entry.mask |= std::uint64_t{1} << core % 64;
  }
  // What was handed out before this core was known to listen may lie in its inbox, unopened.
  if (begins) wake_mask_ |= std::uint64_t{1} << post.core % 64;
  bool is_heard = entry.cores > 0;
  if (is_heard && !was_heard) sequencer_.begin(post.channel);
  if (!is_heard) {
    listeners_.erase(post.channel);
    sequencer_.end(post.channel, ready_);
    place(ready_, base::steady_us());
  }
  if (was_heard != is_heard && interest_sink_) {
    interest_sink_->on_interest(post.channel, is_heard ? Interest::begins : Interest::ends);
  }
}

/// Every core gets every message, since a hold may be about to begin there; only those that have listeners are woken.
void Hub::hand_out() {
  std::shared_ptr<Batch> batch;
  if (!batch_.empty()) {
    batch = std::make_shared<Batch>();
    batch->messages.swap(batch_);
  }
  for (auto& port : ports_) {
    if (batch) port.core->inbox().put(new Delivery(*port.table, batch));
    if (wake_mask_ >> port.core->index() % 64 & 1) port.core->nudge();
  }
  wake_mask_ = 0;
}

}  // namespace holdfast::channel
