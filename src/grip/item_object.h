// SPDX-License-Identifier: Apache-2.0
// Members of the objects that make up a publish item: typed access that words its errors as `publishing` §2.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/result.h>

#include "base/json_fwd.h"
#include "grip/publish_item.h"

namespace holdfast::grip {

/// Why something is refused, when it is.
using Problem = std::optional<Error>;

/// The error for items that cannot be published: status 400, since the publisher is at fault.
Error refused(std::string what);

/// Content of one format. What a tnetstring can carry is the limit in JSON too.
inline constexpr std::size_t kMaxContentBytes = 999'999'999;

struct Content {
  std::string bytes;
  bool is_binary = false;  ///< it came in the `-bin` member
};

/// One object and what errors call it: `publish item object`, or a format's name in quotes. Borrows both for its short
/// life. A member that is null counts as absent.
class ItemObject {
 public:
  /// `json` is an object.
  ItemObject(const base::Json& json, std::string_view label, ItemEncoding encoding)
      : json_(json), label_(label), encoding_(encoding) {}

  /// Null where there is no such member.
  const base::Json* find(const char* name) const;

  /// The read functions leave `value` empty where there is no such member.
  /// A string of valid UTF-8.
  Problem read_text(const char* name, std::optional<std::string>& value) const;
  /// What can be taken for a whole number: numbers lose their fraction, numeric strings and booleans count, since some
  /// libraries send them.
  Problem read_integer(const char* name, std::optional<std::int64_t>& value) const;
  /// The bytes of `bin_name`, which wins, or of `name`.
  Problem read_content(const char* name, const char* bin_name, std::optional<Content>& value) const;

  /// `<label> contains '<name>' with wrong type: <needed> is needed`
  Error wrong_type(std::string_view name, std::string_view needed) const;
  /// `<label> contains '<name>' with invalid value: <why>`
  Error invalid_value(std::string_view name, std::string_view why) const;
  /// `<label> does not contain <names>`
  Error missing(std::string_view names) const;
  /// `<label>: <what>`
  Error error(std::string_view what) const;

  std::string_view label() const { return label_; }

 private:
  const base::Json& json_;
  std::string_view label_;
  ItemEncoding encoding_;
};

}  // namespace holdfast::grip
