// SPDX-License-Identifier: Apache-2.0
// The Grip-* headers of an origin's response: what the proxy is asked to do with the client (`grip-http` §9.2).
#pragma once

#include <string_view>

#include <holdfast/headers.h>
#include <holdfast/instruct.h>
#include <holdfast/result.h>

namespace holdfast::grip {

/// Whether a field's name begins with "Grip-", in any case. One such field makes a response carry instructions
/// (ACC-2), and none of them reaches the client.
bool is_instruct_header(std::string_view name);

/// Parses all Grip-* headers among the fields of a response; other fields and unknown Grip-* names are passed over.
/// A list may come as one field or as several. Of Grip-Hold, Grip-Timeout, Grip-Keep-Alive and Grip-Status the first
/// field counts. The first error found is reported with status 502, names the header and quotes the value. Nothing in
/// the result points into `fields`.
Result<Instruct> parse_instruct_headers(Fields fields);

}  // namespace holdfast::grip
