// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace holdfast::net {
namespace {

/// As many slices as one system call takes here; IOV_MAX is 1024, but a call that large would hold up the others.
constexpr std::size_t kMaxSlices = 64;
/// Plaintext that is encrypted in one go: four records, one call.
constexpr std::size_t kMaxSealed = 65536;

/// As much as fits of the slices, one behind the other.
std::size_t join(const Slice* slices, std::size_t count, std::vector<char>& out) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count && size < out.size(); ++i) {
    auto part = std::min(slices[i].size, out.size() - size);
    std::copy_n(slices[i].data, part, out.data() + size);
    size += part;
  }
  return size;
}

std::size_t total_size(std::span<const Slice> slices) {
  std::size_t sum = 0;
  for (const auto& slice : slices) sum += slice.size;
  return sum;
}

}  // namespace

bool Socket::open(int fd, Poller& poller, Pollable& owner) {
  fd_ = fd;
  error_ = 0;
  if (poller.add(fd, owner)) return true;
  close();
  return false;
}

Tls::Handshake Socket::handshake() {
  auto state = tls_->handshake();
  return send_tls_output() ? state : tls_->fail_handshake("the peer has gone");
}

std::ptrdiff_t Socket::read(char* out, std::size_t size) {
  if (tls_) {
    auto n = tls_->read(out, size);
    send_tls_output();  // an answer to a key update, or an alert
    return n;
  }
  for (;;) {
    auto n = ::recv(fd_, out, size, 0);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return kWouldBlock;
    error_ = errno;
    return kFailed;
  }
}

bool Socket::emptied_by(std::ptrdiff_t result, std::size_t size) const {
  if (result == kWouldBlock) return true;
  // A TLS end needs no end of the connection behind it, so no event need tell of it.
  return result > 0 && static_cast<std::size_t>(result) < size && !(tls_ && tls_->at_end());
}

/// What the library has to say by itself. It is little, and goes in front of what waits.
bool Socket::send_tls_output() {
  auto output = tls_->output();
  if (output.empty()) return true;
  std::size_t sent = 0;
  if (!queue_) {
    auto n = ::send(fd_, output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      error_ = errno;
      tls_->clear_output();
      return false;
    }
    sent = n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  if (sent < output.size()) put_sealed_first(output.substr(sent));
  tls_->clear_output();
  return true;
}

/// Encrypts up to kMaxSealed bytes of the slices as one, and sends that. What was encrypted counts as taken: ciphertext
/// that the kernel does not take is put in front of the queue.
std::ptrdiff_t Socket::send_sealed(const Slice* slices, std::size_t count) {
  std::string_view plain(slices->data, std::min(slices->size, kMaxSealed));
  if (count > 1 && plain.size() < kMaxSealed) {
    thread_local std::vector<char> joined(kMaxSealed);
    plain = {joined.data(), join(slices, count, joined)};
  }
  if (!tls_->write(plain) || !send_tls_output()) {
    if (!error_) error_ = EPROTO;
    return kFailed;
  }
  return static_cast<std::ptrdiff_t>(plain.size());
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
    if (errno == EAGAIN || errno == EWOULDBLOCK) return kWouldBlock;
    error_ = errno;
    return kFailed;
  }
}

/// Bytes taken, kWouldBlock or kFailed. Through TLS nothing blocks: what the kernel does not take waits as ciphertext.
std::ptrdiff_t Socket::transmit(const Slice* slices, std::size_t count) {
  return tls_ ? send_sealed(slices, count) : send(slices, count);
}

