// SPDX-License-Identifier: Apache-2.0
#include "app/routes_source.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/core.h>

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
  source.watch_ = FileWatch([path = source.name_] { return std::vector{path}; });
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
    watch_.remember();
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

bool RoutesSource::changed() {
  if (!is_file_ || !watch_.changed()) return false;
  auto content = read_file(name_);
  return !content || *content != text_;  // load() says that it is gone
}

}  // namespace holdfast::app
