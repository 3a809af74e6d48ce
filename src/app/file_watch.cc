// SPDX-License-Identifier: Apache-2.0
#include "app/file_watch.h"

#include <sys/stat.h>

namespace holdfast::app {

std::vector<FileWatch::Stamp> FileWatch::look() const {
  std::vector<Stamp> stamps;
  if (!list_) return stamps;
  auto ns = [](const timespec& t) { return static_cast<std::int64_t>(t.tv_sec) * 1000000000 + t.tv_nsec; };
  for (auto& path : list_()) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) {
      stamps.push_back({std::move(path), info.st_dev, info.st_ino, info.st_size, ns(info.st_mtim), ns(info.st_ctim)});
    } else {
      stamps.push_back({std::move(path)});
    }
  }
  return stamps;
}

void FileWatch::remember() {
  remembered_ = seen_ = look();
}

bool FileWatch::changed() {
  auto now = look();
  bool settled = now == seen_;
  seen_ = std::move(now);
  if (!settled || seen_ == remembered_) return false;
  remembered_ = seen_;
  return true;
}

}  // namespace holdfast::app
