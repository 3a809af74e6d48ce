// SPDX-License-Identifier: Apache-2.0
#include "proxy/route_properties.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "wire/field_id.h"
#include "wire/http1_fields.h"
#include "wire/http1_request.h"

namespace holdfast::proxy {
namespace {

/// One property of a condition (T = Route) or of a target (T = Target). It has one of flag, text and set.
template <class T>
struct PropertyRule {
  const char* name;
  bool T::*flag = nullptr;
  std::string T::*text = nullptr;
  void (*set)(T& subject, const std::string& value, PropertyNotes& notes) = nullptr;
  bool may_be_empty = false;
  bool repeatable = false;
  /// While the feature does not exist: what becomes of the requests that need it.
  const char* later = nullptr;
};

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", base::printable(text));
}

// --- Values ---

void check_path(std::string_view path, PropertyNotes& notes) {
  auto is_path_char = [](char c) { return c > 0x20 && c < 0x7f && c != '?' && c != '#'; };
  if (!std::all_of(path.begin(), path.end(), is_path_char)) {
    notes.error = fmt::format("{} has a character that a path cannot have: write it as %HH", quoted(path));
  }
}

void set_path(std::string& out, const std::string& path, PropertyNotes& notes) {
  if (!path.starts_with('/'))
    notes.error = fmt::format("the path {} does not begin with '/': put one there", quoted(path));
  else
    check_path(path, notes);
  out = path;
}

void set_authority(std::string& out, const std::string& authority, PropertyNotes& notes) {
  if (!wire::valid_authority(authority)) {
    notes.error = fmt::format("{} is not a host: write HOST or HOST:PORT, e.g. example.com", quoted(authority));
  }
  out = authority;
}

/// REQ-3. A value may be a credential, so none is quoted.
void set_header(Route& route, const std::string& text, PropertyNotes& notes) {
  auto colon = text.find(':');
  if (colon == std::string::npos) {
    notes.error = "header= has no colon: write header=NAME:VALUE, or header=NAME: to delete the field";
    return;
  }
  auto name = text.substr(0, colon);
  const char* end = name.data() + name.size();
  if (name.empty() || wire::skip_token(name.data(), end) != end) {
    notes.error = fmt::format("{} is not a header name: write header=NAME:VALUE", quoted(name));
    return;
  }
  auto id = wire::field_id(name);
  if (id == wire::FieldId::host || id == wire::FieldId::content_length || wire::is_hop_by_hop(id)) {
    notes.warnings.push_back(fmt::format("header={}: has no effect, the proxy writes this field itself: {}", name,
                                         id == wire::FieldId::host ? "use as_host=" : "remove it"));
    return;
  }
  if (std::erase_if(route.headers, [&](const Header& h) { return base::iequals(h.name, name); }) > 0) {
    notes.warnings.push_back(fmt::format("header={}: is given more than once: the last one counts", name));
  }
  route.headers.push_back({std::move(name), std::string(base::trim(std::string_view(text).substr(colon + 1)))});
}

void set_path_rem(Route& route, const std::string& value, PropertyNotes& notes) {
  auto number = base::parse_decimal(value);
  if (!number) notes.error = fmt::format("{} is not a number of characters: write e.g. path_rem=4", quoted(value));
  route.path_rem = number.value_or(0);
}

void set_log_level(Route& route, const std::string& value, PropertyNotes& notes) {
  auto number = base::parse_decimal(value);
  if (!number || *number > 4) {
    notes.error = fmt::format("{} is not a log level: 0 error, 1 warn, 2 info, 3 debug, 4 trace", quoted(value));
    return;
  }
  route.log_level = static_cast<int>(*number);
}

/// A value with two possible names.
template <class Enum>
void set_choice(Enum& out, const std::string& value, std::pair<const char*, Enum> one,
                std::pair<const char*, Enum> other, PropertyNotes& notes) {
  if (value != one.first && value != other.first) {
    notes.error = fmt::format("{} is neither '{}' nor '{}'", quoted(value), one.first, other.first);
    return;
  }
  out = value == one.first ? one.second : other.second;
}

void set_proto(Route& route, const std::string& value, PropertyNotes& notes) {
  using enum Route::Proto;
  set_choice(route.proto, value, {"http", http}, {"ws", ws}, notes);
  if (route.proto == ws) {
    notes.warnings.emplace_back("'proto=ws' is not yet supported: WebSocket requests are answered 501");
  }
}

void set_jsonp_mode(Route& route, const std::string& value, PropertyNotes& notes) {
  using enum Route::JsonpMode;
  set_choice(route.jsonp_mode, value, {"basic", basic}, {"extended", extended}, notes);
}

void set_transport(Route& route, const std::string& value, PropertyNotes& notes) {
  using enum Route::Transport;
  set_choice(route.transport, value, {"yes", tls}, {"no", plain}, notes);
}

void set_replace_beg(Route& route, const std::string& value, PropertyNotes& notes) {
  check_path(value, notes);
  route.replace_beg = value;
}

void add_sub(Target& target, const std::string& channel, PropertyNotes&) {
  if (!channel.empty()) target.sub.push_back(channel);
}

/// Checked only: there is no zhttp target whose sockets could have it.
void check_file_mode(Target&, const std::string& value, PropertyNotes& notes) {
  if (value.size() > 4 || value.find_first_not_of("01234567") != std::string::npos) {
    notes.error = fmt::format("{} is not a file mode: write octal digits, e.g. 660", quoted(value));
  }
}

/// A setter for a member, of a function that needs to know its place only.
template <auto kMember, auto kSet, class T>
void set_member(T& subject, const std::string& value, PropertyNotes& notes) {
  kSet(subject.*kMember, value, notes);
}
template <auto kMember, class T>
void set_optional(T& subject, const std::string& value, PropertyNotes&) {
  subject.*kMember = value;
}

// --- The tables ---

constexpr const char* kNeedingIt = "requests that need it are answered 501";
constexpr const char* kWebSockets = "WebSocket requests are answered 501";
constexpr const char* kNoEffect = "it has no effect";

constexpr PropertyRule<Route> kConditionRules[] = {
    {.name = "aco", .flag = &Route::aco, .later = kNeedingIt},
    {.name = "as_host", .set = set_member<&Route::as_host, set_authority>},
    {.name = "debug", .flag = &Route::debug},
    {.name = "header", .set = set_header, .repeatable = true},
    {.name = "id", .text = &Route::id},
    {.name = "jsonp_body", .text = &Route::jsonp_body, .later = kNeedingIt},
    {.name = "jsonp_cb", .text = &Route::jsonp_cb, .later = kNeedingIt},
    {.name = "jsonp_defcb", .text = &Route::jsonp_defcb, .later = kNeedingIt},
    {.name = "jsonp_defmethod", .text = &Route::jsonp_defmethod, .later = kNeedingIt},
    {.name = "jsonp_mode", .set = set_jsonp_mode, .later = kNeedingIt},
    {.name = "log_level", .set = set_log_level},
    {.name = "no_grip", .flag = &Route::no_grip},
    {.name = "orig_headers", .flag = &Route::orig_headers},
    {.name = "path_beg", .set = set_member<&Route::path_beg, set_path>},
    {.name = "path_rem", .set = set_path_rem},
    {.name = "prefix", .text = &Route::prefix, .may_be_empty = true},
    {.name = "proto", .set = set_proto},
    {.name = "replace_beg", .set = set_replace_beg, .may_be_empty = true},
    {.name = "session", .flag = &Route::session, .later = kNeedingIt},
    {.name = "sig_iss", .set = set_optional<&Route::sig_iss>},
    {.name = "sig_key", .set = set_optional<&Route::sig_key>},
    {.name = "sockjs", .set = set_member<&Route::sockjs, set_path>, .later = kNeedingIt},
    {.name = "sockjs_as_path", .set = set_member<&Route::sockjs_as_path, set_path>, .later = kNeedingIt},
    {.name = "ssl", .set = set_transport},
};

constexpr PropertyRule<Target> kTargetRules[] = {
    {.name = "client_cert", .text = &Target::client_cert},
    {.name = "client_key", .text = &Target::client_key},
    {.name = "host", .set = set_member<&Target::host_override, set_authority>},
    {.name = "insecure", .flag = &Target::insecure},
    {.name = "ipc_file_mode", .set = check_file_mode, .later = kNoEffect},
    {.name = "one_event", .flag = &Target::one_event, .later = kWebSockets},
    {.name = "over_http", .flag = &Target::over_http, .later = kWebSockets},
    {.name = "ssl", .flag = &Target::tls},
    {.name = "sub", .set = add_sub, .may_be_empty = true, .repeatable = true},
    {.name = "trust_connect_host", .flag = &Target::trust_connect_host},
    {.name = "untrusted", .flag = &Target::untrusted},
};

template <class T>
const PropertyRule<T>* find_rule(std::span<const PropertyRule<T>> rules, std::string_view name) {
  auto rule = std::find_if(rules.begin(), rules.end(), [name](const auto& r) { return r.name == name; });
  return rule == rules.end() ? nullptr : &*rule;
}

template <class T>
std::string nearest_name(std::span<const PropertyRule<T>> rules, std::string_view word) {
  std::vector<std::string> names;
  for (const auto& rule : rules) names.emplace_back(rule.name);
  return base::nearest(word, names);
}

// --- Applying them ---

/// What is known about one of the two kinds of section.
template <class T>
struct SectionText;
template <>
struct SectionText<Route> {
  static constexpr std::span<const PropertyRule<Route>> kRules = kConditionRules;
  static constexpr std::span<const PropertyRule<Target>> kOtherRules = kTargetRules;
  static constexpr const char* kOwner = "the condition";
  static constexpr const char* kOther = "a target";
  static constexpr const char* kMove = "move it behind the target's host:port";
};
template <>
struct SectionText<Target> {
  static constexpr std::span<const PropertyRule<Target>> kRules = kTargetRules;
  static constexpr std::span<const PropertyRule<Route>> kOtherRules = kConditionRules;
  static constexpr const char* kOwner = "a target";
  static constexpr const char* kOther = "the condition";
  static constexpr const char* kMove = "move it in front of the first target";
};

template <class T>
std::string describe_unknown(const std::string& name) {
  using Text = SectionText<T>;
  if (find_rule(Text::kOtherRules, name)) {
    return fmt::format("'{}' is a property of {}, not of {}: {}", name, Text::kOther, Text::kOwner, Text::kMove);
  }
  auto mend = [&]() -> std::string {
    if (auto near = nearest_name(Text::kRules, name); !near.empty()) return fmt::format("did you mean '{}'?", near);
    if (auto near = nearest_name(Text::kOtherRules, name); !near.empty()) {
      return fmt::format("did you mean '{}', a property of {}?", near, Text::kOther);
    }
    return "remove it";
  };
  return fmt::format("unknown property {} of {}: {}", quoted(name), Text::kOwner, mend());
}

/// A flag is on by its presence; a value may say otherwise.
bool flag_value(const RouteProperty& property, PropertyNotes& notes) {
  if (!property.value) return true;
  auto value = base::to_lower(*property.value);
  if (value == "false" || value == "no" || value == "0") return false;
  if (value != "true" && value != "yes" && value != "1") {
    notes.warnings.push_back(fmt::format("'{}' is on or off, {} is taken as on: write {}=true or {}=false",
                                         property.name, quoted(*property.value), property.name, property.name));
  }
  return true;
}

template <class T>
void apply_property(T& subject, const RouteProperty& property, const PropertyRule<T>& rule, PropertyNotes& notes) {
  bool asked_for = true;
  if (rule.flag) {
    asked_for = subject.*rule.flag = flag_value(property, notes);
  } else if (!property.value || (property.value->empty() && !rule.may_be_empty)) {
    notes.error = fmt::format("'{}' needs a value: write {}=VALUE, or remove it", rule.name, rule.name);
    return;
  } else if (rule.text) {
    subject.*rule.text = *property.value;
  } else {
    rule.set(subject, *property.value, notes);
    if (!notes.error.empty()) notes.error = fmt::format("{}: {}", rule.name, notes.error);
  }
  if (asked_for && rule.later) {
    notes.warnings.push_back(fmt::format("'{}' is not yet supported: {}", rule.name, rule.later));
  }
}

template <class T>
PropertyNotes apply_all(T& subject, const std::vector<RouteProperty>& properties) {
  PropertyNotes notes;
  std::vector<const PropertyRule<T>*> seen;
  for (const auto& property : properties) {
    const auto* rule = find_rule(SectionText<T>::kRules, property.name);
    if (!rule) {
      notes.warnings.push_back(describe_unknown<T>(property.name));
      continue;
    }
    if (!rule->repeatable && std::find(seen.begin(), seen.end(), rule) != seen.end()) {
      notes.warnings.push_back(fmt::format("'{}' is given more than once: the last one counts", rule->name));
    }
    seen.push_back(rule);
    apply_property(subject, property, *rule, notes);
    if (!notes.error.empty()) break;
  }
  return notes;
}

}  // namespace

PropertyNotes apply_properties(Route& route, const std::vector<RouteProperty>& properties) {
  return apply_all(route, properties);
}

PropertyNotes apply_properties(Target& target, const std::vector<RouteProperty>& properties) {
  return apply_all(target, properties);
}

bool is_target_property(std::string_view name) {
  return find_rule(SectionText<Target>::kRules, name) != nullptr;
}

}  // namespace holdfast::proxy
