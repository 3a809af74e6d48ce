// SPDX-License-Identifier: Apache-2.0
// Where the routes come from: a file that is watched, or lines given on the command line or in the environment.
#pragma once

#include <map>
#include <string>

#include <holdfast/result.h>

#include "app/file_watch.h"
#include "base/jwt.h"
#include "proxy/options.h"
#include "proxy/routes_file.h"

namespace holdfast::app {

/// Routes that can be used: parsed, with the keys that they sign with. Plain data, read by every core.
struct LoadedRoutes {
  proxy::ParsedRoutes parsed;
  std::map<std::string, base::SigningKey> keys;
  proxy::TargetTls tls;
};

class RoutesSource {
 public:
  /// A file; relative names count from the working directory.
  static RoutesSource from_file(std::string path, proxy::RoutesOptions options = {});
  /// Lines; `name` stands where issues would name a file.
  static RoutesSource from_text(std::string lines, std::string name, proxy::RoutesOptions options = {});

  /// Reads and parses. An error when the file cannot be read; bad lines are issues of the result.
  Result<LoadedRoutes> load();

  /// Whether the file is another one, or has other content, than at the last load(). Follows symbolic links, so that a
  /// swapped link counts as a change. Cheap: looks at the file's attributes first.
  bool changed();

  std::string text() const { return name_; }

 private:
  std::string name_;
  bool is_file_ = false;
  std::string text_;  // as it was last loaded
  proxy::RoutesOptions options_;
  FileWatch watch_;
};

}  // namespace holdfast::app
