// SPDX-License-Identifier: Apache-2.0
#include "base/log_output.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace holdfast::base {
namespace {

/// A pipe with room takes this much as a whole (POSIX PIPE_BUF).
constexpr std::size_t kAtomicWrite = 4096;

/// The most whole lines that fit into one piece; a longer line goes alone.
std::size_t next_piece(std::string_view lines) {
  if (lines.size() <= kAtomicWrite) return lines.size();
  auto end = lines.rfind('\n', kAtomicWrite - 1);
  if (end == std::string_view::npos) end = lines.find('\n');
  return end == std::string_view::npos ? lines.size() : end + 1;
}

int open_file(const std::string& path) {
  // Not to wait: of a FIFO, for a reader.
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

Error open_error(const std::string& path) {
  return Error{fmt::format("cannot open {}: {}", path, std::strerror(errno))};
}

bool has_room(int fd) {
  pollfd out{fd, POLLOUT, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & POLLOUT);
}

}  // namespace

LogOutput::~LogOutput() {
  if (owned_) ::close(fd_);
}

void LogOutput::adopt(int fd) {
  struct stat info {};
  ::fstat(fd, &info);
  kind_ = S_ISREG(info.st_mode)    ? Kind::file
          : S_ISFIFO(info.st_mode) ? Kind::pipe
          : S_ISSOCK(info.st_mode) ? Kind::socket
                                   : Kind::other;
  fd_ = fd;
}

void LogOutput::use(int fd) {
  adopt(fd);
  if (kind_ != Kind::pipe) return;
  int own = ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (own < 0) return;
  fd_ = own;
  owned_ = true;
  waits_ = false;
}

Result<void> LogOutput::open(const std::string& path) {
  int fd = open_file(path);
  if (fd < 0) return open_error(path);
  path_ = path;
  adopt(fd);
  owned_ = true;
  waits_ = false;
  return {};
}

Result<void> LogOutput::reopen() {
  if (path_.empty()) return {};
  int fd = open_file(path_);
  if (fd < 0) return open_error(path_);
  // The descriptor keeps its number, and the kernel makes the exchange between two writes of other threads.
  bool exchanged = ::dup3(fd, fd_, O_CLOEXEC) >= 0;
  auto error = open_error(path_);
  ::close(fd);
  if (!exchanged) return error;
  torn_ = false;
  return {};
}

std::size_t LogOutput::write(std::string_view lines) {
  std::size_t taken = 0;
  while (taken < lines.size()) {
    auto rest = lines.substr(taken);
    // A file takes everything at once, in front of what other cores append.
    auto piece = rest.substr(0, kind_ == Kind::file ? rest.size() : next_piece(rest));
    auto written = write_piece(piece);
    taken += written;
    if (written < piece.size()) break;
  }
  return taken;
}

/// Returns how much of it is out, up to the end of a line.
std::size_t LogOutput::write_piece(std::string_view lines) {
  if (waits_ && kind_ != Kind::file && !has_room(fd_)) return 0;
  // A full disk takes half a line. Its other half would come behind what others have to say: it is ended there, and
  // written again as a whole.
  bool mend = torn_.load(std::memory_order_relaxed) && torn_.exchange(false);
  static char line_end[] = "\n";
  iovec parts[2] = {{line_end, mend ? 1u : 0u}, {const_cast<char*>(lines.data()), lines.size()}};
  ssize_t n;
  do {
    if (kind_ == Kind::socket) {
      msghdr message{};
      message.msg_iov = parts;
      message.msg_iovlen = 2;
      n = ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      n = ::writev(fd_, parts, 2);
    }
  } while (n < 0 && errno == EINTR);
  if (n < (mend ? 1 : 0)) {
    if (mend) torn_ = true;
    return 0;
  }
  auto written = static_cast<std::size_t>(n) - (mend ? 1 : 0);
  if (written == lines.size()) return written;
  auto end = lines.substr(0, written).rfind('\n');
  auto whole = end == std::string_view::npos ? 0 : end + 1;
  if (written > whole) torn_ = true;
  return whole;
}

}  // namespace holdfast::base
