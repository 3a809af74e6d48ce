// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or why there is none. For everything that can be refused; never for bugs.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace holdfast {

/// Why something was refused: what is wrong, where, and how to mend it, in one line without a final full stop.
/// It may quote input, but never a secret.
struct Error {
  Error() = default;
  /// Error{"…"}, in braces only: from a string in parentheses an Error cannot be made, which is what lets a
  /// Result<std::string> tell a value from an error.
  Error(std::initializer_list<std::string> one) : what(*one.begin()) {}
  Error(std::string text, int http_status) : what(std::move(text)), status(http_status) {}

  std::string what;
  /// The HTTP status that tells a client about it; 0 where the caller knows better.
  int status = 0;
};

template <class T>
using Result = boost::system::result<T, Error>;

/// Called by Result::value() on an error. Code that can meet an error asks has_value() first, so this is a bug.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("unchecked result: " + error.what);
}

}  // namespace holdfast
