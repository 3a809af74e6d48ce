// SPDX-License-Identifier: Apache-2.0
// The one door between threads: any thread puts letters in, the owner takes them all at once, in order.
#pragma once

#include <atomic>

namespace holdfast::net {

/// Something for another core. Allocated by the sender, freed by the receiver.
class Letter {
 public:
  virtual ~Letter() = default;
  /// Runs on the receiver's thread.
  virtual void open() = 0;

 private:
  friend class Inbox;
  Letter* next_ = nullptr;
};

/// A lock-free list of letters with an eventfd beside it. One system call wakes the owner for any number of letters.
class Inbox {
 public:
  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// Any thread. Takes the letter. It is seen at the owner's next turn at the latest when it wakes for another reason.
  void put(Letter* letter);
  /// Any thread. Makes the owner's next turn come now; cheap when a wake is already under way.
  void wake();

  /// Owner only. Sets aside what has come; false: nothing has.
  bool gather();
  /// Owner only. Opens what was set aside, oldest first.
  void open_gathered();
  /// Owner only. Gathers and opens until there is nothing more; true when there was any.
  bool open_all();
  /// Owner only: the wake has been heard.
  void clear_wake();
  int wake_fd() const { return wake_fd_; }

 private:
  std::atomic<Letter*> head_{nullptr};  // newest first
  Letter* gathered_ = nullptr;          // oldest first
  std::atomic<bool> wake_pending_{false};
  int wake_fd_;
};

}  // namespace holdfast::net
