// SPDX-License-Identifier: Apache-2.0
#include "proxy/route_sections.h"

#include <cstddef>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"

namespace holdfast::proxy {
namespace {

/// Appends what stands between the quote at `at` and the closing one. Returns the place behind that.
Result<std::size_t> append_quoted(std::string_view line, std::size_t at, std::string& out) {
  for (++at; at < line.size(); ++at) {
    if (line[at] == '"') return at + 1;
    if (line[at] == '\\') {
      if (++at == line.size()) break;
      if (line[at] != '\\' && line[at] != '"') {
        return Error{
            fmt::format("the escape \\{} is not known: within quotes write \\\\ for a backslash, \\\" for a quote",
                        base::printable(line.substr(at, 1)))};
      }
    }
    out += line[at];
  }
  return Error{"a quote is not closed: add the closing \""};
}

/// The comma-separated fields of each section, quotes resolved. A section has at least one field.
Result<std::vector<std::vector<std::string>>> split_line(std::string_view line) {
  std::vector<std::vector<std::string>> sections;
  bool within_section = false;
  for (std::size_t at = 0; at < line.size() && line[at] != '#';) {
    char c = line[at];
    if (c == ' ' || c == '\t') {
      within_section = false;
      ++at;
      continue;
    }
    if (!within_section) sections.emplace_back(1);
    within_section = true;
    auto& fields = sections.back();
    if (c == '"') {
      auto end = append_quoted(line, at, fields.back());
      if (!end) return end.error();
      at = *end;
      continue;
    }
    if (c == ',') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
    ++at;
  }
  return sections;
}

Result<RouteProperty> parse_property(const std::string& field) {
  if (field.empty()) return Error{"a comma without a property behind it: remove it, and any space behind a comma"};
  // RF-4: the first '=' separates, even a quoted one.
  auto equals = field.find('=');
  if (equals == 0) return Error{"a property without a name: write name=value, or remove the '='"};
  if (equals == std::string::npos) return RouteProperty{field, std::nullopt};
  return RouteProperty{field.substr(0, equals), field.substr(equals + 1)};
}

}  // namespace

Result<std::vector<RouteSection>> parse_sections(std::string_view line) {
  auto split = split_line(line);
  if (!split) return split.error();
  std::vector<RouteSection> sections;
  for (auto& fields : *split) {
    auto& section = sections.emplace_back();
    auto field = fields.begin();
    // RF-3: with a '=', the first field is a property already.
    if (field->find('=') == std::string::npos) section.value = std::move(*field++);
    for (; field != fields.end(); ++field) {
      auto property = parse_property(*field);
      if (!property) return property.error();
      section.properties.push_back(std::move(*property));
    }
  }
  return sections;
}

}  // namespace holdfast::proxy
