// SPDX-License-Identifier: Apache-2.0
// What holds for all instructions that were accepted from an origin, whichever way they came.
#pragma once

#include <holdfast/instruct.h>
#include <holdfast/result.h>

namespace holdfast::fuzz {

void check_instruct(const Result<Instruct>& instruct);

}  // namespace holdfast::fuzz
