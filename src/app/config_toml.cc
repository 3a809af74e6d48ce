// SPDX-License-Identifier: Apache-2.0
#include "app/config_toml.h"

#define TOML_EXCEPTIONS 0
// toml++ 3.3 asserts of a key what a file need not keep to (`[\`), and reports it as an error right behind that.
#define TOML_ASSERT(condition) static_assert(true)
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/config_value.h"
#include "base/text.h"

namespace holdfast::app {
namespace {

using Texts = std::vector<std::string>;

std::string_view found_type(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return node.is_array_of_tables() ? "a list of tables" : "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

Result<ConfigValue> wrong_type(const KeySpec& spec, const toml::node& node) {
  return Error{fmt::format("{}; found {}", expectation(spec), found_type(node))};
}

Result<ConfigValue> read_texts(const KeySpec& spec, const toml::array& array) {
  Texts texts;
  for (const auto& element : array) {
    const auto* text = element.as_string();
    if (!text) return Error{fmt::format("{}; found {} in the list", expectation(spec), found_type(element))};
    texts.push_back(text->get());
  }
  return ConfigValue(std::move(texts));
}

Result<ConfigValue> read_jwt_keys(const KeySpec& spec, const toml::array& array) {
  std::vector<JwtKey> keys;
  for (const auto& element : array) {
    const auto* table = element.as_table();
    const auto* iss = table ? table->get_as<std::string>("iss") : nullptr;
    const auto* key = table ? table->get_as<std::string>("key") : nullptr;
    if (!iss || !key || table->size() != 2) {
      return Error{expectation(spec) + "; each entry has the texts iss and key, and nothing else"};
    }
    keys.push_back({iss->get(), key->get()});
  }
  return ConfigValue(std::move(keys));
}

Result<ConfigValue> read_value(const KeySpec& spec, const toml::node& node) {
  auto wanted = spec.default_value();
  if (const auto* flag = node.as_boolean(); flag && std::holds_alternative<bool>(wanted)) {
    return ConfigValue(flag->get());
  }
  if (const auto* number = node.as_integer(); number && std::holds_alternative<std::int64_t>(wanted)) {
    return ConfigValue(number->get());
  }
  if (const auto* text = node.as_string(); text && std::holds_alternative<std::string>(wanted)) {
    return ConfigValue(text->get());
  }
  if (const auto* array = node.as_array()) {
    if (std::holds_alternative<Texts>(wanted)) return read_texts(spec, *array);
    if (std::holds_alternative<std::vector<JwtKey>>(wanted)) return read_jwt_keys(spec, *array);
  }
  return wrong_type(spec, node);
}

/// What the parser says, without the pieces of the text that it quotes: they may be of a secret. Names of keys stay,
/// and so does what it expected.
std::string without_values(std::string_view description) {
  auto says = [&](std::string_view words) { return description.find(words) != std::string_view::npos; };
  if (says("cannot redefine") || says("cannot insert")) return base::printable(description);
  description = description.substr(0, description.find(", saw "));
  auto open = description.find('\'');
  auto close = description.rfind('\'');
  if (says("expected ") || open == close) return base::printable(description);
  return base::printable(fmt::format("{}it{}", description.substr(0, open), description.substr(close + 1)));
}

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const auto& section : config_sections()) names.emplace_back(section.name);
  for (const auto& table : config_tables()) names.emplace_back(table.name);
  return names;
}

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  TomlConfig read(std::string_view text) {
    auto parsed = toml::parse(text);
    if (!parsed) {
      const auto& error = parsed.error();
      refuse(error.source(), "",
             fmt::format("not TOML, column {}: {}", error.source().begin.column, without_values(error.description())));
    } else {
      for (auto&& [key, node] : parsed.table()) read_top_level(key, node);
    }
    // The parser hands keys out in the order of their names.
    std::stable_sort(errors_.begin(), errors_.end(), [](auto& a, auto& b) { return a.first < b.first; });
    for (auto& [line, error] : errors_) result_.errors.push_back(std::move(error));
    return std::move(result_);
  }

