// SPDX-License-Identifier: Apache-2.0
#include "grip/instruct.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "grip/instruct_value.h"
#include "grip/keep_alive.h"
#include "wire/field_value.h"

namespace holdfast::grip {
namespace {

/// Why a field cannot be followed, when it cannot.
using Problem = std::optional<Error>;

Problem read_hold(std::string_view value, Instruct& out) {
  if (value == "response") {
    out.hold = HoldMode::response;
  } else if (value == "stream") {
    out.hold = HoldMode::stream;
  } else {
    return unusable(fmt::format("Grip-Hold: \"{}\" is neither response nor stream", base::printable(value)));
  }
  return {};
}

Problem read_channel(const wire::Element& element, ChannelSpec& channel) {
  if (element.first.empty()) return unusable("Grip-Channel: a channel with parameters has no name before them");
  channel.name = element.first;
  // An empty id cannot be anybody's id; libraries write it for "none yet".
  if (const auto* prev_id = element.find("prev-id"); prev_id && !prev_id->value.empty()) {
    channel.prev_id = prev_id->value;
  }
  for (const auto& param : element.params) {
    if (param.name == "filter") channel.filters.push_back(param.value);
  }
  if (channel.filters.size() > kMaxFilters) {
    return unusable(fmt::format("Grip-Channel: \"{}\" has {} filters, {} are allowed", base::printable(channel.name),
                                channel.filters.size(), kMaxFilters));
  }
  return {};
}

Problem read_channels(std::string_view value, Instruct& out) {
  for (auto text : wire::split_list(value)) {
    auto element = wire::parse_element(text);
    if (!element) continue;  // §9.1: an element with a malformed parameter counts for nothing
    ChannelSpec channel;
    if (auto problem = read_channel(*element, channel)) return problem;
    out.channels.push_back(std::move(channel));
  }
  return {};
}

Problem read_timeout(std::string_view value, Instruct& out) {
  auto seconds = parse_seconds("Grip-Timeout", value);
  if (!seconds) return seconds.error();
  out.timeout_s = *seconds;
  return {};
}

Problem read_keep_alive(std::string_view value, Instruct& out) {
  if (value.empty()) return {};
  auto keep_alive = parse_keep_alive(value);
  if (!keep_alive) return keep_alive.error();
  out.keep_alive = std::move(*keep_alive);
  return {};
}

Problem read_meta(std::string_view value, Instruct& out) {
  for (auto text : wire::split_list(value)) {
    auto pairs = wire::parse_params(text);
    if (!pairs || pairs->empty()) continue;
    auto& pair = pairs->front();
    if (pair.name.empty()) {
      return unusable(fmt::format("Grip-Set-Meta: \"{}\" has no name before the =", base::printable(text)));
    }
    out.meta.insert_or_assign(std::string(pair.name), std::move(pair.value));
  }
  return {};
}

Problem read_status(std::string_view value, Instruct& out) {
  if (value.empty()) return {};
  auto space = std::min(value.find(' '), value.size());
  auto code = base::parse_decimal(value.substr(0, space));
  if (!code || *code > 999) {
    return unusable(
        fmt::format("Grip-Status: \"{}\" does not begin with a status code from 200 to 599", base::printable(value)));
  }
  auto status = make_status_line("Grip-Status", static_cast<int>(*code), value.substr(space));
  if (!status) return status.error();
  out.status = std::move(*status);
  return {};
}

Problem read_expose_headers(std::string_view value, Instruct& out) {
  if (!out.expose_headers) out.expose_headers.emplace();  // an empty list exposes nothing
  for (auto name : wire::split_list(value)) out.expose_headers->emplace_back(name);
  return {};
}

/// A URI reference that may go into a request line: no white space, no control characters.
bool is_link_target(std::string_view uri) {
  return !uri.empty() && std::none_of(uri.begin(), uri.end(), [](char c) {
    auto u = static_cast<unsigned char>(c);
    return u <= 0x20 || u == 0x7f;
  });
}

Problem read_link(const wire::Element& element, Instruct& out) {
  if (element.params.empty()) return {};
  auto uri = element.first;
  if (!uri.starts_with('<') || !uri.ends_with('>') || uri.size() < 3) {
    return unusable(fmt::format("Grip-Link: \"{}\" is not a URI between < and >; write , and ; in it as %2C and %3B",
                                base::printable(uri)));
  }
  uri = uri.substr(1, uri.size() - 2);
  if (!is_link_target(uri)) {
    return unusable(
        fmt::format("Grip-Link: \"{}\" has a space or control character; percent-encode it", base::printable(uri)));
  }
  const auto* rel = element.find("rel");
  bool next = rel && base::iequals(rel->value, "next");
  bool gone = rel && base::iequals(rel->value, "gone");
  if (!next && !gone) return {};
  Link link;
  link.uri = uri;
  if (const auto* timeout = element.find("timeout"); timeout && next) {
    auto seconds = parse_seconds("Grip-Link: timeout", timeout->value);
    if (!seconds) return seconds.error();
    link.timeout_s = *seconds;
  }
  (next ? out.next : out.gone) = std::move(link);
  return {};
}

Problem read_links(std::string_view value, Instruct& out) {
  for (auto text : wire::split_list(value)) {
    auto element = wire::parse_element(text);
    if (!element) continue;  // §9.1
    if (auto problem = read_link(*element, out)) return problem;
  }
  return {};
}

enum class Repeated : std::uint8_t { first_counts, all_count };

struct Reader {
  std::string_view name;
  Repeated repeated;
  Problem (*read)(std::string_view value, Instruct& out);
};

constexpr Reader kReaders[] = {
    {"Grip-Hold", Repeated::first_counts, read_hold},
    {"Grip-Channel", Repeated::all_count, read_channels},
    {"Grip-Timeout", Repeated::first_counts, read_timeout},
    {"Grip-Keep-Alive", Repeated::first_counts, read_keep_alive},
    {"Grip-Set-Meta", Repeated::all_count, read_meta},
    {"Grip-Status", Repeated::first_counts, read_status},
    {"Grip-Expose-Headers", Repeated::all_count, read_expose_headers},
    {"Grip-Link", Repeated::all_count, read_links},
};

}  // namespace

bool is_instruct_header(std::string_view name) {
  return base::istarts_with(name, "Grip-");
}

Result<Instruct> parse_instruct_headers(Fields fields) {
  Instruct out;
  for (const auto& reader : kReaders) {
    for (const auto& field : fields) {
      if (!base::iequals(field.name, reader.name)) continue;
      if (auto problem = reader.read(field.value, out)) return std::move(*problem);
      if (reader.repeated == Repeated::first_counts) break;
    }
  }
  return out;
}

}  // namespace holdfast::grip
