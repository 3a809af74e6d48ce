// SPDX-License-Identifier: Apache-2.0
#include "proxy/stored_request.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace holdfast::proxy {

StoredRequest::StoredRequest(const RequestView& request)
    : body_size_(request.body_size), body_kind_(request.body_kind), over_tls_(request.over_tls) {
  std::size_t size = request.method.size() + request.target.size() + request.host.size();
  for (const auto& field : request.fields) size += field.name.size() + field.value.size();
  text_.reset(new char[size]);
  char* at = text_.get();
  auto keep = [&at](std::string_view part) {
    std::string_view kept(at, part.size());
    at = std::copy(part.begin(), part.end(), at);
    return kept;
  };
  method_ = keep(request.method);
  target_ = keep(request.target);
  host_ = keep(request.host);
  fields_.reserve(request.fields.size());
  for (const auto& field : request.fields) {
    auto name = keep(field.name);
    fields_.push_back({name, keep(field.value)});
  }
}

std::string_view StoredRequest::field(std::string_view name) const {
  for (const auto& field : fields_) {
    if (base::iequals(field.name, name)) return field.value;
  }
  return {};
}

bool StoredRequest::retry_safe() const {
  static constexpr std::array<std::string_view, 6> kSafe{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "QUERY"};
  return std::find(kSafe.begin(), kSafe.end(), method_) != kSafe.end();
}

}  // namespace holdfast::proxy
