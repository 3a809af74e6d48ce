// SPDX-License-Identifier: Apache-2.0
// Shows a test how large the program's allocations get. Include it in one file of a test program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace holdfast::test {

/// The largest block that has been asked of operator new since this was made.
class LargestAllocation {
 public:
  LargestAllocation() { seen() = 0; }
  std::size_t bytes() const { return seen(); }
  static std::atomic<std::size_t>& seen() {
    static std::atomic<std::size_t> size{0};
    return size;
  }
};

}  // namespace holdfast::test

// Not to be inlined: the compiler would take one without the other for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  auto& seen = holdfast::test::LargestAllocation::seen();
  if (size > seen.load(std::memory_order_relaxed)) seen.store(size, std::memory_order_relaxed);
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
