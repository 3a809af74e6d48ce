// SPDX-License-Identifier: Apache-2.0
// Instructions as a JSON document, `application/grip-instruct` (`grip-http` §9.3).
#pragma once

#include <string_view>

#include <holdfast/instruct.h>
#include <holdfast/result.h>

namespace holdfast::grip {

/// Whether a Content-Type names a grip-instruct document: its media type, in any case; parameters do not matter.
bool is_instruct_type(std::string_view content_type);

/// Parses a document and adds it to what the headers of the same response said (JSON-6): channels and meta of both
/// hold, the document's mode, timeout and keep-alive win. `response` is always set in the result, and its status is
/// final: the document's code, else that of Grip-Status, else 200; where Grip-Status was given, `status` is made the
/// same. Headers of the response that are about framing or connections, and Grip-* ones, are left out.
///
/// Errors (status 502) name the member, e.g. `hold.channels[2].name is not a string`. Header names, header values and
/// reasons that could forge a response head are errors. The caller limits the size of `body`.
Result<Instruct> parse_instruct_document(std::string_view body, Instruct from_headers);

}  // namespace holdfast::grip
