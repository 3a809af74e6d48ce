// SPDX-License-Identifier: Apache-2.0
// The documents that are made from the table of app/config_schema.h and kept in the tree. A unit test fails when
// they are older than the table.
#pragma once

#include <string>

namespace holdfast::app {

/// config/holdfast.toml: every key with its default, and what it means above it. Keys of features that do not exist yet
/// are commented out. grip.sig_key alone has another value than its default: an example to be replaced.
std::string default_config_text();

/// docs/configuration.md: for every key its default, its other names, when a change takes effect, and its limits.
std::string config_reference();

/// packaging/holdfast.toml.5: the same as a man page.
std::string config_man_page();

}  // namespace holdfast::app
