// SPDX-License-Identifier: Apache-2.0
#include "app/memory_watch.h"

#include <memory>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

namespace holdfast::app {
namespace {

class StatmFile {
 public:
  StatmFile() : fd_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}
  ~StatmFile() { ::close(fd_); }
  StatmFile(const StatmFile&) = delete;
  StatmFile& operator=(const StatmFile&) = delete;

  std::string read() const {
    char text[128];
    auto n = ::pread(fd_, text, sizeof text, 0);
    return {text, n > 0 ? static_cast<std::size_t>(n) : 0};
  }

 private:
  int fd_;
};

}  // namespace

std::int64_t parse_statm(const std::string& text, std::int64_t page_bytes) {
  // "size resident shared …", in pages (proc(5))
  auto begin = text.find(' ');
  if (begin == std::string::npos) return 0;
  auto end = text.find(' ', begin + 1);
  auto pages = base::parse_decimal(std::string_view(text).substr(begin + 1, end - begin - 1));
  return pages ? static_cast<std::int64_t>(*pages) * page_bytes : 0;
}

MemoryWatch::System MemoryWatch::process() {
  System system;
  // Opened once: descriptors may have run out when it matters.
  auto file = std::make_shared<StatmFile>();
  system.resident_bytes = [file] { return parse_statm(file->read(), ::sysconf(_SC_PAGESIZE)); };
  system.trim = [] { ::malloc_trim(0); };
  return system;
}

std::uint64_t MemoryWatch::look(base::Millis now) {
  auto most = load_.memory_max_bytes.load(std::memory_order_relaxed);
  bool was_shedding = load_.shedding.load(std::memory_order_relaxed);
  if (most == 0) {
    load_.shedding = false;
    return 0;
  }
  auto resident = system_.resident_bytes();
  if (resident == 0) return 0;  // there is no /proc: nothing is known, and nothing changes
  bool trimmed = false;
  // Freed memory stays with the allocator: without this, one bad minute would be held against the clients for ever.
  if ((resident > most || was_shedding) && now >= next_trim_) {
    next_trim_ = now + kTrimMs;
    system_.trim();
    trimmed = true;
    resident = system_.resident_bytes();
  }
  load_.memory_bytes.store(resident, std::memory_order_relaxed);
  bool over = resident > most && (trimmed || was_shedding);
  bool low = resident < most - most / 20;
  if (!was_shedding && over) {
    base::log_warn("server.memory_max_bytes ({}) reached: {} in use: new clients and requests are refused", most,
                   resident);
    load_.shedding = true;
  } else if (was_shedding && low) {
    base::log_info("below server.memory_max_bytes ({}) again: {} in use", most, resident);
    load_.shedding = false;
  }
  // A round of closing is judged by what is left when its memory has been returned.
  return over && trimmed ? static_cast<std::uint64_t>(resident - most) : 0;
}

}  // namespace holdfast::app
