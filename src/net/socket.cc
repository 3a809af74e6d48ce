// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace holdfast::net {
namespace {

/// As many slices as one system call takes here; IOV_MAX is 1024, but a call that large would hold up the others.
constexpr std::size_t kMaxSlices = 64;

std::size_t total_size(std::span<const Slice> slices) {
  std::size_t sum = 0;
  for (const auto& slice : slices) sum += slice.size;
  return sum;
}

}  // namespace

bool Socket::open(int fd, Poller& poller, Pollable& owner) {
  fd_ = fd;
  failed_ = false;
  if (poller.add(fd, owner)) return true;
  close();
  return false;
}

std::ptrdiff_t Socket::read(char* out, std::size_t size) {
  for (;;) {
    auto n = ::recv(fd_, out, size, 0);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? kWouldBlock : kFailed;
  }
}

/// Bytes taken, kWouldBlock or kFailed.
std::ptrdiff_t Socket::send(const Slice* slices, std::size_t count) {
  for (;;) {
    std::ptrdiff_t n;
    if (count == 1) {
      n = ::send(fd_, slices->data, slices->size, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else {
      iovec vectors[kMaxSlices];
      count = std::min(count, kMaxSlices);
      for (std::size_t i = 0; i < count; ++i) vectors[i] = {const_cast<char*>(slices[i].data), slices[i].size};
      msghdr message{};
      message.msg_iov = vectors;
      message.msg_iovlen = count;
      n = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? kWouldBlock : kFailed;
  }
}

Written Socket::write(std::span<const Slice> slices) {
  if (fd_ < 0 || failed_) return Written::failed;
  if (queue_) {
    enqueue(slices, 0);
    return Written::queued;
  }
  while (!slices.empty()) {
    if (slices.front().empty()) {
      slices = slices.subspan(1);
      continue;
    }
    auto batch = slices.first(std::min(slices.size(), kMaxSlices));
    auto sent = send(batch.data(), batch.size());
    if (sent == kFailed) {
      failed_ = true;
      return Written::failed;
    }
    auto taken = static_cast<std::size_t>(std::max<std::ptrdiff_t>(sent, 0));
    if (taken < total_size(batch)) {
      enqueue(slices, taken);
      return Written::queued;
    }
    slices = slices.subspan(batch.size());
  }
  return Written::sent;
}

/// Queues all but the first `skip` bytes. Borrowed bytes that follow each other are copied into one block.
void Socket::enqueue(std::span<const Slice> slices, std::size_t skip) {
  if (!queue_) queue_ = std::make_unique<Queue>();
  auto& parts = queue_->parts;
  if (queue_->first > parts.size() / 2) {
    // The queue of a client that is always a little behind never runs dry: let go of the places of what was sent.
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(queue_->first));
    queue_->first = 0;
  }
  std::size_t i = 0;
  while (i < slices.size() && skip >= slices[i].size) skip -= slices[i++].size;
  while (i < slices.size()) {
    Slice slice = slices[i];
    slice.data += skip;
    slice.size -= skip;
    skip = 0;
    if (slice.owner) {
      if (slice.size) parts.push_back({BytesRef(slice.owner), slice.data, slice.size});
      queue_->bytes += slice.size;
      ++i;
      continue;
    }
    std::size_t run = i + 1;
    std::size_t size = slice.size;
    while (run < slices.size() && !slices[run].owner) size += slices[run++].size;
    if (size) {
      auto copy = Bytes::build(size, [&](char* out) {
        out = std::copy_n(slice.data, slice.size, out);
        for (std::size_t k = i + 1; k < run; ++k) out = std::copy_n(slices[k].data, slices[k].size, out);
      });
      parts.push_back({copy, copy->view().data(), size});
      queue_->bytes += size;
    }
    i = run;
  }
}

Written Socket::flush() {
  if (fd_ < 0 || failed_) return Written::failed;
  while (queue_) {
    Slice slices[kMaxSlices];
    std::size_t count = 0;
    std::size_t offered = 0;
    for (std::size_t i = queue_->first; i < queue_->parts.size() && count < kMaxSlices; ++i) {
      const auto& part = queue_->parts[i];
      slices[count++] = Slice(std::string_view(part.data, part.size));
      offered += part.size;
    }
    if (count == 0) {
      queue_.reset();
      break;
    }
    auto sent = send(slices, count);
    if (sent == kFailed) {
      failed_ = true;
      return Written::failed;
    }
    if (sent == kWouldBlock) return Written::queued;
    auto taken = static_cast<std::size_t>(sent);
    queue_->bytes -= taken;
    bool all = taken == offered;
    while (taken) {
      auto& part = queue_->parts[queue_->first];
      auto step = std::min(taken, part.size);
      part.data += step;
      part.size -= step;
      taken -= step;
      if (part.size == 0) {
        part.owner.reset();
        ++queue_->first;
      }
    }
    if (!all) return Written::queued;
  }
  return Written::sent;
}

bool Socket::has_input() const {
  char byte;
  auto n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Socket::shutdown_write() {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

void Socket::close() {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  queue_.reset();
}

void Socket::reset() {
  if (fd_ < 0) return;
  linger off{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &off, sizeof off);
  close();
}

}  // namespace holdfast::net