Written Socket::write(std::span<const Slice> slices) {
  if (fd_ < 0 || error_) return Written::failed;
  std::size_t skip = 0;  // of the first slice
  while (!queue_) {
    while (!slices.empty() && skip >= slices.front().size) {
      skip -= slices.front().size;
      slices = slices.subspan(1);
    }
    if (slices.empty()) return Written::sent;
    auto batch = slices.first(std::min(slices.size(), kMaxSlices));
    std::array<Slice, kMaxSlices> rest;
    if (skip) {  // only with TLS: what was encrypted ended inside of a slice
      std::copy(batch.begin(), batch.end(), rest.begin());
      rest[0].data += skip;
      rest[0].size -= skip;
      batch = std::span<const Slice>(rest).first(batch.size());
    }
    auto taken = transmit(batch.data(), batch.size());
    if (taken == kFailed) return Written::failed;
    skip += static_cast<std::size_t>(std::max<std::ptrdiff_t>(taken, 0));
    bool blocked = !tls_ && static_cast<std::size_t>(std::max<std::ptrdiff_t>(taken, 0)) < total_size(batch);
    if (blocked) break;
  }
  enqueue(slices, skip);
  return queue_ ? Written::queued : Written::sent;
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

/// What the next call may send: ciphertext by itself, or plaintext up to the next ciphertext.
std::size_t Socket::front_batch(Slice* slices, std::size_t& bytes) const {
  std::size_t count = 0;
  bytes = 0;
  bool sealed = queue_->parts[queue_->first].sealed;
  for (std::size_t i = queue_->first; i < queue_->parts.size() && count < kMaxSlices; ++i) {
    const auto& part = queue_->parts[i];
    if (part.sealed != sealed) break;
    slices[count++] = Slice(std::string_view(part.data, part.size));
    bytes += part.size;
  }
  return count;
}

void Socket::consume(std::size_t bytes) {
  queue_->bytes -= bytes;
  while (bytes) {
    auto& part = queue_->parts[queue_->first];
    auto step = std::min(bytes, part.size);
    part.data += step;
    part.size -= step;
    bytes -= step;
    if (part.size == 0) {
      part.owner.reset();
      ++queue_->first;
    }
  }
}

void Socket::put_sealed_first(std::string_view rest) {
  if (!queue_) queue_ = std::make_unique<Queue>();
  // Behind ciphertext that waits already: records must leave in the order in which they were made.
  auto at = queue_->first;
  while (at < queue_->parts.size() && queue_->parts[at].sealed) ++at;
  auto copy = Bytes::copy(rest);
  const auto* data = copy->view().data();
  queue_->parts.insert(queue_->parts.begin() + static_cast<std::ptrdiff_t>(at),
                       {std::move(copy), data, rest.size(), true});
  queue_->bytes += rest.size();
}

Written Socket::flush() {
  if (fd_ < 0 || error_) return Written::failed;
  while (queue_) {
    if (queue_->first == queue_->parts.size()) {
      queue_.reset();
      break;
    }
    Slice slices[kMaxSlices];
    std::size_t offered = 0;
    auto count = front_batch(slices, offered);
    if (tls_ && !queue_->parts[queue_->first].sealed) {
      // Plaintext comes off the queue before its ciphertext may go on it.
      thread_local std::vector<char> joined(kMaxSealed);
      auto size = join(slices, count, joined);
      consume(size);
      if (!tls_->write({joined.data(), size}) || !send_tls_output()) {
        if (!error_) error_ = EPROTO;
        return Written::failed;
      }
      continue;
    }
    auto sent = send(slices, count);
    if (sent == kFailed) return Written::failed;
    if (sent == kWouldBlock) return Written::queued;
    consume(static_cast<std::size_t>(sent));
    if (static_cast<std::size_t>(sent) < offered) return Written::queued;
  }
  return Written::sent;
}

void Socket::note_error() {
  if (fd_ < 0 || error_) return;
  socklen_t size = sizeof error_;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error_, &size);
}

bool Socket::has_input() {
  char byte;
  if (tls_) return tls_->read(&byte, 1) != kWouldBlock;  // tickets and the like are no input
  auto n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Socket::shutdown_write() {
  if (fd_ < 0) return;
  say_goodbye();
  ::shutdown(fd_, SHUT_WR);
}

/// The end of what was sent is no truncation.
void Socket::say_goodbye() {
  if (!tls_ || queue_ || error_) return;
  tls_->close_notify();
  send_tls_output();
}

void Socket::close() {
  if (fd_ < 0) return;
  say_goodbye();
  tls_.reset();
  ::close(fd_);
  fd_ = -1;
  queue_.reset();
}

void Socket::reset() {
  if (fd_ < 0) return;
  tls_.reset();  // without a goodbye
  linger off{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &off, sizeof off);
  close();
}

}  // namespace holdfast::net
