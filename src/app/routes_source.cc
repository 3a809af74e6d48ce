// SPDX-License-Identifier: Apache-2.0
#include "app/routes_source.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <sys/stat.h>

namespace holdfast::app {
namespace {

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string content;
  char part[4096];
  // Not through iterators: they let the buffer's exceptions out, and a directory in the file's place is enough for one.
  while (in.read(part, sizeof part), in.gcount() > 0) content.append(part, static_cast<std::size_t>(in.gcount()));
  if (!in.is_open() || in.bad()) {
    return Error{fmt::format("routes file {}: {}; create it, or name another one in proxy.routes_file", path,
                             std::strerror(errno))};
  }
  return content;
}

}  // namespace

RoutesSource RoutesSource::from_file(std::string path, proxy::RoutesOptions options) {
  RoutesSource source;
  source.name_ = std::move(path);
  source.is_file_ = true;
  source.options_ = options;
  return source;
}

RoutesSource RoutesSource::from_text(std::string lines, std::string name, proxy::RoutesOptions options) {
  RoutesSource source;
  source.name_ = std::move(name);
  source.text_ = std::move(lines);
  source.options_ = options;
  return source;
}

Result<LoadedRoutes> RoutesSource::load() {
  if (is_file_) {
    loaded_ = seen_ = stamp();
    auto content = read_file(name_);
    if (!content) return content.error();
    text_ = std::move(*content);
  }
  LoadedRoutes loaded;
  auto& parsed = loaded.parsed;
  parsed = proxy::parse_routes(text_, name_, options_);
  auto directory = is_file_ ? std::filesystem::path(name_).parent_path().string() : std::string(".");
  std::erase_if(parsed.routes, [&](const proxy::Route& route) {
    auto spoil = [&](std::string what) {
      parsed.issues.push_back({proxy::RouteIssue::Severity::error, route.file, route.line, std::move(what)});
      return true;
    };
    if (route.sig_key && !loaded.keys.contains(*route.sig_key)) {
      auto key = base::SigningKey::parse(*route.sig_key, directory);
      if (!key) return spoil("sig_key: " + key.error().what);
      loaded.keys.emplace(*route.sig_key, *key);
    }
    for (const auto& target : route.targets) {
      if (auto tls = loaded.tls.load(target, directory); !tls) return spoil(target.text + ": " + tls.error().what);
    }
    return false;
  });
  return loaded;
}

std::optional<RoutesSource::Stamp> RoutesSource::stamp() const {
  struct stat info {};
  if (::stat(name_.c_str(), &info) != 0) return std::nullopt;
  auto ns = [](const timespec& t) { return static_cast<std::int64_t>(t.tv_sec) * 1000000000 + t.tv_nsec; };
  return Stamp{info.st_dev, info.st_ino, info.st_size, ns(info.st_mtim), ns(info.st_ctim)};
}

bool RoutesSource::changed() {
  if (!is_file_) return false;
  auto now = stamp();
  // A file that is still being written looks different each time: wait until it looks the same twice.
  bool settled = now == seen_;
  seen_ = now;
  if (!settled || now == loaded_) return false;
  loaded_ = now;
  if (!now) return true;  // load() says that it is gone
  auto content = read_file(name_);
  return !content || *content != text_;
}

}  // namespace holdfast::app
