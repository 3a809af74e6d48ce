// SPDX-License-Identifier: Apache-2.0
// `holdfast publish`: one item from the shell, with the options of pushpin-publish (`publishing` §10).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/result.h>

#include "app/publish_target.h"
#include "base/json_fwd.h"
#include "grip/publish_item.h"

namespace CLI {
class App;
}

namespace holdfast::app {

/// As on the command line.
struct PublishOptions {
  std::string channel;
  std::optional<std::string> content;  ///< `@FILE` stands for the file's content
  std::string id;
  std::string prev_id;
  std::string sender;
  int code = 200;
  std::vector<std::string> headers;  ///< "Name: value"
  std::vector<std::string> meta;     ///< "name=value"
  bool hint = false;
  bool close = false;
  bool patch = false;
  bool no_seq = false;
  bool no_eol = false;
  std::string spec;
  PublishCredentials credentials;
};

/// Declares the options on their subcommand.
void add_publish_options(CLI::App& command, PublishOptions& options);

/// What is published, and what the HTTP formats append to it.
struct PublishContent {
  std::string bytes;
  std::string_view end_of_line;
};

/// Reads a file where the content names one. An error when there is no content and it is needed, or no such file.
Result<PublishContent> read_publish_content(const PublishOptions& options);

/// The item, in one of the two encodings: they differ in how bytes that are not UTF-8 are written. Errors are about
/// headers, meta and patches that cannot be sent; what else is wrong, the server says.
Result<base::Json> make_publish_item(const PublishOptions& options, const PublishContent& content,
                                     grip::ItemEncoding encoding);

/// Publishes, says so, and returns the exit status: 0 or 1. The address is --spec, else GRIP_URL of the environment,
/// else http://localhost:5561. Without other credentials, a daemon of this machine is given the first token of
/// HOLDFAST_CONTROL_TOKENS.
int run_publish(const PublishOptions& options);

}  // namespace holdfast::app
