// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol: what was decided stays decided when more arrives, and no header ends behind the input.
#include <algorithm>
#include <iterator>
#include <optional>

#include "fuzz/fuzz.h"
#include "wire/proxy_protocol.h"

namespace holdfast::wire {
namespace {

using State = ProxyHeader::State;

void check_sense(const ProxyHeader& header, std::size_t available) {
  switch (header.state) {
    case State::incomplete: HF_ASSERT(available < kMaxProxyHeader); break;
    case State::absent: break;
    case State::complete:
      HF_ASSERT(header.size > 0 && header.size <= available && header.size <= kMaxProxyHeader);
      HF_ASSERT(!header.peer || header.peer->family == 4 || header.peer->family == 6);
      break;
    case State::bad: HF_ASSERT(*header.error); break;
  }
}

bool same(const std::optional<PeerAddress>& one, const std::optional<PeerAddress>& other) {
  if (!one || !other) return !one && !other;
  return one->family == other->family && std::equal(std::begin(one->bytes), std::end(one->bytes), other->bytes);
}

}  // namespace
}  // namespace holdfast::wire

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  auto whole = wire::parse_proxy_header(input);
  wire::check_sense(whole, input.size());
  for (std::size_t size = 0; size < input.size(); ++size) {
    fuzz::ExactCopy beginning(input.substr(0, size));
    auto part = wire::parse_proxy_header(beginning.view());
    wire::check_sense(part, size);
    if (part.state == wire::ProxyHeader::State::incomplete) continue;
    HF_ASSERT(part.state == whole.state && part.size == whole.size && wire::same(part.peer, whole.peer));
  }
}
