// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli_text.h"
#include "app/config_schema.h"

namespace holdfast::app {
namespace {

/// What may follow "--name"; empty: anything.
std::vector<std::string> choices_of(const std::string& name) {
  for (const auto& spec : config_keys()) {
    bool is_short_form = spec.section == "log" && name == fmt::format("log-{}", spec.key);
    if ("--" + name != flag_name(spec) && !is_short_form) continue;
    if (const auto* one_of = std::get_if<OneOf>(&spec.constraint)) return one_of->choices;
    if (std::holds_alternative<bool>(spec.default_value())) return {"true", "false"};
  }
  return {};
}

bool takes_file(const CLI::Option& option) {
  return option.get_type_name() == "FILE";
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

/// Dashes included.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> out;
  for (const auto& name : option.get_snames()) out.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.push_back("--" + name);
  return out;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands(std::function<bool(const CLI::App*)>{});
}

std::string bash_words(const CLI::App& command) {
  std::vector<std::string> words;
  for (const auto* option : command.get_options()) {
    for (auto& name : names_of(*option)) words.push_back(std::move(name));
  }
  return fmt::format("{}", fmt::join(words, " "));
}

/// For each option with a value that can be guessed: what does it.
std::map<std::string, std::string> bash_values(const CLI::App& app) {
  std::map<std::string, std::vector<std::string>> by_action;
  auto gather = [&](const CLI::App& command) {
    for (const auto* option : command.get_options()) {
      if (!takes_value(*option)) continue;
      for (const auto& name : option->get_lnames()) {
        if (takes_file(*option)) {
          by_action["-f"].push_back("--" + name);
        } else if (auto choices = choices_of(name); !choices.empty()) {
          by_action[fmt::format("-W '{}'", fmt::join(choices, " "))].push_back("--" + name);
        } else {
          by_action[""].push_back("--" + name);
        }
      }
      for (const auto& name : option->get_snames()) by_action[""].push_back("-" + name);
    }
  };
  gather(app);
  for (const auto* command : commands_of(app)) gather(*command);
  std::map<std::string, std::string> out;
  for (auto& [action, names] : by_action) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    out[action] = fmt::format("{}", fmt::join(names, " | "));
  }
  return out;
}

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// In single quotes, with what means something to _arguments escaped.
std::string zsh_text(const std::string& text) {
  auto out = replace_all(text, "\\", "\\\\");
  for (std::string_view special : {"[", "]", ":"}) out = replace_all(out, special, fmt::format("\\{}", special));
  return replace_all(out, "'", "'\\''");
}

std::string zsh_action(const CLI::Option& option) {
  if (!takes_value(option)) return {};
  std::string action;
  if (takes_file(option)) action = "_files";
  for (const auto& name : option.get_lnames()) {
    if (auto choices = choices_of(name); !choices.empty()) action = fmt::format("({})", fmt::join(choices, " "));
  }
  return fmt::format(":{}:{}", zsh_text(option.get_type_name()), action);
}

std::string zsh_options(const CLI::App& command) {
  std::string out;
  for (const auto* option : command.get_options()) {
    bool repeatable = option->get_items_expected_max() > 1;
    for (const auto& name : names_of(*option)) {
      bool joins = takes_value(*option) && name.starts_with("--");
      out += fmt::format("        '{}{}{}[{}]{}'\n", repeatable ? "*" : "", name, joins ? "=" : "",
                         zsh_text(option->get_description()), zsh_action(*option));
    }
  }
  return out;
}

/// Commands that take the same are told once.
std::vector<std::pair<std::string, std::string>> by_text(const CLI::App& app, std::string (*render)(const CLI::App&)) {
  std::vector<std::pair<std::string, std::string>> out;  // "serve|check" and what they take
  for (const auto* command : commands_of(app)) {
    auto text = render(*command);
    auto same = std::find_if(out.begin(), out.end(), [&](const auto& entry) { return entry.second == text; });
    if (same == out.end()) {
      out.emplace_back(command->get_name(), std::move(text));
    } else {
      same->first += "|" + command->get_name();
    }
  }
  return out;
}

constexpr std::string_view kHead = R"(# SPDX-License-Identifier: Apache-2.0
# Completion of holdfast(1). Made from the definition of the command line in src/app/cli.cc.
)";

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : commands_of(app)) names.push_back(command->get_name());
  auto out = fmt::format(R"({}
_holdfast() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} command= word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in {}) command=$word; break ;; esac
  done
  case $prev in
)",
                         kHead, fmt::join(names, " | "));
  for (const auto& [action, options] : bash_values(app)) {
    auto guess = action.empty() ? std::string("COMPREPLY=()")
                                : fmt::format("mapfile -t COMPREPLY < <(compgen {} -- \"$cur\")", action);
    if (action == "-f") guess += "; compopt -o filenames 2>/dev/null";
    out += fmt::format("    {})\n      {}\n      return ;;\n", options, guess);
  }
  out += "  esac\n  case $command in\n";
  out += fmt::format("    '') words='{} {}' ;;\n", fmt::join(names, " "), bash_words(app));
  for (const auto& [commands, words] : by_text(app, bash_words)) {
    out += fmt::format("    {}) words='{}' ;;\n", replace_all(commands, "|", " | "), words);
  }
  out += R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _holdfast holdfast
)";
  return out;
}

std::string zsh_completion(const CLI::App& app) {
  auto out =
      fmt::format("#compdef holdfast\n{}\n_holdfast() {{\n  local context state line curcontext=$curcontext\n", kHead);
  out += "  local -a commands=(\n";
  for (const auto* command : commands_of(app)) {
    out += fmt::format("    '{}:{}'\n", command->get_name(), zsh_text(command->get_description()));
  }
  out += fmt::format(
      "  )\n  local -a options=(\n{}  )\n"
      "  _arguments -C $options '1:command:->command' '*::argument:->argument'\n"
      "  case $state in\n    command) _describe command commands ;;\n    argument)\n      case $line[1] in\n",
      replace_all(zsh_options(app), "        ", "    "));
  for (const auto& [commands, options] : by_text(app, zsh_options)) {
    out += fmt::format(
        "        {})\n          options=(\n{}          )\n          _arguments $options '*:argument:_files' ;;\n",
        commands, replace_all(options, "        ", "            "));
  }
  out += "      esac ;;\n  esac\n}\n\n_holdfast \"$@\"\n";
  return out;
}

}  // namespace holdfast::app
