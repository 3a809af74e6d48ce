// SPDX-License-Identifier: Apache-2.0
#include "base/cause.h"

namespace holdfast::base {

const char* to_text(Cause cause) {
  switch (cause) {
    case Cause::none: return "";
    case Cause::dns: return "dns";
    case Cause::dns_timeout: return "dns-timeout";
    case Cause::connect: return "connect";
    case Cause::connect_timeout: return "connect-timeout";
    case Cause::tls: return "tls";
    case Cause::tls_timeout: return "tls-timeout";
    case Cause::write: return "write";
    case Cause::write_timeout: return "write-timeout";
    case Cause::header: return "header";
    case Cause::header_timeout: return "header-timeout";
    case Cause::body: return "body";
    case Cause::body_timeout: return "body-timeout";
    case Cause::grip: return "grip";
    case Cause::route: return "route";
    case Cause::unsupported: return "unsupported";
    case Cause::request: return "request";
    case Cause::request_timeout: return "request-timeout";
    case Cause::limit: return "limit";
  }
  return "unknown";
}

}  // namespace holdfast::base
