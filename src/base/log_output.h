// SPDX-License-Identifier: Apache-2.0
// Where lines of the log go: standard output, standard error, or a file that can be opened again.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include <holdfast/result.h>

namespace holdfast::base {

/// Lines are handed to the kernel whole and without waiting, so that cores which share an output neither split each
/// other's lines nor stand still while a reader does. (What a file system takes its time for, it does take.)
///
/// Thread: write() from any; the rest from the one that starts and reloads, open() and use() before there are others.
class LogOutput {
 public:
  LogOutput() = default;
  ~LogOutput();
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;

  /// Standard output or error. A pipe is opened once more where that is allowed: not to wait is a property of the
  /// open pipe, which the process that started us has as well.
  void use(int fd);

  /// A file, made with mode 0640 where there is none, and appended to. The error names it.
  Result<void> open(const std::string& path);

  /// Opens the file of that name again, for whoever has moved the old one away. Each line is in one of the two. On an
  /// error the old one stays in use. Nothing where there is no file.
  Result<void> reopen();

  /// Writes lines, each with its end. Returns how many bytes were taken: lines up to there are out, those behind are
  /// not, since the output is full, or gone.
  std::size_t write(std::string_view lines);

 private:
  enum class Kind : unsigned char { file, pipe, socket, other };

  void adopt(int fd);
  std::size_t write_piece(std::string_view lines);

  std::string path_;  // empty: standard output or error
  int fd_ = -1;
  bool owned_ = false;
  bool waits_ = true;  // a full pipe would make us wait: ask first
  Kind kind_ = Kind::other;
  std::atomic<bool> torn_{false};  // the last line went out in part
};

}  // namespace holdfast::base
