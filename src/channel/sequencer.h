// SPDX-License-Identifier: Apache-2.0
// Puts the items of each channel into the order that their ids ask for (SEQ-2 to SEQ-8).
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <holdfast/message.h>

#include "base/clock.h"
#include "base/counters.h"

namespace holdfast::channel {

/// An item that names its predecessor waits for it, for a while; everything else passes. Keeps a channel in mind for as
/// long as it has listeners. Only for who plays the hub.
///
/// Nothing is lost here: an item that would be one too many makes the oldest that waits on its channel go first.
class Sequencer {
 public:
  struct Options {
    base::Millis wait_ms = 5000;    ///< how long an item waits; 0: nothing waits
    std::size_t waiting_max = 100;  ///< on one channel; at least 1
  };
  using Messages = std::vector<NewMessageRef>;

  Sequencer(const Options& options, base::Counters& counters) : options_(options), counters_(counters) {}
  /// For items that come from now on.
  void set_options(const Options& options) { options_ = options; }

  /// The channel has its first listener, or has lost its last: what waits then has nobody to wait for, and is let go
  /// of.
  void begin(const std::string& channel) { sequences_.try_emplace(channel); }
  void end(const std::string& channel, Messages& out);

  /// Appends what may go out now because of this message: nothing, or the message and those that waited for it.
  void take(NewMessageRef message, base::Millis now, Messages& out);
  /// Appends those whose time is up, and those that waited for them.
  void expire(base::Millis now, Messages& out);

  /// The id of the last item that has gone out, where the channel is known and the item had one.
  const std::string* last_id(const std::string& channel) const;
  /// The next item passes, whatever its predecessor (REC-4, REC-5).
  void forget_last_id(const std::string& channel);

  std::size_t waiting() const { return waiting_; }

 private:
  struct Waiting {
    NewMessageRef message;
    base::Millis expires;
  };
  struct Sequence {
    std::optional<std::string> last_id;
    std::vector<Waiting> waiting;  // the oldest first
  };
  struct Expiry {
    base::Millis at;
    std::string channel;
  };

  void release(Sequence& sequence, NewMessageRef message, Messages& out);
  void release_oldest(Sequence& sequence, Messages& out);

  Options options_;
  base::Counters& counters_;
  boost::unordered_flat_map<std::string, Sequence> sequences_;
  std::deque<Expiry> expiries_;  // in the order of their coming; some are for items that have gone
  std::size_t waiting_ = 0;
};

}  // namespace holdfast::channel