 private:
  std::string place(const toml::source_region& source, std::string_view what) const {
    auto line = fmt::format("{}:{}", name_, source.begin.line);
    return what.empty() ? line : fmt::format("{}: {}", line, what);
  }

  void refuse(const toml::source_region& source, std::string_view what, std::string_view why) {
    errors_.emplace_back(source.begin.line, fmt::format("{}: {}", place(source, what), why));
  }

  void read_top_level(const toml::key& key, const toml::node& node) {
    auto name = key.str();
    const auto& sections = config_sections();
    if (std::any_of(sections.begin(), sections.end(), [&](const auto& section) { return section.name == name; })) {
      return read_section(name, node, key.source());
    }
    for (const auto& table : config_tables()) {
      if (table.name == name) return refuse_table(table, node);
    }
    if (node.is_table() || node.is_array_of_tables()) {
      auto meant = base::nearest(name, section_names());
      auto hint = meant.empty() ? fmt::format("the sections are {}", fmt::join(section_names(), ", "))
                                : fmt::format("did you mean [{}]?", meant);
      return refuse(key.source(), fmt::format("[{}]", base::printable(name)), "unknown section; " + hint);
    }
    auto hint = elsewhere(name);
    if (hint.empty()) hint = "; every key belongs under a section, as in [server]";
    refuse(key.source(), base::printable(name), "key outside of a section" + hint);
  }

  void read_section(std::string_view section, const toml::node& node, const toml::source_region& source) {
    const auto* table = node.as_table();
    if (!table) {
      return refuse(source, fmt::format("[{}]", section),
                    fmt::format("this section is there once, with its keys on the lines below [{}]; found {}", section,
                                found_type(node)));
    }
    for (auto&& [key, value] : *table) {
      auto what = fmt::format("[{}] {}", section, base::printable(key.str()));
      const auto* spec = find_config_key(section, key.str());
      if (!spec) {
        refuse(key.source(), what, "unknown key" + hint_for(section, key.str()));
        continue;
      }
      auto read = read_value(*spec, value);
      if (read) read = check_config_value(*spec, std::move(*read));
      if (read) {
        result_.settings.push_back({spec, std::move(*read), place(key.source(), what)});
      } else {
        refuse(key.source(), what, read.error().what);
      }
    }
  }

  /// An empty list asks for nothing; anything else asks for a feature that does not exist.
  void refuse_table(const TableSpec& table, const toml::node& node) {
    auto what = fmt::format("[[{}]]", table.name);
    auto why = fmt::format("{} not yet supported; {}", table.not_yet.what, table.not_yet.mend);
    const auto* array = node.as_array();
    if (!array) return refuse(node.source(), what, why);
    for (const auto& element : *array) refuse(element.source(), what, why);
  }

  /// Where a key of this name does exist; empty when nowhere.
  static std::string elsewhere(std::string_view key) {
    for (const auto& spec : config_keys()) {
      if (spec.key == key) return fmt::format("; did you mean [{}] {}?", spec.section, spec.key);
    }
    return {};
  }

  static std::string hint_for(std::string_view section, std::string_view key) {
    std::vector<std::string> keys;
    for (const auto& spec : config_keys()) {
      if (spec.section == section) keys.emplace_back(spec.key);
    }
    if (auto hint = elsewhere(key); !hint.empty()) return hint;
    if (auto meant = base::nearest(key, keys); !meant.empty()) return fmt::format("; did you mean '{}'?", meant);
    return fmt::format("; the keys of [{}] are {}", section, fmt::join(keys, ", "));
  }

  std::string name_;
  std::vector<std::pair<toml::source_index, std::string>> errors_;  // with their lines
  TomlConfig result_;
};

}  // namespace

TomlConfig parse_config_toml(std::string_view text, std::string_view name) {
  return Reader(name).read(text);
}

}  // namespace holdfast::app
