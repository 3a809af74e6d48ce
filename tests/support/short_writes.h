// SPDX-License-Identifier: Apache-2.0
// Stands between the program and the kernel: a test says how much of each write is taken.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace holdfast::test {

/// While one of these exists, send() and sendmsg() of this thread go through it.
class ShortWrites {
 public:
  ShortWrites() { current() = this; }
  ~ShortWrites() { current() = nullptr; }
  ShortWrites(const ShortWrites&) = delete;
  ShortWrites& operator=(const ShortWrites&) = delete;

  /// The next `bytes` bytes are taken, then the kernel is full.
  void take(std::size_t bytes) { left_ = bytes; }
  void take_all() { left_ = SIZE_MAX; }
  /// The next `times` calls are interrupted by a signal.
  void interrupt(int times) { interruptions_ = times; }
  /// All calls fail, until take() or take_all().
  void fail(int error) {
    error_ = error;
    left_ = 0;
  }
  /// How often the program called.
  int calls() const { return calls_; }

  static ShortWrites*& current() {
    thread_local ShortWrites* writes = nullptr;
    return writes;
  }

  /// What a call says, and how many bytes of it reach the kernel.
  bool admit(std::size_t& size) {
    ++calls_;
    if (interruptions_ > 0) {
      --interruptions_;
      errno = EINTR;
      return false;
    }
    if (left_ == 0) {
      errno = error_ ? error_ : EAGAIN;
      return false;
    }
    error_ = 0;
    size = std::min(size, left_);
    if (left_ != SIZE_MAX) left_ -= size;
    return true;
  }

 private:
  std::size_t left_ = SIZE_MAX;
  int interruptions_ = 0;
  int error_ = 0;
  int calls_ = 0;
};

}  // namespace holdfast::test

// The program's own definitions come before the C library's. Weak, so that several files may bring them.
extern "C" [[gnu::weak]] ssize_t send(int fd, const void* data, size_t size, int flags) {
  auto* writes = holdfast::test::ShortWrites::current();
  if (writes && !writes->admit(size)) return -1;
  return ::syscall(SYS_sendto, fd, data, size, flags, nullptr, 0);
}

extern "C" [[gnu::weak]] ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  auto* writes = holdfast::test::ShortWrites::current();
  if (!writes) return ::syscall(SYS_sendmsg, fd, message, flags);
  std::vector<iovec> parts(message->msg_iov, message->msg_iov + message->msg_iovlen);
  std::size_t size = 0;
  for (const auto& part : parts) size += part.iov_len;
  if (!writes->admit(size)) return -1;
  for (auto& part : parts) {
    part.iov_len = std::min(part.iov_len, size);
    size -= part.iov_len;
  }
  msghdr shortened = *message;
  shortened.msg_iov = parts.data();
  return ::syscall(SYS_sendmsg, fd, &shortened, flags);
}
