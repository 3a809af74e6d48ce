// SPDX-License-Identifier: Apache-2.0
// Authorization fields and JWTs: nobody is let in by chance, and what a key has signed may hold anything.
#include <algorithm>
#include <array>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.h"
#include "front/credentials.h"
#include "fuzz/fuzz.h"

namespace holdfast::front {
namespace {

constexpr std::string_view kToken = "a-token";
constexpr std::string_view kSecret = "secret";
constexpr std::int64_t kNow = 1'700'000'000;

std::string encode_part(std::string_view bytes) {
  auto text = base::encode_base64(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string hmac(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), kSecret.data(), static_cast<int>(kSecret.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
  return {digest.data(), digest.data() + size};
}

/// Whether a field that was let in has a good reason for that.
bool is_justified(std::string_view value) {
  auto text = base::trim(value.substr(value.find(' ')));
  if (text == kToken) return true;
  if (auto dot = text.rfind('.'); dot != std::string_view::npos) {
    return base::decode_base64(text.substr(dot + 1)) == hmac(text.substr(0, dot));
  }
  if (text.starts_with("b'")) text = text.substr(2, text.size() - 3);
  return base::decode_base64(text).ends_with(":" + std::string(kToken));
}

void check_field(const Credentials& credentials, std::string_view input) {
  const Field field{"Authorization", base::trim(input)};
  auto checked = credentials.check({&field, 1}, kNow);
  HF_ASSERT(!checked || is_justified(field.value));
  const Field fastly{"Fastly-Key", field.value};
  HF_ASSERT(credentials.check({&fastly, 1}, kNow).has_value() == (field.value == kToken));
}

/// The input as header and claims, split at its first line end, under a good signature.
void check_signed(const base::VerifyKey& key, std::string_view input) {
  auto end = std::min(input.find('\n'), input.size());
  auto claims = end < input.size() ? input.substr(end + 1) : input;
  for (auto header : {input.substr(0, end), std::string_view(R"({"alg":"HS256"})")}) {
    auto token = encode_part(header) + "." + encode_part(claims);
    token += "." + encode_part(hmac(token));
    auto verdict = key.verify(token, kNow);
    HF_ASSERT(verdict.issuer.size() <= 3 * claims.size());
    token.pop_back();
    HF_ASSERT(key.verify(token, kNow).status != base::JwtStatus::good);
  }
}

}  // namespace
}  // namespace holdfast::front

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  static const auto key = *base::VerifyKey::parse(front::kSecret, ".");
  static const front::Credentials credentials({std::string(front::kToken)}, {{"me", key}});
  front::check_field(credentials, input);
  front::check_signed(key, input);
}
