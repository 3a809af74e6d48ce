// SPDX-License-Identifier: Apache-2.0
// A client's request, copied out of the session's buffer: it may be sent to an origin more than once.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <holdfast/exchange.h>

namespace holdfast::proxy {

/// Two allocations: the text, and the table of fields.
class StoredRequest {
 public:
  explicit StoredRequest(const RequestView& request);

  std::string_view method() const { return method_; }
  std::string_view target() const { return target_; }
  std::string_view host() const { return host_; }
  Fields fields() const { return fields_; }
  bool over_tls() const { return over_tls_; }
  BodyKind body_kind() const { return body_kind_; }
  std::uint64_t body_size() const { return body_size_; }

  /// The value of the first field of this name, in any case, or an empty view.
  std::string_view field(std::string_view name) const;

  /// Whether the request may be sent again when it is not known what became of it (contract §7).
  bool retry_safe() const;

 private:
  std::unique_ptr<char[]> text_;
  std::vector<Field> fields_;
  std::string_view method_;
  std::string_view target_;
  std::string_view host_;
  std::uint64_t body_size_;
  BodyKind body_kind_;
  bool over_tls_;
};

}  // namespace holdfast::proxy
