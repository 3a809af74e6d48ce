// SPDX-License-Identifier: Apache-2.0
// Immutable, reference-counted memory, shared by every client that a message is written to.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace holdfast {

class Bytes;
/// Keeps Bytes alive. Copying one touches an atomic counter, so the delivery path passes Slices instead.
using BytesRef = boost::intrusive_ptr<const Bytes>;

/// One block of bytes that never changes after it was made. Any thread; one allocation of 16 bytes plus the content.
class Bytes {
 public:
  static BytesRef copy(std::string_view content) {
    return build(content.size(), [&](char* out) {
      if (!content.empty()) std::memcpy(out, content.data(), content.size());
    });
  }

  /// Makes a block of `size` bytes that `fill(char*)` writes in full.
  template <class Fill>
  static BytesRef build(std::size_t size, Fill&& fill) {
    void* memory = ::operator new(sizeof(Bytes) + size);
    auto* bytes = new (memory) Bytes(size);
    fill(bytes->storage());
    return BytesRef(bytes);
  }

  std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), size_}; }
  std::size_t size() const { return size_; }

  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

 private:
  explicit Bytes(std::size_t size) : size_(size) {}
  char* storage() { return reinterpret_cast<char*>(this + 1); }

  friend void intrusive_ptr_add_ref(const Bytes* b) { b->refs_.fetch_add(1, std::memory_order_relaxed); }
  friend void intrusive_ptr_release(const Bytes* b) {
    if (b->refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      b->~Bytes();
      ::operator delete(const_cast<Bytes*>(b));
    }
  }

  mutable std::atomic<std::uint32_t> refs_{0};
  std::size_t size_;
};

/// Bytes to be written. With an owner they may be queued by reference; without one they are borrowed for the call and
/// are copied when they do not fit the socket at once.
struct Slice {
  const char* data = nullptr;
  std::size_t size = 0;
  const Bytes* owner = nullptr;

  Slice() = default;
  Slice(std::string_view borrowed) : data(borrowed.data()), size(borrowed.size()) {}
  Slice(std::string_view part, const Bytes* keeper) : data(part.data()), size(part.size()), owner(keeper) {}
  explicit Slice(const BytesRef& whole) : Slice(whole->view(), whole.get()) {}

  std::string_view view() const { return {data, size}; }
  bool empty() const { return size == 0; }
};

}  // namespace holdfast
