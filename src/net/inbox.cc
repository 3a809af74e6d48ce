// SPDX-License-Identifier: Apache-2.0
#include "net/inbox.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace holdfast::net {

Inbox::Inbox() : wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Inbox::~Inbox() {
  gather();
  while (gathered_) std::unique_ptr<Letter> dead(std::exchange(gathered_, gathered_->next_));
  ::close(wake_fd_);
}

void Inbox::put(Letter* letter) {
  letter->next_ = head_.load(std::memory_order_relaxed);
  while (!head_.compare_exchange_weak(letter->next_, letter, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void Inbox::wake() {
  // A flag of its own decides, not "the list was empty": after letters that woke nobody the list is not empty.
  if (wake_pending_.exchange(true, std::memory_order_seq_cst)) return;
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(wake_fd_, &one, sizeof one);
}

void Inbox::clear_wake() {
  std::uint64_t count;
  [[maybe_unused]] auto n = ::read(wake_fd_, &count, sizeof count);
  // Before the list is taken: a letter put from here on wakes again.
  wake_pending_.exchange(false, std::memory_order_seq_cst);
}

bool Inbox::gather() {
  Letter* newest = head_.exchange(nullptr, std::memory_order_acquire);
  bool any = newest != nullptr;
  Letter* oldest = nullptr;
  while (newest) oldest = std::exchange(newest, std::exchange(newest->next_, oldest));
  Letter** end = &gathered_;
  while (*end) end = &(*end)->next_;
  *end = oldest;
  return any;
}

void Inbox::open_gathered() {
  while (gathered_) {
    std::unique_ptr<Letter> letter(std::exchange(gathered_, gathered_->next_));
    letter->open();
  }
}

bool Inbox::open_all() {
  bool any = false;
  while (gather()) {
    open_gathered();
    any = true;
  }
  return any;
}

}  // namespace holdfast::net
