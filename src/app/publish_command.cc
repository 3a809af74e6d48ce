// SPDX-License-Identifier: Apache-2.0
#include "app/publish_command.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "app/publish_send.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/field_value.h"
#include "wire/tnet.h"

namespace holdfast::app {
namespace {

using base::Json;
using grip::ItemEncoding;

constexpr const char* kDefaultAddress = "http://localhost:5561";

Result<std::string> read_file(const std::string& path) {
  auto error = [&](const std::string& why) {
    return Error{fmt::format("content file \"{}\": {}", base::printable(path), why)};
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return error("it is a directory");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return error(std::generic_category().message(errno));
  std::string content{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (stream.bad()) return error("the system reported an error while reading");
  return content;
}

/// A member with bytes. JSON has text only: other bytes go as base64 into `<name>-bin`. A tnetstring takes any bytes.
void put_bytes(Json& format, const std::string& name, std::string bytes, ItemEncoding encoding) {
  if (encoding == ItemEncoding::tnet || base::valid_utf8(bytes)) {
    format[name] = std::move(bytes);
  } else {
    format[name + "-bin"] = base::encode_base64(bytes);
  }
}

Result<Json> make_headers(const std::vector<std::string>& headers) {
  auto out = Json::array();
  for (const auto& header : headers) {
    auto colon = header.find(':');
    auto name = base::trim(std::string_view(header).substr(0, colon));
    auto value =
        colon == std::string::npos ? std::string_view() : base::trim(std::string_view(header).substr(colon + 1));
    if (colon == std::string::npos || !wire::valid_field_name(name) || !wire::valid_field_value(value) ||
        !base::valid_utf8(value)) {
      return Error{fmt::format("--header \"{}\" is not \"Name: value\"", base::printable(header))};
    }
    out.push_back({name, value});
  }
  return out;
}

Result<Json> make_meta(const PublishOptions& options) {
  auto out = Json::object();
  for (const auto& meta : options.meta) {
    auto equals = meta.find('=');
    if (equals == std::string::npos || equals == 0 || !base::valid_utf8(meta)) {
      return Error{fmt::format("--meta \"{}\" is not \"name=value\"", base::printable(meta))};
    }
    out[meta.substr(0, equals)] = meta.substr(equals + 1);
  }
  if (!options.sender.empty()) out["sender"] = options.sender;
  return out;
}

Result<Json> make_response(const PublishOptions& options, const PublishContent& content, ItemEncoding encoding) {
  Json format{{"code", options.code}};
  if (!options.headers.empty()) {
    auto headers = make_headers(options.headers);
    if (!headers) return headers.error();
    format["headers"] = std::move(*headers);
  }
  if (options.patch) {
    auto patch = base::parse_json(content.bytes);
    if (!patch || !patch->is_array()) return Error{"with --patch, the content must be a JSON array of operations"};
    format["body-patch"] = std::move(*patch);
  } else {
    put_bytes(format, "body", content.bytes + std::string(content.end_of_line), encoding);
  }
  return format;
}

Json make_ws_message(const PublishContent& content, ItemEncoding encoding) {
  Json format;
  // In a tnetstring the `-bin` member holds the bytes as they are; its name alone makes the message a binary one.
  bool binary = !base::valid_utf8(content.bytes);
  if (binary && encoding == ItemEncoding::tnet) {
    format["content-bin"] = content.bytes;
  } else {
    put_bytes(format, "content", content.bytes, encoding);
  }
  return format;
}

Result<Json> make_formats(const PublishOptions& options, const PublishContent& content, ItemEncoding encoding) {
  if (options.hint) {
    const Json hint{{"action", "hint"}};
    return Json{{"http-response", hint}, {"http-stream", hint}, {"ws-message", hint}};
  }
  if (options.close) {
    const Json close{{"action", "close"}};
    return Json{{"http-stream", close}, {"ws-message", close}};
  }
  auto response = make_response(options, content, encoding);
  if (!response) return response.error();
  Json formats{{"http-response", std::move(*response)}};
  if (options.patch) return formats;
  put_bytes(formats["http-stream"], "content", content.bytes + std::string(content.end_of_line), encoding);
  formats["ws-message"] = make_ws_message(content, encoding);
  return formats;
}

std::string address_of(const PublishOptions& options) {
  if (!options.spec.empty()) return options.spec;
  const char* url = std::getenv("GRIP_URL");
  return url && *url ? url : kDefaultAddress;
}

/// What the daemon of this machine is given its tokens by, as in a container: any of them is good.
std::string own_token() {
  const char* tokens = std::getenv("HOLDFAST_CONTROL_TOKENS");
  return tokens ? std::string(base::split(tokens, ',').front()) : std::string();
}

Result<void> publish(const PublishOptions& options) {
  auto credentials = options.credentials;
  credentials.own_bearer = own_token();
  auto target = parse_publish_target(address_of(options), credentials, base::unix_seconds());
  if (!target) return target.error();
  auto content = read_publish_content(options);
  if (!content) return content.error();
  bool http = target->kind == PublishTarget::Kind::http;
  auto item = make_publish_item(options, *content, http ? ItemEncoding::json : ItemEncoding::tnet);
  if (!item) return item.error();
  if (http) return post_publish(*target, Json{{"items", Json::array({std::move(*item)})}}.dump());
  return push_publish(*target, wire::encode_tnet(*item));
}

}  // namespace

void add_publish_options(CLI::App& command, PublishOptions& options) {
  // Each -H and -M takes one value, so that the channel may follow it.
  auto add_list = [&command](const char* names, std::vector<std::string>& list, const char* what, const char* form) {
    command.add_option(names, list, what)->type_name(form)->allow_extra_args(false);
  };
  command.add_option("channel", options.channel, "Channel")->required();
  command.add_option("content", options.content,
                     "Content, or @FILE; a line end is added for the HTTP formats, but not to a file");
  command.add_option("--id", options.id, "Id of the item");
  command.add_option("--prev-id", options.prev_id, "Id of the item before it");
  command.add_option("--sender", options.sender, "Meta variable 'sender'");
  command.add_option("--code", options.code, "Status for long-polls")
      ->check(CLI::Range(200, 599))
      ->capture_default_str();
  add_list("-H,--header", options.headers, "Header for long-polls (repeatable)", "NAME: VALUE");
  add_list("-M,--meta", options.meta, "Meta variable (repeatable)", "NAME=VALUE");
  auto* hint = command.add_flag("--hint", options.hint, "Tell that there is news; the content does not count");
  auto* close = command.add_flag("--close", options.close, "End streams and WebSockets; the content does not count");
  auto* patch = command.add_flag("--patch", options.patch, "The content is a JSON patch for long-polls");
  hint->excludes(close)->excludes(patch);
  close->excludes(patch);
  command.add_flag("--no-seq", options.no_seq, "Do not wait for the item that --prev-id names");
  command.add_flag("--no-eol", options.no_eol, "Do not add a line end to the content");
  command
      .add_option(
          "--spec", options.spec,
          "Where to: http://, tcp:// or ipc://; else GRIP_URL of the environment, else " + std::string(kDefaultAddress))
      ->type_name("ADDRESS");
  auto* user = command
                   .add_option("-u,--user", options.credentials.user,
                               "Basic authentication; a token is the password of any name")
                   ->type_name("NAME:PASSWORD");
  command
      .add_option("-B,--bearer", options.credentials.bearer,
                  "Bearer authentication, a token or a JWT; else that of the address, else the first of "
                  "HOLDFAST_CONTROL_TOKENS of the environment")
      ->type_name("TOKEN")
      ->excludes(user);
}

Result<PublishContent> read_publish_content(const PublishOptions& options) {
  if (options.hint || options.close) return PublishContent{};
  if (!options.content) return Error{"the content is missing: give it behind the channel, or use --hint or --close"};
  if (!options.content->starts_with('@')) return PublishContent{*options.content, options.no_eol ? "" : "\n"};
  auto content = read_file(options.content->substr(1));
  if (!content) return content.error();
  return PublishContent{std::move(*content), ""};
}

Result<Json> make_publish_item(const PublishOptions& options, const PublishContent& content, ItemEncoding encoding) {
  for (const auto* text : {&options.channel, &options.id, &options.prev_id, &options.sender}) {
    if (!base::valid_utf8(*text)) return Error{fmt::format("\"{}\" is not UTF-8 text", base::printable(*text))};
  }
  Json item{{"channel", options.channel}};
  if (!options.id.empty()) item["id"] = options.id;
  if (!options.prev_id.empty()) item["prev-id"] = options.prev_id;
  if (options.no_seq) item["no-seq"] = true;
  auto meta = make_meta(options);
  if (!meta) return meta.error();
  if (!meta->empty()) item["meta"] = std::move(*meta);
  auto formats = make_formats(options, content, encoding);
  if (!formats) return formats.error();
  item["formats"] = std::move(*formats);
  return item;
}

int run_publish(const PublishOptions& options) {
  if (auto published = publish(options); !published) {
    fmt::print(stderr, "Error: {}\n", published.error().what);
    return 1;
  }
  fmt::print("Published\n");
  return 0;
}

}  // namespace holdfast::app
