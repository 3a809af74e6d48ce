// SPDX-License-Identifier: Apache-2.0
// Tells when files have changed, by looking at their attributes now and then. Thread: the daemon's main one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::app {

/// Polling sees what inotify does not: symbolic links that are swapped somewhere on the way to the file, and network
/// file systems. A look costs one stat() for each file.
class FileWatch {
 public:
  /// Names the files each time anew, since those of a directory come and go.
  using List = std::function<std::vector<std::string>()>;

  FileWatch() = default;
  explicit FileWatch(List list) : list_(std::move(list)) {}

  /// The files are about to be read: from now on they count as unchanged.
  void remember();
  /// Whether any file is another one than at remember(), has come or has gone. Told once for each change, and only
  /// when the files have looked the same twice: one that is still being written looks different each time.
  bool changed();

 private:
  struct Stamp {
    std::string path;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;  ///< -1: not there
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::vector<Stamp> look() const;

  List list_;
  std::vector<Stamp> remembered_;
  std::vector<Stamp> seen_;
};

}  // namespace holdfast::app
